"""A question that asks how many, or which, of the archive's studies show a finding: counted over all of them, with some
of those counted beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.records import About, Evidence, SearchResult, Statement
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.findings.archive_counts import ArchiveCount
    from assistant.findings.wanted import WantedFinding
    from assistant.retrieve.census import Census
    from assistant.retrieve.query import Query
    from assistant.settings import Settings
    from assistant.store.index import OpenIndex

CITED, LOOKED_AT = 3, 100  # studies that stand beside a count, and pieces that are looked at for those that deny
_NOTICE = (
    "Counted over the whole archive by what was read in each text when it was indexed, which is not always read "
    "rightly; “no acute abnormality” is no statement on a finding by itself. Search for the finding “{finding}” to see "
    "the studies."
)


@dataclass(frozen=True)
class Counting:
    """What is counted for a question, most to the point first, and the census that counts it again."""

    census: Census
    counts: tuple[ArchiveCount, ...]

    @property
    def notice(self) -> str:
        """What a reader must know of how it was counted, and how it can be looked at."""
        first = self.counts[0]
        finding = f"no {first.finding}" if first.verb == "state that there is no" else first.finding
        return worded(_NOTICE, finding=finding.split(" and ")[0])

    def queries(self, query: Query) -> list[Query]:
        """The question's query for studies that are counted first, and one for some that deny it, if these are counted
        beside it."""
        first, *beside = self.counts
        queries = [replace(query, findings=(*query.findings, *first.wanted)) if _of_texts(first) else query]
        for count in filter(_of_texts, beside):
            queries.append(
                replace(query, text=f"no {count.finding}", findings=(*query.findings, *count.wanted), k=LOOKED_AT)
            )
        return queries

    def shown(self, found: Sequence[SearchResult]) -> SearchResult:
        """What was found for the queries as one; the texts that state what is counted are kept."""
        first, *beside = found
        evidence = {piece.id: _kept(piece) if self._is_counted(piece) else piece for piece in first.evidence}
        for result, count in zip(beside, filter(_of_texts, self.counts[1:]), strict=True):
            denying = [piece for piece in result.evidence if _states(piece, count.wanted)]
            evidence |= {piece.id: _kept(piece) for piece in denying[:CITED]}
        return replace(first, evidence=tuple(evidence.values()), abstained=False, reason="")

    def _is_counted(self, piece: Evidence) -> bool:
        return any(_states(piece, count.wanted) for count in self.counts)

    def statements(self, evidence: Sequence[Evidence]) -> list[Statement]:
        """The counting sentences, each with a few of the studies that it counts."""
        from assistant.findings.archive_counts import CHOSEN_PATIENT, state_archive_count

        about: About = "patient" if CHOSEN_PATIENT in self.census.scope else "similar"
        told = []
        for count in self.counts:
            stating = {p.counted_as: p.id for p in reversed(evidence) if _states(p, count.wanted)}
            cited = tuple(piece.id for piece in evidence if stating.get(piece.counted_as) == piece.id)[:CITED]
            told.append(Statement(state_archive_count(count), cited if count.n else (), about))
        return told


def counted_for(indexes: Sequence[OpenIndex], query: Query, settings: Settings) -> Counting | None:
    """What a question asks to be counted over all that its query may see; None where it asks for nothing of the kind,
    or where nothing can be counted."""
    from assistant.retrieve.census import asked_of_archive, census_of
    from assistant.retrieve.question import names_a_patient, read_question

    asked = asked_of_archive(query.text)
    if asked is None or (names_a_patient(query.text) and not (query.patient or query.uploads)):
        return None
    census = census_of(indexes, query, read_question(query.text).modalities, settings)
    first = census.count(asked.finding, asked.verb, asked.unit)
    counts = [first] if first else []
    if first and first.n and not asked.denied and len(asked.wanted) == 1:
        denied = census.count(asked.finding, "state that there is no", asked.unit)
        counts += [denied] if denied and denied.n else []
    if not asked.denied:
        labelled = census.count(asked.finding, "are labelled", "patients" if asked.unit == "patients" else "studies")
        counts += [labelled] if labelled and (labelled.n or not counts) else []
    return Counting(census, tuple(counts)) if counts else None


def _of_texts(count: ArchiveCount) -> bool:
    return count.verb != "are labelled"


def _kept(piece: Evidence) -> Evidence:
    return piece if piece.kept else replace(piece, kept=True, why=joined(["states what is counted", piece.why]))


def _states(piece: Evidence, wanted: Sequence[WantedFinding]) -> bool:
    """Whether a text of the archive states all these findings, or a picture or signal is labelled so."""
    from assistant.findings import extract_findings

    if piece.relation == "knowledge" or piece.copy_of is not None:
        return False
    text = piece.text if piece.kind == "text" else "; ".join(piece.labels.values()).replace("_", " ")
    stated = extract_findings(text)
    return bool(wanted) and all(any(map(one.fits, stated)) for one in wanted)
