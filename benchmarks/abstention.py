"""When to say nothing: the chance that a passage answers, fitted on half of the questions and judged on the other half.

    WARDROUND_DATA=… python benchmarks/abstention.py [--cache DIR] [--write] [--plot FILE.png]

Archives and questions (all passages as ingest cuts them, vectors by the default encoder, kept in --cache):

- MedQuAD and BioASQ, whole: their own questions (answered there) and the 64 general ones of offtopic_questions.txt;
- MedQuAD without every second topic and BioASQ without every second question's documents: questions on what was taken
  out are the hard ones, medical and in the same style, but without an answer;
- not fitted on at all, only reported: LiveQA (22 questions with an answer that people graded 2 or 3, 26 without), and
  each set's questions put to the other's archive.

Passages of patients' reports are fitted apart, since a report says many things and is near to none of them: the Open-i
reports are searched for the MeSH terms that people gave them, for findings of the vocabulary that none of them names,
and for the general questions; whole, and without the reports of every second term.

A question is *answered* by an archive where one of its ten nearest passages belongs to a judged document. Fitted on
even-numbered questions, every archive with the same weight and even odds of an answer; all figures are of the odd
ones. Intervals: bootstrap over questions.
`--write` stores the fit (assistant/retrieve/chance.toml).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.findings import entities
from assistant.ingest.text.plain import text_record
from assistant.retrieve.chance import Chance, covered
from assistant.settings import EmbedSettings, IngestSettings
from assistant.store.words import WordIndex

DATA = Path(os.environ.get("WARDROUND_DATA", "data"))
OFFTOPIC = Path(__file__).with_name("offtopic_questions.txt")
FITTED = Path(__file__).parents[1] / "assistant" / "retrieve" / "chance.toml"
ENCODER = "minilm-int8"
CANDIDATES, NEAREST, QUESTIONS = 100, 10, 1_000
REPORTS = {"reports": 1.0, "half of the reports": 1.0, "general, reports": 0.5}
WEIGHTS = {
    "MedQuAD": 1.0, "half of MedQuAD": 1.0, "BioASQ": 1.0, "half of BioASQ": 1.0,
    "general, MedQuAD": 0.5, "general, BioASQ": 0.5,
}  # fmt: skip
LOST = 0.025  # of the development questions that are answered, this share may be lost to the threshold

Vector = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Questions:
    """Questions with their vectors and, for each, the documents that answer it."""

    texts: list[str]
    vectors: Vectors
    gold: list[set[int]]

    def pick(self, which: Sequence[int]) -> Questions:
        return Questions([self.texts[i] for i in which], self.vectors[list(which)], [self.gold[i] for i in which])


@dataclass(frozen=True)
class Archive:
    """Passages with their vectors and the number of their document, and the word index over them."""

    vectors: Vectors
    owner: NDArray[np.int64]
    texts: list[str]

    def only(self, keep: NDArray[np.bool_]) -> Archive:
        at = np.flatnonzero(keep)
        return Archive(self.vectors[at], self.owner[at], [self.texts[i] for i in at])


@dataclass(frozen=True)
class Asked:
    """One question put to an archive: cosines and coverages of its candidates, and whether it is answered there."""

    text: str
    cosine: Vector
    coverage: Vector
    good: NDArray[np.bool_]  # of the candidates, nearest first
    gold: int
    document: NDArray[np.int64]

    @property
    def answered(self) -> bool:
        return bool(self.good[:NEAREST].any())


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


class Cache:
    """Vectors on the disk, encoded once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def vectors(self, name: str, texts: list[str]) -> Vectors:
        from assistant.embed import open_encoder

        path = self.folder / f"{name}.npy"
        if not path.exists():
            np.save(path, open_encoder("text", ENCODER, EmbedSettings()).encode(texts))
        return np.asarray(np.load(path))

    def archive(self, name: str, documents: list[str]) -> Archive:
        cut = [(n, r.text[p.start : p.end]) for n, d in enumerate(documents) for r in [_record(d)] for p in r.passages]
        texts = [text for _, text in cut]
        return Archive(self.vectors(f"{name}_passages", texts), np.array([n for n, _ in cut]), texts)


def _record(text: str) -> Any:
    return text_record(text, IngestSettings(), uri="", sha256="")


def judged(folder: Path, cache: Cache, name: str, least: float) -> tuple[Questions, Archive]:
    """A set in BEIR's layout; documents with a grade of at least `least` answer."""
    documents, asked = json_lines(folder / "corpus.jsonl"), json_lines(folder / "queries.jsonl")
    at = {d["_id"]: n for n, d in enumerate(documents)}
    gold: dict[str, set[int]] = {q["_id"]: set() for q in asked}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if float(grade) >= least:
            gold[question].add(at[document])
    texts = [q["text"] for q in asked]
    questions = Questions(texts, cache.vectors(f"{name}_queries", texts), [gold[q["_id"]] for q in asked])
    return questions, cache.archive(name, [d["text"] for d in documents])


def put(questions: Questions, archive: Archive) -> list[Asked]:
    """Each question's candidates in an archive, nearest first."""
    words = WordIndex.build(range(len(archive.texts)), archive.texts)
    assert words is not None
    found = []
    for text, vector, gold in zip(questions.texts, questions.vectors, questions.gold, strict=True):
        cosines = archive.vectors @ vector
        top = np.argpartition(-cosines, CANDIDATES)[:CANDIDATES]
        top = top[np.argsort(-cosines[top], kind="stable")]
        shares = covered(words, top.astype(np.int64), text)
        good = np.isin(archive.owner[top], list(gold))
        found.append(Asked(text, cosines[top].astype(float), shares, good, len(gold), archive.owner[top]))
    return found


def all_put(cache: Cache) -> dict[str, list[Asked]]:
    """Every set of questions put to its archive."""
    chance = random.Random(0)
    pairs = json_lines(DATA / "medquad" / "medquad.jsonl")
    texts = [pair["question"] for pair in pairs]
    medquad = Questions(texts, cache.vectors("medquad_questions", texts), [{n} for n in range(len(pairs))])
    answers = cache.archive("medquad", [pair["answer"] for pair in pairs])
    bioasq, abstracts = judged(DATA / "bioasq_retrieval", cache, "bioasq", 1)
    liveqa, consumer = judged(DATA / "liveqa_medquad_retrieval", cache, "liveqa", 2)
    off = [line for line in OFFTOPIC.read_text(encoding="utf-8").splitlines() if line]
    general = Questions(off, cache.vectors("general_questions", off), [set() for _ in off])
    topic = np.array([zlib.crc32(pair["focus"].lower().encode()) % 2 for pair in pairs])
    removed = {d for n, gold in enumerate(bioasq.gold) if zlib.crc32(bioasq.texts[n].encode()) % 2 for d in gold}
    some = medquad.pick(sorted(chance.sample(range(len(texts)), QUESTIONS)))
    nowhere = [Questions(q.texts, q.vectors, [set() for _ in q.texts]) for q in (some, bioasq)]
    return {
        "MedQuAD": put(some, answers),
        "half of MedQuAD": put(some, answers.only(topic[answers.owner] == 0)),
        "general, MedQuAD": put(general, answers),
        "BioASQ": put(bioasq, abstracts),
        "half of BioASQ": put(bioasq, abstracts.only(~np.isin(abstracts.owner, list(removed)))),
        "general, BioASQ": put(general, abstracts),
        "LiveQA": put(liveqa, consumer),
        "general, LiveQA": put(general, consumer),
        **reports(cache, general),
        "MedQuAD's questions, BioASQ": put(nowhere[0], abstracts),
        "BioASQ's questions, MedQuAD": put(nowhere[1], answers),
    }


def reports(cache: Cache, general: Questions) -> dict[str, list[Asked]]:
    """Open-i's reports asked for what people coded in them."""
    findings, impressions, terms = [], [], []
    with tarfile.open(DATA / "iu_xray_reports" / "ecgen-radiology.tar.gz") as packed:
        for member in sorted((m for m in packed.getmembers() if m.name.endswith(".xml")), key=lambda m: m.name):
            root = ElementTree.fromstring(packed.extractfile(member).read())  # type: ignore[union-attr]
            said = {e.get("Label"): (e.text or "").strip() for e in root.iter("AbstractText")}
            if said.get("FINDINGS") and said.get("IMPRESSION"):
                findings.append(said["FINDINGS"])
                impressions.append(said["IMPRESSION"])
                terms.append({(e.text or "").split("/")[0].strip() for e in root.iterfind("MeSH/major")})
    found = cache.archive("iu", findings)
    archive = Archive(
        np.concatenate([found.vectors, cache.vectors("iu_queries", impressions)]),
        np.concatenate([found.owner, np.arange(len(impressions))]),
        found.texts + impressions,
    )
    counted = Counter(term for of_report in terms for term in of_report)
    sought = sorted(term for term, n in counted.items() if 3 <= n <= 400 and term != "normal")
    said_anywhere = " ".join(archive.texts).lower()
    absent = [name for name in entities() if name.lower().split()[-1] not in said_anywhere]
    texts = [" ".join(reversed(term.lower().split(", "))) for term in sought] + absent
    gold = [{n for n, of_report in enumerate(terms) if term in of_report} for term in sought] + [set() for _ in absent]
    asked = Questions(texts, cache.vectors("iu_terms", texts), gold)
    removed = {n for t, of_term in zip(texts, gold, strict=True) if zlib.crc32(t.encode()) % 2 for n in of_term}
    return {
        "reports": put(asked, archive),
        "half of the reports": put(asked, archive.only(~np.isin(archive.owner, list(removed)))),
        "general, reports": put(general, archive),
    }


# --- the fit ----------------------------------------------------------------------------------------


def fit(asked: list[Asked], weight: Vector) -> Chance:
    """Logistic regression of "answered" on the candidate that is most likely to answer, which the fit itself names."""
    answered = np.array([a.answered for a in asked], float)
    fitted = Chance(7.0, 3.0, -6.0)
    for _ in range(10):
        best = [int(np.argmax(fitted.of(a.cosine, a.coverage))) for a in asked]
        signals = np.array([(a.cosine[n], a.coverage[n], 1.0) for a, n in zip(asked, best, strict=True)])

        def loss(of: Vector, signals: Vector = signals) -> float:
            logit = signals @ of
            return float((weight * (np.logaddexp(0, logit) - answered * logit)).sum() / weight.sum())

        found = minimize(loss, np.array([fitted.cosine, fitted.coverage, fitted.bias])).x
        fitted = Chance(*(round(float(x), 3) for x in found))
    return fitted


def threshold(chances: Vector, answered: NDArray[np.bool_], weight: Vector) -> float:
    """The highest cut, in steps of 0.01, that loses at most `LOST` of the answered."""
    cuts = np.arange(0.01, 1, 0.01)
    lost = [(weight * answered * (chances < cut)).sum() / (weight * answered).sum() for cut in cuts]
    return float(cuts[np.flatnonzero(np.array(lost) <= LOST)[-1]])


def fitted_on(sets: dict[str, list[Asked]], weights: dict[str, float]) -> tuple[Chance, float]:
    """The fit on even-numbered questions of the sets with weights, and the threshold that follows."""
    even = {name: sets[name][::2] for name in weights}
    asked = [a for some in even.values() for a in some]
    weight = np.concatenate([np.full(len(some), weights[name] / len(some)) for name, some in even.items()])
    answered = np.array([a.answered for a in asked])
    share = (weight * answered).sum() / weight.sum()
    weight = weight * np.where(answered, 0.5 / share, 0.5 / (1 - share))  # a chance is one beside even odds
    fitted = fit(asked, weight)
    cut = threshold(best_chance(fitted, asked), answered, weight)
    print(f"fitted on {len(asked)} questions of {', '.join(weights)}: {fitted}; threshold {cut:.2f}")
    return fitted, cut


def best_chance(fitted: Chance, asked: list[Asked]) -> Vector:
    return np.array([fitted.of(a.cosine, a.coverage).max() for a in asked])


# --- the report -------------------------------------------------------------------------------------


def auroc(scores: Vector, positive: NDArray[np.bool_]) -> float:
    difference = scores[positive][:, None] - scores[~positive][None, :]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def interval(statistic: Callable[[NDArray[np.int64]], float], n: int, resamples: int = 1_000) -> tuple[float, float]:
    """95 % by bootstrap over questions."""
    noise = np.random.default_rng(0)
    values = [statistic(noise.integers(0, n, n)) for _ in range(resamples)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def risk_coverage(scores: Vector, answered: NDArray[np.bool_]) -> tuple[Vector, Vector, float]:
    """Share of questions taken up, share of those that get no good passage, and the area below that curve."""
    right = answered[np.argsort(-scores, kind="stable")]
    taken = np.arange(1, len(right) + 1)
    risk = 1 - np.cumsum(right) / taken
    return taken / len(right), risk, float(risk.mean())


def with_interval(scores: Vector, answered: NDArray[np.bool_]) -> str:
    def one(of: NDArray[np.int64]) -> float:
        return auroc(scores[of], answered[of]) if 0 < answered[of].sum() < len(of) else float("nan")

    low, high = interval(one, len(scores))
    return f"{auroc(scores, answered):.3f} [{low:.3f}, {high:.3f}]"


def report(
    sets: dict[str, list[Asked]], fitted: Chance, of_reports: Chance, cut: float
) -> dict[str, tuple[Vector, Vector]]:
    """The table of docs/retrieval.md, on odd-numbered questions (LiveQA, fitted on nowhere: on all)."""
    half = {name: asked if "LiveQA" in name else asked[1::2] for name, asked in sets.items()}
    curves = {}
    print("\n| questions, archive | n | taken up | with a good passage, lost |\n| --- | --- | --- | --- |")
    for name, asked in half.items():
        scores = best_chance(of_reports if name in REPORTS else fitted, asked)
        answered = np.array([a.answered for a in asked])
        lost = f"{(scores[answered] < cut).mean():.1%} of {answered.sum()}" if answered.any() else ""
        print(f"| {name} | {len(asked)} | {(scores >= cut).mean():.1%} | {lost} |")
    print("\n| archive | AUROC | nearest cosine alone | area under risk–coverage | cosine alone | at the threshold |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in ("MedQuAD", "BioASQ", "half of MedQuAD", "half of BioASQ", "LiveQA", "reports"):
        asked = half[name] + half.get(f"general, {name}", [])
        answered = np.array([a.answered for a in asked])
        if name in ("MedQuAD", "BioASQ"):  # answered or general: whether the archive knows anything of it
            answered = np.array([a.gold > 0 for a in asked])
        elif name == "LiveQA":
            asked = half[name]
            answered = np.array([a.gold > 0 for a in asked])
        used = of_reports if name in REPORTS else fitted
        scores, cosine = best_chance(used, asked), np.array([a.cosine[0] for a in asked])
        share, risk, area = risk_coverage(scores, answered)
        taken = scores >= cut
        curves[name] = share, risk
        print(
            f"| {name} | {with_interval(scores, answered)} | {with_interval(cosine, answered)} | {area:.3f} "
            f"| {risk_coverage(cosine, answered)[2]:.3f} "
            f"| {taken.mean():.0%} taken up, risk {1 - answered[taken].mean():.3f} |"
        )
    print("\nreliability (odd-numbered, all fitted archives): chance, share answered, n")
    asked = [a for name in WEIGHTS for a in half[name]]
    scores, answered = best_chance(fitted, asked), np.array([a.answered for a in asked])
    for low in np.arange(0, 1, 0.2):
        inside = (scores >= low) & (scores < low + 0.2)
        print(f"  {low:.1f}–{low + 0.2:.1f}: {scores[inside].mean():.2f} {answered[inside].mean():.2f} {inside.sum()}")
    return curves


def adaptive(sets: dict[str, list[Asked]], fitted: Chance) -> None:
    """How many passages are handed on, one a document: a fixed number, MMed-RAG's ratio of scores, that of chances."""

    def chosen(asked: Asked, rule: str, value: float) -> tuple[float, float, float, int] | None:
        chances = fitted.of(asked.cosine, asked.coverage)
        order = np.argsort(-chances, kind="stable")
        _, first = np.unique(asked.document[order], return_index=True)
        order = order[np.sort(first)][:8]
        if rule == "fixed":
            order = order[: int(value)]
        else:
            scores = chances[order] if rule == "chance" else np.maximum(asked.cosine[order], 1e-6)
            order = order[scores.max() / scores <= value]
        hits = int(asked.good[order].sum())
        return 2 * hits / (len(order) + asked.gold), hits / asked.gold, hits / len(order), len(order)

    rules = [("fixed", n) for n in (1, 3, 5, 8)] + [("cosine", r) for r in (1.1, 1.2, 1.3, 1.4, 1.6)]
    rules += [("chance", r) for r in (1.2, 1.5, 2.0, 2.5, 3.0)]
    print(
        "\n| passages handed on | "
        + " | ".join(f"{n}: F1 recall precision number" for n in ("BioASQ", "LiveQA"))
        + " |"
    )
    print("| --- | --- | --- |")
    for part, start in (("even", 0), ("odd", 1)):
        for rule, value in rules:
            cells = []
            for name in ("BioASQ", "LiveQA"):
                found = [chosen(a, rule, value) for a in sets[name][start::2] if a.gold]
                cells.append(" ".join(f"{x:.3f}" for x in np.mean(np.array(found), axis=0)))
            print(f"| {part}: {rule} {value:g} | {' | '.join(cells)} |")


def plot(curves: dict[str, tuple[Vector, Vector]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    for (name, (share, risk)), style in zip(curves.items(), ("-", "-", "--", "--", ":", "-."), strict=True):
        axes.plot(share, risk, style, label=name)
    axes.set(xlabel="share of questions taken up", ylabel="of these, share without a good passage", xlim=(0, 1))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "wardround" / "benchmarks")
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--plot", type=Path)
    given = arguments.parse_args()
    sets = all_put(Cache(given.cache))
    fitted, cut = fitted_on(sets, WEIGHTS)
    of_reports, _ = fitted_on(sets, REPORTS)
    curves = report(sets, fitted, of_reports, cut)
    adaptive(sets, fitted)
    if given.write:
        lines = [
            "# Made by benchmarks/abstention.py --write from even-numbered questions: of MedQuAD, BioASQ and general",
            "# ones (knowledge), and terms that Open-i's reports were coded with (reports).",
            f"encoders = {json.dumps([ENCODER, 'minilm'])}",
        ]
        for name, one in (("knowledge", fitted), ("reports", of_reports)):
            lines += [f"\n[{name}]", f"cosine = {one.cosine}", f"coverage = {one.coverage}", f"bias = {one.bias}"]
        FITTED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.plot:
        plot(curves, given.plot)


if __name__ == "__main__":
    main()
