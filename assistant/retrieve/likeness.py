"""Likeness: pictures and signals like those uploaded, over one or several indexes.

Closeness is the cosine of the encoder's vectors: the relevance floor and near-duplicates are told by it. Where an index
has learned a metric on its labels (store/learned.py), that gives the order. Several uploads of a kind are one study (a
frontal and a lateral picture, two ECGs): each looks for its counterpart in every study of the archive, and the mean
counts. Uploads of two kinds are joined by rank, patient by patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Encoder
from assistant.records import Kind
from assistant.retrieve.composed import Texts, Wish, recomposed, studies_by_text
from assistant.retrieve.query import Query
from assistant.retrieve.rank import Hit, encoder_of
from assistant.settings import Settings
from assistant.store.filters import Filter
from assistant.store.index import OpenIndex
from assistant.store.learned import Learned
from assistant.wording import joined, worded

RANKS = 60  # Cormack et al. 2009, reciprocal rank fusion
BY_METRIC = "in the order of the metric learned on this archive's labels"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One query as one index is asked: its uploads' vectors (uploads, dim), and the metric, where it may be used."""

    query: Query
    filter_: Filter
    vectors: NDArray[np.float32]
    learned: Learned | None
    wish: Wish

    @property
    def mapped(self) -> NDArray[np.float32]:
        """The uploads' vectors as the metric maps them (uploads, m)."""
        return self.learned.head.apply(self.vectors) if self.learned else self.vectors


def search_likeness(
    indexes: Sequence[OpenIndex],
    kind: Kind,
    queries: Mapping[int, Query],
    filters: Sequence[Sequence[Filter]],
    settings: Settings,
) -> dict[int, list[Hit]]:
    """Records like the uploads of a kind, best first, for each query by its number; `filters` has, for each query
    number, one for each index."""
    found: dict[int, list[Hit]] = {n: [] for n in queries}
    wishes = {n: Wish.of(query.text) for n, query in queries.items()}
    texts = {n: Texts() for n in queries}
    floor = settings.retrieve.image_floor if kind == "image" else settings.retrieve.signal_floor
    for i, index in enumerate(indexes):
        if index.vectors(kind) is None:
            continue
        learned = index.learned(kind) if settings.embed.heads == "auto" else None
        vectors = encode_uploads(list(queries.values()), kind, encoder_of(index, kind, settings.embed))
        asked = {
            n: _Asked(q, filters[n][i], v, _unseen(index, kind, filters[n][i], learned), wishes[n])
            for (n, q), v in zip(queries.items(), vectors, strict=True)
        }
        near = {n: studies_by_text(index, one.wish, one.filter_, settings) for n, one in asked.items()}
        keys = _candidates(index, kind, asked, near, settings)
        for n, one in asked.items():
            hits = _ranked(index, kind, one, keys[n], floor)
            found[n] += hits
            texts[n].near.update({(index.name, study): cosine for study, cosine in near[n].items()})
            if one.wish.contrasts and index.states_findings:
                stated = index.stated_in({str(hit.stored.record.study_id) for hit in hits}, one.filter_)
                texts[n].stated.update({(index.name, study): findings for study, findings in stated.items()})
    modalities = {n: frozenset(u.record.modality for u in query.shown(kind)) for n, query in queries.items()}
    return {
        n: recomposed(sorted(hits, key=lambda hit: -hit.score), wishes[n], texts[n], floor, modalities[n])
        for n, hits in found.items()
    }


def encode_uploads(queries: Sequence[Query], kind: Kind, encoder: Encoder) -> list[NDArray[np.float32]]:
    """The vectors (uploads, dim) of each query's uploads of a kind; those not encoded yet go together."""
    shown = [query.shown(kind) for query in queries]
    new = {id(u): u for uploads in shown for u in uploads if encoder.fingerprint not in u.vectors}
    if new:
        content = [u.record.image if kind == "image" else u.record.signal for u in new.values()]
        for upload, vector in zip(new.values(), encoder.encode(content), strict=True):  # type: ignore[arg-type]
            upload.vectors[encoder.fingerprint] = vector[None]
    return [np.concatenate([u.vectors[encoder.fingerprint] for u in uploads]) for uploads in shown]


def _candidates(
    index: OpenIndex,
    kind: Kind,
    asked: Mapping[int, _Asked],
    by_text: Mapping[int, Mapping[str, float]],
    settings: Settings,
) -> dict[int, NDArray[np.int64]]:
    """The keys that are looked at for each query: the nearest of each upload, by the encoder and by a learned metric.

    Where its words wish for something, also the nearest of the studies that state it and those whose text is near.
    """
    keys: dict[int, list[NDArray[np.int64]]] = {n: [] for n in asked}
    metrics = [one.learned for one in asked.values() if one.learned]
    for within in (None, metrics[0].vectors) if metrics else (None,):
        searches: list[tuple[int, NDArray[np.float32], Filter]] = []
        for n, one in asked.items():
            if within is not None and one.learned is None:
                continue
            filters = [one.filter_]
            if one.wish.filters and index.states_findings:
                filters.append(replace(one.filter_, findings=(*one.filter_.findings, *one.wish.filters)))
            shown = one.vectors if within is None else one.mapped
            searches += [(n, vector, filter_) for filter_ in filters for vector in shown]
        vectors = np.stack([vector for _, vector, _ in searches])
        walls = [filter_ for _, _, filter_ in searches]
        nearest = index.nearest(kind, vectors, walls, settings.retrieve.candidates, within=within)
        for (n, _, _), (_, ids) in zip(searches, nearest, strict=True):
            keys[n].append(ids)
    for n, one in asked.items():
        if by_text[n]:
            records = index.study_records(by_text[n], kind, one.filter_)
            keys[n].append(_within(index, kind, one.filter_, np.array([r.pk for r in records], np.int64)))
    return {n: np.unique(np.concatenate(found)) for n, found in keys.items()}


def _unseen(index: OpenIndex, kind: Kind, filter_: Filter, learned: Learned | None) -> Learned | None:
    """The metric, unless it was fitted on records that the query must not know of: the own study's labels, say."""
    if learned is None:
        return None
    _, excluded = index.keys(filter_, kind)
    return None if excluded is not None and np.isin(excluded, learned.fitted_on).any() else learned


def _within(index: OpenIndex, kind: Kind, filter_: Filter, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of some keys that a filter lets through and that have a vector."""
    allowed, excluded = index.keys(filter_, kind)
    own = index.vectors(kind)
    has = np.isin(keys, own.ids) if own is not None else np.zeros(len(keys), bool)
    if allowed is not None:
        has &= np.isin(keys, allowed)
    return keys[has & ~np.isin(keys, excluded)] if excluded is not None else keys[has]


def _ranked(index: OpenIndex, kind: Kind, asked: _Asked, keys: NDArray[np.int64], floor: float) -> list[Hit]:
    """The records of an index as hits, best first, those below the relevance floor last.

    `score` is on the scale of cosines even where a learned metric gives the order: the n-th in the order gets the n-th
    highest closeness, so that hits of several indexes can be laid together.
    """
    own, learned = index.vectors(kind), asked.learned
    if own is None or not len(keys):
        return []
    on_paper = all(upload.record.is_printed_ecg for upload in asked.query.shown(kind))
    stored = index.records(int(key) for key in keys)
    records = {key: one for key, one in stored.items() if one.record.is_printed_ecg == on_paper}
    keys = np.array([key for key in keys if int(key) in records], np.int64)
    if not len(keys):
        return []
    studies = np.array([str(records[int(key)].record.study_id) for key in keys])
    others, theirs = keys, studies
    if len(asked.vectors) > 1:  # a counterpart may be farther than the candidates of any one upload
        siblings = index.study_records(sorted(set(studies)), kind, asked.filter_)
        others = _within(
            index,
            kind,
            asked.filter_,
            np.array([r.pk for r in siblings if r.record.is_printed_ecg == on_paper], np.int64),
        )
        of_study = {r.pk: str(r.record.study_id) for r in siblings}
        theirs = np.array([of_study[int(key)] for key in others])
    close = asked.vectors @ own.vectors(others).T
    alike = asked.mapped @ learned.vectors.vectors(others).T if learned else close
    if len(asked.vectors) > 1:
        close, alike = _of_studies(close, theirs, studies), _of_studies(alike, theirs, studies)
    closeness, likeness = close.mean(axis=0), alike.mean(axis=0)
    nearest = close.max(axis=0)  # a study that lacks one of the views is not too far for it
    order = np.lexsort((-likeness, nearest < floor))
    scores = np.sort(closeness)[::-1]
    hits = []
    for score, n in zip(scores, order, strict=True):
        why = worded("likeness {likeness:.2f}", likeness=closeness[n])
        if len(close) > 1:
            each = joined([worded("{likeness:.2f}", likeness=value) for value in close[:, n]], " and ")
            why = worded("{why}, the mean of {each} for the uploads", why=why, each=each)
        why = joined([why, BY_METRIC if learned else ""], ", ")
        hits.append(Hit(index, records[int(keys[n])], kind, float(score), float(nearest[n]), why=why))
    return hits


def _of_studies(
    likeness: NDArray[np.float32], theirs: NDArray[np.str_], studies: NDArray[np.str_]
) -> NDArray[np.float32]:
    """Each upload's likeness to its nearest record of the study of each hit (uploads, hits), from that to all records
    (uploads, records); `theirs` are the records' studies."""
    best = {study: likeness[:, theirs == study].max(axis=1) for study in set(studies)}
    return np.stack([best[study] for study in studies], axis=1)


def joined_by_rank(lists: Sequence[tuple[Sequence[Hit], float]]) -> list[Hit]:
    """Hits of several kinds, each list with its weight, laid together patient by patient: a patient counts with the
    best rank in each list, so one who is near in two kinds comes first. Further hits of a patient's in a kind come
    after all patients' first ones, so that many pictures of one patient leave room for the signals."""
    filled = [(hits, weight) for hits, weight in lists if hits]
    if len(filled) < 2:
        return [hit for hits, _ in filled for hit in hits]
    total: dict[tuple[str, str], float] = {}
    for hits, weight in filled:
        seen = dict.fromkeys(_case(hit) for hit in hits)
        for rank, case in enumerate(seen):
            total[case] = total.get(case, 0.0) + weight / (RANKS + rank)
    rounds: Counter[tuple[Kind, tuple[str, str]]] = Counter()
    everyone: list[tuple[int, float, Hit]] = []
    for hit in (hit for hits, _ in filled for hit in hits):
        of_patient = (hit.stored.record.kind, _case(hit))
        everyone.append((rounds[of_patient], -total[_case(hit)], hit))
        rounds[of_patient] += 1
    return [hit for *_, hit in sorted(everyone, key=lambda placed: placed[:2])]


def _case(hit: Hit) -> tuple[str, str]:
    record = hit.stored.record
    return hit.index.name, record.patient_id or str(record.study_id)
