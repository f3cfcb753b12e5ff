"""The retriever: route a query, search, join through the study, select."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from assistant.records import KINDS, Kind, SearchResult
from assistant.retrieve.agree import FIRST, agreeing, looked_for
from assistant.retrieve.chance import with_chances
from assistant.retrieve.chosen import of_chosen
from assistant.retrieve.composed import Wish
from assistant.retrieve.copies import copies_of
from assistant.retrieve.expand import expand, for_meaning
from assistant.retrieve.history import history
from assistant.retrieve.joint import search_joint, with_joint
from assistant.retrieve.likeness import encode_uploads, joined_by_rank, search_likeness
from assistant.retrieve.own import own_passages
from assistant.retrieve.query import Query
from assistant.retrieve.rank import BLOCK, Hit, encode, encoder_of, rank_text
from assistant.retrieve.rerank import open_reranker
from assistant.retrieve.route import Route, route
from assistant.retrieve.select import select
from assistant.retrieve.wall import filters_of, own_of, whose_is_unclear
from assistant.retrieve.weigh import order_told, preferred
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.rows import StoredPassage, StoredRecord
from assistant.wording import worded

LIKENESS: tuple[Kind, ...] = ("image", "signal")
_PASSAGES_A_RESULT = 3
NOTHING_OPEN = (
    "No archive is open to you here: none is built yet, or none is released to you. Only uploads can be asked about."
)
REPORTS_PER_STUDY = 2  # passages of a similar study's report that come along with its picture or signal


class Retriever:
    """Searches one or several open indexes."""

    def __init__(self, indexes: Sequence[OpenIndex], settings: Settings) -> None:
        self._indexes = list(indexes)
        self._settings = settings

    def search(self, queries: Sequence[Query]) -> list[SearchResult]:
        """One result for each query. Queries are encoded and searched together."""
        if (wider := self._wide_enough(queries)) is not None:
            return wider.search(queries)
        started = time.perf_counter()
        available = [kind for kind in KINDS if any(index.vectors(kind) is not None for index in self._indexes)]
        routes = [route(query, available) for query in queries]
        encoding = _Stopwatch()
        with encoding:  # of uploads, all together, and of those whose copies are left out
            self._encode_uploads(queries)
            filters = [filters_of(self._indexes, query, self._settings) for query in queries]
            copies = [copies_of(self._indexes, query, self._settings) for query in queries]
        likeness = {kind: self._likeness(kind, queries, routes, filters, encoding) for kind in LIKENESS}
        texts = self._texts(queries, routes, filters, encoding)
        with encoding:
            joint = search_joint(self._indexes, self._worded(queries, routes), filters, self._settings)
        results = []
        shared = (time.perf_counter() - started) * 1000 / max(len(queries), 1)
        for n, query in enumerate(queries):
            began = time.perf_counter()
            walls = {index.name: filter_ for index, filter_ in zip(self._indexes, filters[n], strict=True)}
            alike = joined_by_rank([(likeness[kind].get(n, []), 1.0) for kind in LIKENESS])
            hits = self._joined(query, alike, walls)
            owned = {i.name: o for i, o in zip(self._indexes, own_of(self._indexes, query), strict=True)}
            looked = looked_for(query, routes[n].question) if n in texts else ()
            ranked = with_chances(routes[n].question.subject, texts.get(n, []))
            ranked = preferred(ranked, routes[n], FIRST if looked else max(BLOCK, query.k))
            ranked = agreeing(ranked, looked, walls, owned)
            ranked = of_chosen(query, routes[n].question, ranked, owned, self._settings.retrieve)
            found: Iterable[Hit] = self._of_kinds(query, ranked, walls)
            if n in joint:
                found = with_joint(list(found), self._joined(query, joint[n], walls), self._settings.retrieve)
            own = own_passages(query, self._settings) if routes[n].own_text else []
            words = routes[n].words
            if "text" in routes[n].kinds and (called := expand(routes[n].question.subject).told):
                words = (*words, worded("text: also searched for {called}", called="; ".join(called)))
            if alike and (wish := Wish.of(query.text)):
                words = (*words, wish.told)
            if n in joint:
                words = (*words, "image: also sought by the words themselves, in the encoder's joint space")
            if routes[n].history:
                earlier, told = history(self._indexes, filters[n], list(owned.values()), query, self._settings.retrieve)
                room = max(query.k // 2, 1) if routes[n].kinds else query.k  # the rest of the list is for the search
                own, words = [*own, *earlier[:room]], (*words, told)
            if routes[n].kinds:
                of_chosen_ones = n in texts and not query.leave_out_own
                in_turns = bool(hits) and n in texts
                words = (
                    order_told(
                        own=bool(own),
                        patient=of_chosen_ones and bool(query.patient),
                        studies=of_chosen_ones and bool(query.studies),
                        agreeing=bool(looked),
                        in_turns=in_turns,
                    ),
                    *words,
                )
            turns = routes[n].turns
            evidence, abstained, reason = select(
                query, own, hits, found, owned, copies[n], turns, self._settings.retrieve
            )
            if unclear := whose_is_unclear(self._indexes, query):
                evidence, abstained, reason = (), True, unclear
            elif abstained and not (self._indexes or query.uploads):
                reason = NOTHING_OPEN
            timing = {
                "encode": encoding.seconds * 1000 / max(len(queries), 1),
                "search": shared - encoding.seconds * 1000 / max(len(queries), 1),
                "select": (time.perf_counter() - began) * 1000,
            }
            results.append(SearchResult(query.text, words, evidence, abstained, reason, timing))
        return results

    def _wide_enough(self, queries: Sequence[Query]) -> Retriever | None:
        """A retriever that looks at more candidates, where more results are asked for than could come of them: several
        passages of a text and copies are one."""
        most = max((query.k for query in queries), default=0)
        if most <= self._settings.retrieve.candidates:
            return None
        retrieve = self._settings.retrieve.model_copy(update={"candidates": _PASSAGES_A_RESULT * most})
        return Retriever(self._indexes, self._settings.model_copy(update={"retrieve": retrieve}))

    # --- searching -----------------------------------------------------------------------------------

    def _encode_uploads(self, queries: Sequence[Query]) -> None:
        """Pictures and signals that are to be compared with the archive's, in batches over all queries."""
        for kind in LIKENESS:
            asked = [query for query in queries if query.uploads_of(kind)]
            there = [index for index in self._indexes if index.vectors(kind) is not None]
            for encoder in {encoder_of(index, kind, self._settings.embed) for index in there}:
                encode_uploads(asked, kind, encoder)

    def _likeness(
        self,
        kind: Kind,
        queries: Sequence[Query],
        routes: Sequence[Route],
        filters: Sequence[list[Filter]],
        watch: _Stopwatch,
    ) -> dict[int, list[Hit]]:
        asked = {n: query for n, query in enumerate(queries) if kind in routes[n].kinds and query.uploads_of(kind)}
        if not asked:
            return {}
        with watch:
            for encoder in {
                encoder_of(i, kind, self._settings.embed) for i in self._indexes if i.vectors(kind) is not None
            }:
                encode_uploads(list(asked.values()), kind, encoder)
        return search_likeness(self._indexes, kind, asked, filters, self._settings)

    def _worded(self, queries: Sequence[Query], routes: Sequence[Route]) -> dict[int, str]:
        """The texts that pictures can be sought by: of queries that go to the text index and bring no picture."""
        wanted = {n for n, r in enumerate(routes) if "text" in r.kinds and "image" not in r.kinds}
        return {n: queries[n].text for n in sorted(wanted) if not queries[n].kinds or "image" in queries[n].kinds}

    def _texts(
        self, queries: Sequence[Query], routes: Sequence[Route], filters: Sequence[list[Filter]], watch: _Stopwatch
    ) -> dict[int, Iterable[Hit]]:
        asked = [n for n, r in enumerate(routes) if "text" in r.kinds]
        if not asked:
            return {}
        settings = self._settings.retrieve
        texts = [routes[n].question.subject for n in asked]
        indexes = [(i, index) for i, index in enumerate(self._indexes) if index.vectors("text") is not None]
        reranker = open_reranker(settings.reranker, self._settings.embed)
        vectors, near = [], []
        for i, index in indexes:
            with watch:
                vectors.append(
                    encode(index, "text", [for_meaning(text, index.words) for text in texts], self._settings.embed)
                )
            near.append(index.nearest("text", vectors[-1], [filters[n][i] for n in asked], settings.candidates))
        return {
            n: rank_text(
                [index for _, index in indexes], texts[j], [v[j] for v in vectors], [found[j] for found in near],
                [filters[n][i] for i, _ in indexes], settings, reranker,
                whole=bool(queries[n].patient and routes[n].question.section),
            )
            for j, n in enumerate(asked)
        }  # fmt: skip

    # --- through the study ---------------------------------------------------------------------------

    def _joined(self, query: Query, hits: Sequence[Hit], walls: Mapping[str, Filter]) -> list[Hit]:
        """Likeness hits, each followed by the report of its study: the passages nearest to the question."""
        if query.kinds and "text" not in query.kinds:
            return [hit for hit in hits if hit.stored.record.kind in query.kinds]
        reports = self._reports_of(hits, walls, query.k * 2)  # more studies would never be shown
        joined: list[Hit] = []
        seen: set[tuple[str, str]] = set()
        for hit in hits:
            if not query.kinds or hit.stored.record.kind in query.kinds:
                joined.append(hit)
            study = (hit.index.name, str(hit.stored.record.study_id))
            if study not in seen:
                seen.add(study)
                joined += self._report_of(query, hit, reports.get(study, []))
        return joined

    def _reports_of(
        self, hits: Sequence[Hit], walls: Mapping[str, Filter], at_most: int
    ) -> dict[tuple[str, str], list[tuple[StoredPassage, StoredRecord]]]:
        """The passages of the reports of the first studies among some hits, looked up for all of them together."""
        studies = list(dict.fromkeys((hit.index.name, str(hit.stored.record.study_id)) for hit in hits))[:at_most]
        found: dict[tuple[str, str], list[tuple[StoredPassage, StoredRecord]]] = {}
        for index in {hit.index.name: hit.index for hit in hits}.values():
            named = [study for name, study in studies if name == index.name]
            texts = {r.pk: r for r in index.study_records(named, "text", walls[index.name])} if named else {}
            for passage in index.passages_of_records(list(texts)) if texts else ():
                record = texts[passage.record_pk]
                found.setdefault((index.name, str(record.record.study_id)), []).append((passage, record))
        return found

    def _report_of(self, query: Query, hit: Hit, report: Sequence[tuple[StoredPassage, StoredRecord]]) -> list[Hit]:
        """The passages of a report that come along with a hit: the nearest to the question, in reading order."""
        order = list(range(len(report)))
        if len(report) > REPORTS_PER_STUDY and query.text.strip():
            dense = hit.index.vectors("text")
            question = encode(hit.index, "text", [query.text], self._settings.embed)[0]
            near = np.array([dense.vector(p.pk) @ question for p, _ in report]) if dense else np.zeros(len(report))
            order = sorted(np.argsort(-near)[:REPORTS_PER_STUDY].tolist())
        how = "near the words" if hit.by == "joint" else "alike"
        why = worded(
            "report of a study whose {kind} is {how} ({score:.2f})",
            kind=hit.stored.record.kind, how=how, score=hit.closeness,
        )  # fmt: skip
        return [
            Hit(hit.index, report[n][1], hit.by, hit.score, hit.closeness, report[n][0], why=why)
            for n in order[:REPORTS_PER_STUDY]
        ]

    def _of_kinds(self, query: Query, hits: Iterable[Hit], walls: Mapping[str, Filter]) -> Iterator[Hit]:
        """Text hits as they are, or, where other kinds are asked for, the records of those kinds in their studies."""
        if not query.kinds:
            yield from hits
            return
        seen: set[tuple[str, int]] = set()
        for hit in hits:
            siblings = [hit]
            if hit.stored.record.kind not in query.kinds and hit.stored.is_case:
                siblings = [
                    replace(hit, stored=stored, passage=None, why=worded("its study's text: {why}", why=hit.why))
                    for stored in hit.index.study_records(
                        [str(hit.stored.record.study_id)], within=walls[hit.index.name]
                    )
                ]
            for sibling in siblings:
                key = (sibling.index.name, sibling.passage.pk if sibling.passage else -sibling.stored.pk)
                if sibling.stored.record.kind in query.kinds and key not in seen:
                    seen.add(key)
                    yield sibling


class _Stopwatch:
    """Adds up the time spent inside it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started
