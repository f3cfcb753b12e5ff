"""Pairs of a claim and a text with a label, made by program out of openly licensed prose, to train the packaged
entailment model on (`entailment_train.py`).

    K-QA (MIT)              a physician's statements against the physician's own answer
    BioASQ (CC BY 2.5)      sentences of experts' ideal answers against the snippets they were written from
    PubMedQA (MIT)          sentences of a conclusion against the rest of its abstract
    MTS-Dialog (CC BY 4.0)  sentences of a note against the dialogue that it was written from
    MedMCQA (MIT)           a question with one of its options against the explanation
    MedQuAD (CC BY 4.0)     a sentence reworded or damaged against the passage it stands in
    MedHallu (MIT)          invented answers of the development half against the abstract, and against a text that says
                            what they say, so that their wording tells nothing

Left out: the Open-i reports (no derivatives), FaithBench (not for commercial use), MEDEC and RadFact (they are measured
on), every K-QA question with physicians' labels, and whatever belongs to a reported half of `verify.py`: its K-QA
questions, its MedHallu items, and their abstracts wherever else these occur.

The same claim stands against texts that carry it, texts that had the carrying sentences taken out and texts of a like
subject, and a damaged sentence stands in the text as often as in the claim, so that neither alone gives the label away.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import Stemmer
from entailment_wording import damaged, reworded
from verify import development

from assistant.findings.sentences import sentences

Label = Literal["entailed", "neutral", "contradicted", "not entailed"]
EVIDENCE_WORDS = 90  # of a text, about 120 word pieces
_WORD = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "nor",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "without",
        "into",
        "over",
        "as",
        "than",
        "then",
        "that",
        "this",
        "these",
        "those",
        "there",
        "it",
        "its",
        "he",
        "she",
        "they",
        "them",
        "his",
        "her",
        "their",
        "we",
        "our",
        "you",
        "your",
        "i",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "can",
        "could",
        "may",
        "might",
        "must",
        "should",
        "will",
        "would",
        "not",
        "no",
        "also",
        "such",
        "so",
        "very",
        "more",
        "most",
        "some",
        "any",
        "other",
        "both",
        "all",
    ]
)
_stemmer = Stemmer.Stemmer("english")


@dataclass(frozen=True)
class Pair:
    """`group` is the question, document or report: pairs of a group are held out together."""

    claim: str
    evidence: str
    label: Label
    source: str
    group: str


def stems(text: str) -> frozenset[str]:
    return frozenset(_stemmer.stemWords([w for w in _WORD.findall(text.lower()) if w not in _STOP]))


class Texts:
    """Texts by the rarity of their words: which says most of a claim, which is of a like subject."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self.texts = texts
        self.words = [stems(text) for _, text in texts]
        self.by_word: dict[str, list[int]] = defaultdict(list)
        for at, words in enumerate(self.words):
            for word in words:
                self.by_word[word].append(at)

    def alike(self, claim: str, but: str) -> str | None:
        """The text of another group that shares the rarest words with the claim but does not say all of it."""
        wanted = stems(claim)
        scores: Counter[int] = Counter()
        for word in sorted(wanted):
            holders = self.by_word.get(word, ())
            if len(holders) <= 400:
                for at in holders:
                    scores[at] += 1 / (1 + len(holders)) ** 0.5
        for at, _ in scores.most_common(12):
            if self.texts[at][0] != but and covered(wanted, self.words[at]) < 0.7:
                return self.texts[at][1]
        return None


def covered(claim: frozenset[str], text: frozenset[str]) -> float:
    return len(claim & text) / max(len(claim), 1)


def around(cut: Sequence[str], keep: Sequence[int], rng: random.Random, words: int = EVIDENCE_WORDS) -> str:
    """The sentences at `keep` with neighbours, in their order, up to about so many words."""
    chosen = set(keep)
    used = sum(len(cut[i].split()) for i in chosen)
    budget = rng.randint(words // 4, words)
    others = sorted((i for i in range(len(cut)) if i not in chosen), key=lambda i: (_near(i, keep), rng.random()))
    for i in others:
        size = len(cut[i].split())
        if used + size > budget and chosen:
            break
        chosen.add(i)
        used += size
    return " ".join(cut[i] for i in sorted(chosen))


def _near(i: int, keep: Sequence[int]) -> int:
    return min((abs(i - k) for k in keep), default=0)


def carriers(claim: str, cut: Sequence[str]) -> tuple[list[int], float]:
    """The sentences that say most of a claim (greedily, up to three), and how much of its words they have."""
    wanted, words = stems(claim), [stems(sentence) for sentence in cut]
    found: list[int] = []
    had: frozenset[str] = frozenset()
    while len(found) < 3 and cut:
        best = max(range(len(cut)), key=lambda i: len(wanted & (words[i] - had)))
        gain = len(wanted & (words[best] - had)) / max(len(wanted), 1)
        if gain < (0.05 if not found else 0.12):
            break
        found.append(best)
        had = had | words[best]
    return found, covered(wanted, had)


def left_out(claim: str, cut: Sequence[str], rng: random.Random) -> str | None:
    """The text without the sentences that carry the claim; None where the rest may still say it."""
    wanted = stems(claim)
    shares = [covered(wanted, stems(sentence)) for sentence in cut]
    top = max(shares, default=0)
    rest = [s for s, share in zip(cut, shares, strict=True) if share < max(0.34, 0.55 * top)]
    if len(rest) < 2 or len(rest) == len(cut) or covered(wanted, stems(" ".join(rest))) > 0.6:
        return None
    at = rng.randrange(len(rest))
    return around(rest, [at], rng)


def around_claims(
    source: str,
    group: str,
    claims: Iterable[str],
    text: str | Sequence[str],
    like: Texts,
    rng: random.Random,
    least: float = 0.0,
) -> Iterator[Pair]:
    """A group's claims against the text they were written from, against what is left of it, and others.

    `least` is the share of a claim's words that its best sentences must have for it to count as carried.
    """
    cut = [s for piece in ([text] if isinstance(text, str) else text) for s in sentences(piece)]
    for claim in claims:
        keep, share = carriers(claim, cut)
        if not keep or share < least:
            continue
        evidence = around(cut, keep, rng)
        yield Pair(claim, evidence, "entailed", source, group)
        if without := left_out(claim, cut, rng):
            yield Pair(claim, without, "neutral", source, group)
        if rng.random() < 0.5 and (other := like.alike(claim, group)):
            piece = sentences(other)
            yield Pair(claim, around(piece, carriers(claim, piece)[0] or [0], rng), "neutral", source, group)
        for label, changed in damaged(claim, evidence, rng, 1):
            yield Pair(changed, evidence, label, source, group)


def kqa(data: Path, rng: random.Random) -> Iterator[Pair]:
    with (data / "kqa/nli_physician_labels.csv").open(encoding="utf-8", newline="") as file:
        labelled = {row["Question"] for row in csv.DictReader(file)}
    items = [json.loads(line) for line in _lines(data / "kqa/questions_w_answers.jsonl")]
    items = [i for i in items if development(i["Question"]) and i["Question"] not in labelled]
    like = Texts([(i["Question"], i["Free_form_answer"]) for i in items])
    for item in items:
        claims = [" ".join(claim.split()) for claim in item["Must_have"] + item["Nice_to_have"]]
        yield from around_claims("kqa", item["Question"], claims, item["Free_form_answer"], like, rng)


def bioasq(data: Path, rng: random.Random) -> Iterator[Pair]:
    held = reported_abstracts(data)
    items = [json.loads(line) for line in _lines(data / "bioasq_retrieval/questions_full.jsonl")]
    kept = []
    for item in items:
        snippets = list(dict.fromkeys(s["text"] for s in item["snippets"] if s["pmid"] not in held))
        if snippets:
            kept.append((item["id"], item, snippets))
    like = Texts([(name, " ".join(snippets[:6])) for name, _, snippets in kept])
    for name, item, snippets in kept:
        said = dict.fromkeys(
            re.sub(r"^(?:yes|no)\b[,.:;]?\s*", "", s, flags=re.IGNORECASE)
            for answer in item["ideal_answer"]
            for s in sentences(answer)
        )
        claims = [s for s in said if 5 <= len(s.split()) <= 45]
        rng.shuffle(snippets)
        text = snippets[:12]
        copied = {_plain(s) for snippet in text for s in sentences(snippet)}
        own_words = [c for c in claims if _plain(c) not in copied]
        yield from around_claims("bioasq", name, [_capital(c) for c in own_words[:3]], text, like, rng, least=0.55)


def pubmedqa(data: Path, rng: random.Random) -> Iterator[Pair]:
    held = reported_abstracts(data)
    items = {k: v for k, v in json.loads((data / "pubmedqa/pqal.json").read_text()).items() if k not in held}
    like = Texts([(k, " ".join(v["CONTEXTS"])) for k, v in items.items()])
    for name, item in items.items():
        claims = [s for s in sentences(item["LONG_ANSWER"]) if 6 <= len(s.split()) <= 45]
        yield from around_claims("pubmedqa", name, claims, item["CONTEXTS"], like, rng, least=0.45)


def mts(data: Path, rng: random.Random) -> Iterator[Pair]:
    with (data / "mts_dialog/MTS-Dialog-TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if len(r["dialogue"].split()) <= 160]
    like = Texts([(r["ID"], r["dialogue"]) for r in rows])
    for row in rows:
        dialogue = " ".join(row["dialogue"].split())
        claims = [s for s in sentences(row["section_text"]) if 3 <= len(s.split()) <= 40][:3]
        for claim in claims:
            yield Pair(claim, dialogue, "entailed", "mts", row["ID"])
            if rng.random() < 0.6 and (other := like.alike(claim, row["ID"])):
                yield Pair(claim, " ".join(other.split()), "neutral", "mts", row["ID"])
            for label, changed in damaged(claim, dialogue, rng, 1):
                yield Pair(changed, dialogue, label, "mts", row["ID"])


def medmcqa(data: Path, rng: random.Random) -> Iterator[Pair]:
    for line in _lines(data / "medical_mcq/medmcqa_dev.jsonl"):
        item = json.loads(line)
        explained = re.sub(r"^\W*Ans(?:wer)?\W*[\s.-]*(?:is)?\W*[a-d]\b[\s.:,)-]*", "", item["exp"] or "", flags=re.I)
        options = [item[f"op{letter}"] for letter in "abcd"]
        right = options[int(item["cop"]) - 1]
        question = " ".join(item["question"].split()).rstrip(" :-.?")
        unfit = r"\b(?:not|except|false|all of|none of|incorrect|true|both|following|least)\b"
        if not 12 <= len(explained.split()) <= 220 or re.search(unfit, " ".join((question, *options)), re.I):
            continue
        if covered(stems(right), stems(explained)) < 0.99 or len(question.split()) > 30:
            continue
        wrong = [o for o in options if o != right]
        named = [o for o in wrong if covered(stems(o), stems(explained)) > 0.99] or wrong
        cut = sentences(" ".join(explained.split()))
        evidence = around(cut, carriers(f"{question} {right}", cut)[0], rng)
        yield Pair(f"{question}: {right}", evidence, "entailed", "medmcqa", item["id"])
        yield Pair(f"{question}: {rng.choice(named)}", evidence, "not entailed", "medmcqa", item["id"])


def medquad(data: Path, rng: random.Random) -> Iterator[Pair]:
    """One sentence of each document: rewordings by program are poorer than those of people, so they are kept fewer."""
    items = [json.loads(line) for line in _lines(data / "medquad/medquad.jsonl")]
    rng.shuffle(items)
    seen: set[str] = set()
    for item in items:
        if item["doc_id"] in seen:
            continue
        seen.add(item["doc_id"])
        cut = [s for s in sentences(item["answer"]) if 4 <= len(s.split()) <= 45]
        whole = [i for i, s in enumerate(cut) if len(s.split()) >= 7 and s.endswith(".")]
        if whole:
            yield from within("medquad", item["doc_id"], cut, rng.choice(whole), rng)


def medhallu(data: Path, rng: random.Random) -> Iterator[Pair]:
    items = [json.loads(line) for line in _lines(data / "medhallu/medhallu_pqa_labeled.jsonl")]
    items = [i for i in items if development(i["pmid"]) and len(i["hallucinated_answer"].split()) <= 45]
    for item, other in zip(items, items[1:] + items[:1], strict=True):
        claim, group = " ".join(item["hallucinated_answer"].split()), item["pmid"]
        own, foreign = (sentences(" ".join(i["knowledge"])) for i in (item, other))
        yield Pair(claim, around(own, carriers(claim, own)[0] or [0], rng), "not entailed", "medhallu", group)
        at = rng.randrange(len(foreign))
        text = around(foreign, [at], rng, EVIDENCE_WORDS - len(claim.split()))
        said = f"{text} {reworded(claim, rng)[0]}" if rng.random() < 0.5 else f"{reworded(claim, rng)[0]} {text}"
        yield Pair(claim, said, "entailed", "medhallu", group)


def within(source: str, group: str, cut: Sequence[str], at: int, rng: random.Random) -> Iterator[Pair]:
    """A sentence of a text, reworded and damaged, against the text with it, without it, and with it damaged."""
    sentence = cut[at]
    text = around(cut, [at], rng)
    claims = reworded(sentence, rng)
    for claim in claims[:2]:
        yield Pair(claim, text, "entailed", source, group)
    rest = left_out(sentence, cut, rng)
    if rest is not None and claims:
        yield Pair(claims[0], rest, "neutral", source, group)
    for label, changed in damaged(sentence, text, rng, 2):
        yield Pair(changed, text, label, source, group)
        if label == "contradicted":
            turned = text.replace(sentence, changed)
            yield Pair(rng.choice([sentence, *claims]), turned, "contradicted", source, group)
            yield Pair(changed, turned, "entailed", source, group)


def reported_abstracts(data: Path) -> frozenset[str]:
    """PubMed ids of MedHallu's reported half."""
    items = [json.loads(line) for line in _lines(data / "medhallu/medhallu_pqa_labeled.jsonl")]
    return frozenset(str(i["pmid"]) for i in items if not development(i["pmid"]))


def all_pairs(data: Path, seed: int = 0) -> list[Pair]:
    """Every pair, shuffled; the same for the same data and seed."""
    rng = random.Random(seed)
    makers = (kqa, bioasq, pubmedqa, mts, medmcqa, medquad, medhallu)
    pairs = list(dict.fromkeys(pair for make in makers for pair in make(data, rng)))
    pairs = [p for p in pairs if p.claim.strip() and len(p.evidence.split()) >= 3]
    rng.shuffle(pairs)
    return pairs


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
