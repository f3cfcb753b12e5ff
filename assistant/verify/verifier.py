"""The verifier: every sentence of an answer gets its verdict before it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from assistant.findings.archive_counts import parse_archive_count
from assistant.findings.counting import parse_count
from assistant.findings.mentions import read_sentence
from assistant.findings.sentences import sentences
from assistant.ingest.signal.machine import is_line_by_line
from assistant.records import About, Claim, Evidence, Judgement, SignalPlace, Statement, ValuePlace
from assistant.settings import VerifySettings
from assistant.verify.about import ALLOWED, derive_about, is_general_quotation
from assistant.verify.claims import split_claims, without_source
from assistant.verify.evidence import quotable, read_evidence, stands_in
from assistant.verify.judge import check
from assistant.verify.recount import CountsArchive, recount, recount_archive, study_of
from assistant.verify.wording import missing_numbers, read_wording
from assistant.wording import joined, worded

_QUOTE = re.compile(r"“([^“”]+)”")
_SAYS_NOTHING = re.compile(r"\W*$")

if TYPE_CHECKING:
    from assistant.verify.entail import EntailmentModel

Judge = Callable[[str, Sequence[str]], Judgement]  # `check`, with its entailment model if it has one


class Verifier:
    """Judges statements against the evidence that was given to whoever wrote them."""

    def __init__(self, settings: VerifySettings | None = None, entailment: EntailmentModel | None = None) -> None:
        """`entailment` (`open_entailment`) is asked about general prose beside the rules."""
        self.settings = settings or VerifySettings()
        self._check: Judge = partial(check, entailment=entailment, supported_from=self.settings.prose_supported_from)

    def verify(
        self, statement: Statement, evidence: Mapping[str, Evidence], count: CountsArchive | None = None
    ) -> list[Claim]:
        """The claims of `statement`, each with its verdict, its error kind and the citations that carry it.

        `evidence` is what was given to the writer, by id. A citation that does not exist is dropped and named in
        `why`; one that does not carry the claim is replaced by evidence that does, if there is any. A claim about
        the patient is supported by `own` evidence only. `count` counts again in the archive, for a sentence that
        counts there. With the setting `unsupported = "remove"` only supported claims are returned.
        """
        told = parse_archive_count(statement.text)
        known = tuple(dict.fromkeys(c for c in statement.citations if c in evidence))
        missing = [c for c in statement.citations if c not in evidence]
        cited = [evidence[c] for c in known]
        about = derive_about(statement, cited, tuple(evidence.values()))
        note = worded("(citation {ids} does not exist)", ids=", ".join(missing)) if missing else ""
        judge = _remembering(self._check)
        if told is not None:
            judged = [_claim(statement.text.strip(), about, recount_archive(told, count), known)]
        elif is_general_quotation(statement, cited):  # word for word: there is nothing to cut or to count
            judged = [_judge_claim(judge, " ".join(statement.text.split()), about, cited, evidence)]
        elif _is_of_own_text(statement, cited):  # half of it may read otherwise than the whole, or than another line
            judged = [_judge(judge, " ".join(statement.text.split()), about, cited, evidence)]
        else:
            texts = split_claims(statement.text) or [statement.text]
            judged = [_judge(judge, text, about, cited, evidence) for text in texts]
        claims = [replace(claim, why=joined([claim.why, note], " "), written=statement.citations) for claim in judged]
        if self.settings.unsupported == "remove":
            return [claim for claim in claims if claim.verdict == "supported"]
        return claims


def _is_of_own_text(statement: Statement, cited: Sequence[Evidence]) -> bool:
    """Whether a statement is a sentence of a text of the patient's own, as it stands there."""
    own = tuple(piece.text for piece in cited if piece.relation == "own" and piece.kind == "text")
    text = without_source(statement.text)[0]
    return bool(own) and len(sentences(text)) == 1 and stands_in(text, read_evidence(own))


def _judge(judge: Judge, text: str, about: About, cited: Sequence[Evidence], evidence: Mapping[str, Evidence]) -> Claim:
    bare, source = without_source(text)
    if source:  # as if that upload were the only one
        of_it = {id: alone for id, piece in evidence.items() if (alone := _of_source(piece, source)) is not None}
        claim = _judge(judge, bare, about, [of_it[piece.id] for piece in cited if piece.id in of_it], of_it)
        return replace(claim, text=text)
    count = parse_count(text)
    if count is not None:
        judgement, ids = recount(count, cited, evidence)
        return _claim(text, "similar", judgement, ids)
    if _QUOTE.search(text):
        return _judge_quotation(judge, text, about, cited, evidence)
    return _judge_claim(judge, text, about, cited, evidence)


def _of_source(piece: Evidence, source: str) -> Evidence | None:
    """A piece as it reads without its source, None if it names another one; a text names none."""
    bare, of = without_source(piece.text)
    return replace(piece, text=bare) if of in ("", source) else None


def _remembering(judge: Judge) -> Judge:
    """The judge, asked once for each claim and evidence: a claim is held against the same piece for several reasons."""
    known: dict[tuple[str, tuple[str, ...]], Judgement] = {}

    def remembering(text: str, said: Sequence[str]) -> Judgement:
        key = (text, tuple(said))
        if key not in known:
            known[key] = judge(text, said)
        return known[key]

    return remembering


def _claim(text: str, about: About, judgement: Judgement, citations: Sequence[str]) -> Claim:
    return Claim(text, about, judgement.verdict, judgement.error_kind, tuple(citations), judgement.score, judgement.why)


def spoken(evidence: Evidence) -> list[str]:
    """What a piece of evidence says in words: its text, its measured value, its labels; and the dates of the columns
    or of the examination that it stands under."""
    said = [evidence.text] if evidence.text and not evidence.text.isspace() else []
    if said and evidence.section and re.search(r"\d[./-]\d", evidence.section):
        said.append(evidence.section)
    if isinstance(evidence.place, ValuePlace):
        place = evidence.place
        name = re.sub(r"_(?:bpm|ms|deg|mv|s|hz)$", "", place.name).replace("_", " ")
        said.append(f"{name} {place.value:g} {place.unit}")
    said.extend(re.sub(r"[/|;]", ", ", value) for value in evidence.labels.values() if value)
    return said


def _judge_claim(
    judge: Judge, text: str, about: About, cited: Sequence[Evidence], evidence: Mapping[str, Evidence]
) -> Claim:
    allowed = [e for e in cited if e.relation in ALLOWED[about]]
    judgement = judge(text, [said for e in allowed for said in spoken(e)])
    if judgement.verdict == "supported":
        carriers = [e.id for e in allowed if judge(text, spoken(e)).verdict == "supported"]
        if about == "patient":
            against, note = _contradicting(judge, text, allowed, evidence)
            if against is not None:
                return _claim(text, about, *against)
            judgement = replace(judgement, why=joined([judgement.why, note]))
        return _claim(text, about, judgement, carriers or [e.id for e in allowed])
    if judgement.verdict == "contradicted" and about == "patient":
        return _claim(text, about, judgement, [e.id for e in allowed])
    repaired = _carrier(judge, text, ALLOWED[about], evidence, {e.id for e in allowed})
    if repaired is not None:
        found, better = repaired
        return _claim(text, about, replace(better, why=worded("citation repaired: {why}", why=better.why)), [found.id])
    if about == "patient" and (refuted := _refuted(judge, text, allowed, evidence)) is not None:
        return _claim(text, about, *refuted)
    return _unsupported(judge, text, about, judgement, cited, allowed, evidence)


def _refuted(
    judge: Judge, text: str, allowed: Sequence[Evidence], evidence: Mapping[str, Evidence]
) -> tuple[Judgement, list[str]] | None:
    """What speaks against a claim about the patient that nothing carries, and the ids of all that does.

    What was measured on the patient's own recording does so whatever the claim cites; a text of theirs where the claim
    cites that study, or nothing of the patient's own: then a text of the latest study that was given.
    """
    cited = {study_of(piece) for piece in allowed}
    own = [piece for piece in evidence.values() if piece.relation == "own"]
    latest = max((piece.taken_at for piece in own if piece.taken_at is not None), default=None)
    against: list[tuple[bool, Judgement, str]] = []
    for piece in own:
        told = not isinstance(piece.place, ValuePlace | SignalPlace)
        earlier = piece.taken_at is not None and piece.taken_at != latest
        if told and (study_of(piece) not in cited if cited else earlier):
            continue
        judgement = judge(text, spoken(piece))
        if judgement.verdict == "contradicted":
            against.append((told, judgement, piece.id))
    if not against:
        return None
    _, judgement, _ = min(against, key=lambda found: (found[0], found[1].score))
    return judgement, [id for _, found, id in against if found.error_kind == judgement.error_kind]


def _unsupported(
    judge: Judge,
    text: str,
    about: About,
    judgement: Judgement,
    cited: Sequence[Evidence],
    allowed: Sequence[Evidence],
    evidence: Mapping[str, Evidence],
) -> Claim:
    """A claim that nothing allowed carries, with the reason that a reader can act on."""
    ids = [e.id for e in cited]
    if judgement.verdict == "contradicted":
        return _claim(text, about, judgement, [e.id for e in allowed])
    if about == "patient":
        others = [e for e in evidence.values() if e.relation != "own"]
        elsewhere = [e for e in cited if e.relation != "own"] or others
        if any(judge(text, spoken(e)).verdict == "supported" for e in elsewhere):
            why = "only other patients' studies or general sources say it"
            return _claim(text, about, Judgement("unsupported", min(judgement.score, 0.3), "patient", why), ids)
        own = [e for e in evidence.values() if e.relation == "own"]
        if own and not any(spoken(e) for e in own):
            why = "only the picture itself could settle it"
            return _claim(text, about, Judgement("unsupported", 0.1, "unverifiable", why), ids)
    if cited and not any(spoken(e) for e in cited):
        return _claim(
            text, about, Judgement("unsupported", 0.1, "unverifiable", "the cited evidence says nothing in words"), ids
        )
    if not cited:
        if about == "patient" and (near := _near_its_limit(judge, text, evidence)) is not None:
            return _claim(text, about, *near)
        kind = judgement.error_kind if judgement.error_kind not in (None, "unverifiable") else "fabrication"
        return _claim(text, about, Judgement("unsupported", judgement.score, kind, "no evidence carries it"), ids)
    if not allowed:
        why = worded(
            "what it cites can't support a claim about {about}",
            about="similar studies" if about == "similar" else "this",
        )
        return _claim(text, about, Judgement("unsupported", judgement.score, "fabrication", why), ids)
    return _claim(text, about, judgement, ids)


def _near_its_limit(judge: Judge, text: str, evidence: Mapping[str, Evidence]) -> tuple[Judgement, list[str]] | None:
    """A value measured on the patient's own recording that bears on a finding and does not settle it, which a reader
    is told instead of that nothing speaks of it; a claim that states a number itself is held against numbers alone."""
    if read_wording(text).quantities:
        return None
    for piece in evidence.values():
        if piece.relation == "own" and isinstance(piece.place, ValuePlace):
            judgement = judge(text, spoken(piece))
            if judgement.verdict == "unsupported" and judgement.error_kind == "number":
                return judgement, [piece.id]
    return None


def _carrier(
    judge: Judge, text: str, relations: frozenset[str], evidence: Mapping[str, Evidence], tried: set[str]
) -> tuple[Evidence, Judgement] | None:
    """The evidence that carries a claim best, among that given and not yet tried."""
    best: tuple[Evidence, Judgement] | None = None
    for piece in evidence.values():
        if piece.id in tried or piece.relation not in relations:
            continue
        judgement = judge(text, spoken(piece))
        if judgement.verdict == "supported" and (best is None or judgement.score > best[1].score):
            best = piece, judgement
    return best


def _contradicting(
    judge: Judge, text: str, allowed: Sequence[Evidence], evidence: Mapping[str, Evidence]
) -> tuple[tuple[Judgement, list[str]] | None, str]:
    """Own evidence of the same study that says otherwise; or, beside a measured value, a note of other numbers."""
    studies = {study_of(e) for e in allowed}
    measured = any(_is_measured(text, e) for e in allowed)
    told = any(_is_told(text, e) for e in allowed)
    others: list[str] = []
    for piece in evidence.values():
        if piece.relation != "own" or study_of(piece) not in studies:
            continue
        if told and _of_recording(piece):
            continue  # what is measured does not contradict itself, and two recordings of a study have each their rate
        judgement = judge(text, spoken(piece))
        if judgement.verdict != "contradicted":
            continue
        if measured and judgement.error_kind == "number" and piece.kind == "text":
            others.extend(_other_numbers(text, piece))
            continue
        why = worded("supported by one piece of evidence and contradicted by another: {why}", why=judgement.why)
        return (replace(judgement, why=why), [*(e.id for e in allowed), piece.id]), ""
    return None, joined(dict.fromkeys(others))


def _is_measured(text: str, piece: Evidence) -> bool:
    """Whether the claim is, word for word, a number that was measured on the patient's own recording."""
    return bool(read_wording(text).quantities) and _is_told(text, piece)


def _is_told(text: str, piece: Evidence) -> bool:
    """Whether the claim is, word for word, what is told of the patient's own recording."""
    return _of_recording(piece) and stands_in(text, read_evidence(tuple(spoken(piece))))


def _of_recording(piece: Evidence) -> bool:
    return piece.relation == "own" and isinstance(piece.place, ValuePlace | SignalPlace)


def _other_numbers(text: str, piece: Evidence) -> list[str]:
    """What another piece states instead of the claim's numbers, as a reader is told."""
    of_recorder = piece.modality in ("ECG", "SR")
    told = "the recorder's own statement says {said}" if of_recorder else "a text of the same study says {said}"
    stated = read_evidence(tuple(spoken(piece))).quantities
    missing = missing_numbers(read_wording(text), stated)
    return [worded(told, said=instead.text) for _, instead in missing if instead is not None]


def _judge_quotation(
    judge: Judge, text: str, about: About, cited: Sequence[Evidence], evidence: Mapping[str, Evidence]
) -> Claim:
    """Every quotation must stand, whole sentences of it, in cited evidence of the right relation."""
    relations = ALLOWED[about] if about != "general" else frozenset({"knowledge", "own"})
    carriers: list[str] = []
    repaired = False
    for quote in _QUOTE.findall(text):
        found = _quoted_in(judge, quote, [e for e in cited if e.relation in relations])
        if found is None:
            found = _quoted_in(judge, quote, [e for e in evidence.values() if e.relation in relations])
            repaired = found is not None
        if found is None:
            elsewhere = _quoted_in(judge, quote, list(evidence.values()))
            if elsewhere is not None and about == "patient":
                why = "the quotation is not from this patient's own evidence"
                return _claim(text, about, Judgement("unsupported", 0.2, "patient", why), [elsewhere.id])
            why = worded("not in the cited evidence word for word: “{quote}”", quote=quote[:120])
            return _claim(text, about, Judgement("unsupported", 0.1, "fabrication", why), [e.id for e in cited])
        carriers.append(found.id)
    outside = _QUOTE.sub(" ", _without_heading(text, [evidence[c] for c in carriers]))
    if read_sentence(outside).mentions:
        beside = _judge_claim(judge, outside, about, [evidence[c] for c in carriers], evidence)
        if beside.verdict != "supported":
            return replace(beside, text=text)
    why = "quoted word for word (citation repaired)" if repaired else "quoted word for word"
    return _claim(text, about, Judgement("supported", 1.0, None, why), list(dict.fromkeys(carriers)))


def _without_heading(text: str, carriers: Sequence[Evidence]) -> str:
    """A quotation without the heading before it under which it stands there: "Allergies: “…”" states no allergy."""
    label, colon, rest = text.partition(": “")
    known = {quotable(piece.section or "") for piece in carriers}
    known |= {quotable(line.partition(":")[0]) for piece in carriers for line in piece.text.splitlines()}
    return f"“{rest}" if colon and quotable(label) in known else text


def _quoted_in(judge: Judge, quote: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The evidence in which the quotation stands without a change of sense ("effusion" out of "no effusion")."""
    wanted = quotable(quote.replace("…", " "))
    if _SAYS_NOTHING.match(wanted):
        return None
    for piece in evidence:
        for said in spoken(piece):
            if f" {wanted} " not in f" {re.sub(r'[.;:,]+ ', ' ', quotable(said) + ' ')} " and wanted not in quotable(
                said
            ):
                continue
            whole = [quotable(sentence) for sentence in sentences(said)]
            if is_line_by_line(piece.title):
                whole += map(quotable, said.splitlines())
            if all(quotable(part) in whole for part in sentences(quote)) or judge(quote, [said]).verdict == "supported":
                return piece
    return None
