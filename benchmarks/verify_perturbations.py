# ruff: noqa: E501, SIM102  (patterns and tables are easier to compare on one line)
"""Pairs made at run time from real report sentences: damaged ones that must be caught, harmless ones that must pass.

Sentences come from the Open-i reports (Indiana University), which may not be redistributed in edited form: nothing
made here is stored; from the synthetic reports of radlabels; and from what is measured and written of LUDB's ECGs. Damage is done by plain substitution, without the vocabulary that the verifier uses. Evidence is
the true sentence with up to three others of its report that share no content word with it, so that the label holds.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from verify import Judged, development, interval
from verify_ecg_pairs import claims, recordings

from assistant.findings import sentences
from assistant.verify import check

PER_KIND = 120  # pairs of each kind of damage or paraphrase


@dataclass(frozen=True)
class Pair:
    report: str
    kind: str
    claim: str
    evidence: tuple[str, ...]
    harmless: bool


def reports(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and sentences of each report, in the order of a hash of the name."""
    found = []
    with tarfile.open(data / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            texts = {a.get("Label"): a.text or "" for a in ElementTree.parse(file).getroot().iter("AbstractText")}
            said = [s for key in ("FINDINGS", "IMPRESSION") for s in sentences(texts.get(key, ""))]
            found.append((member.name, [s for s in said if "XXXX" not in s and len(s.split()) > 1]))
    yield from sorted(found, key=lambda report: hashlib.sha256(report[0].encode()).digest())


def _swap(sentence: str, table: dict[str, str]) -> str | None:
    """The sentence with the first word of `table` that it has replaced; None if it has none, or several."""
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, table)) + r")\b", re.IGNORECASE)
    met = pattern.findall(sentence)
    if len(met) != 1:
        return None
    new = table[met[0].lower()]
    return pattern.sub(new.capitalize() if met[0][0].isupper() else new, sentence)


SIDE = {"left": "right", "right": "left", "left-sided": "right-sided", "right-sided": "left-sided"}
PLACE = {"upper lobe": "lower lobe", "lower lobe": "upper lobe", "middle lobe": "upper lobe", "apical": "basilar",
         "basilar": "apical", "apex": "base", "base": "apex", "bibasilar": "biapical", "retrocardiac": "apical",
         "upper": "lower", "thoracic spine": "cervical spine", "perihilar": "apical"}  # fmt: skip
DEGREE = {"mild": "severe", "mildly": "severely", "minimal": "severe", "small": "large", "moderate": "mild",
          "large": "small", "severe": "mild", "moderately": "mildly", "slight": "marked", "tiny": "large",
          "marked": "mild"}  # fmt: skip
COURSE = {"stable": "new", "unchanged": "increased", "increased": "decreased", "decreased": "increased",
          "improved": "worsened", "new": "unchanged"}  # fmt: skip
FINDING = {"pneumothorax": "rib fracture", "pleural effusion": "pneumothorax", "effusion": "pneumothorax",
           "cardiomegaly": "pleural effusion", "atelectasis": "pneumothorax", "consolidation": "cardiomegaly",
           "granuloma": "pleural effusion", "scoliosis": "pneumonia", "pneumonia": "scoliosis",
           "emphysema": "cardiomegaly", "edema": "fracture", "infiltrate": "granuloma",
           "hiatal hernia": "pneumothorax", "nodule": "pleural effusion", "fracture": "pneumothorax"}  # fmt: skip
SYNONYM = {"pleural effusion": "pleural fluid", "cardiomegaly": "cardiac enlargement", "edema": "oedema",
           "within normal limits": "normal", "unremarkable": "normal", "pneumothoraces": "pneumothorax",
           "atelectasis": "atelectatic change", "osseous": "bony", "heart": "cardiac silhouette",
           "copd": "chronic obstructive pulmonary disease", "degenerative changes": "degenerative change",
           "airspace disease": "air space disease", "pleural effusions": "pleural effusion",
           "tortuous aorta": "ectatic aorta", "chf": "congestive heart failure", "small": "little",
           "mildly": "slightly", "mild": "slight", "opacity": "opacification"}  # fmt: skip
_STATED = re.compile(
    r"^(?:There (?:is|are) )?(?P<what>(?:a |an )?(?:mild|small|moderate|stable|minimal|left|right|low|large|bilateral|tortuous|degenerative|calcified|cardiomegaly|scoliosis|emphysema|bibasilar)\b[^,;]{3,90})\.$",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"^(?:There (?:is|are) )?no (?:evidence of |focal |definite |visible |large )?(?P<what>[a-z][a-z ]{3,60}?)(?: is seen| identified| seen| is identified| noted)?\.$",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?<![x×–-] )(?<![x×–-])\b(\d+(?:\.\d+)?) ?(cm|mm)\b")


def damages(sentence: str) -> Iterator[tuple[str, str]]:
    """(kind, damaged sentence) for every damage that fits."""
    denied, stated = _DENIED.match(sentence), _STATED.match(sentence)
    if denied and " or " not in denied["what"] and " and " not in denied["what"] and "change" not in denied["what"]:
        yield "negation", f"There is {denied['what']}."
    if stated and not re.search(r"\b(no|not|without|clear|normal)\b", sentence, re.IGNORECASE):
        yield "negation", f"There is no {re.sub(r'^(a|an) ', '', stated['what'])}."
    if re.search(r"\b(normal|within normal limits|unremarkable)\b", sentence) and re.match(
        r"(The )?heart (size )?", sentence, re.I
    ):
        if re.fullmatch(
            r"(The )?heart (size )?(is |appears )?(normal|within normal limits|unremarkable)( in size)?\.",
            sentence,
            re.I,
        ):
            yield "negation", "The heart is enlarged."
    for kind, table in (
        ("laterality", SIDE),
        ("location", PLACE),
        ("severity", DEGREE),
        ("time", COURSE),
        ("fabrication", FINDING),
    ):
        damaged = _swap(sentence, table)
        if damaged and not (
            kind in ("laterality", "location", "severity", "time")
            and re.search(r"\b(no|not|without|normal)\b", sentence, re.I)
        ):
            if not (
                kind in ("laterality",)
                and re.search(r"right (greater|heart|atri|ventric)|left (greater|atri|ventric)", sentence, re.I)
            ):
                yield kind, damaged
    if re.search(r"\bupper and lower\b", sentence, re.I):
        yield "location", re.sub(r"\bupper and lower\b", "lower and lower", sentence, count=1, flags=re.I)
    aged = re.search(r"\b(acute|chronic|old|new|recent|healed|stable|unchanged|prior|previous)\b", sentence, re.I)
    device = re.search(r"\b(catheter|line|tube|PICC?|AICD|pacemaker|stents?|clips?)\b", sentence, re.I)
    if stated and not aged and not device and not re.search(r"\b(no|not|without|clear|normal)\b", sentence, re.I):
        what = re.sub(r"^(a|an) ", "", stated["what"], flags=re.IGNORECASE)
        yield "time", f"Acute {what[0].lower()}{what[1:]}."
    if size := _SIZE.search(sentence):
        number, unit = float(size[1]), size[2]
        yield "number", sentence[: size.start(1)] + f"{number * 2 + 1:g}" + sentence[size.end(1) :]
        yield "unit", sentence[: size.start(2)] + ("mm" if unit == "cm" else "cm") + sentence[size.end(2) :]


def paraphrases(sentence: str) -> Iterator[tuple[str, str]]:
    """(kind, sentence of the same meaning, or of less) for every change that fits."""
    if renamed := _swap(sentence, SYNONYM):
        yield "synonym", renamed
    denied, stated = _DENIED.match(sentence), _STATED.match(sentence)
    if denied and "large" not in sentence and "definite" not in sentence:
        yield "reworded denial", f"There is no evidence of {denied['what']}."
        yield "reworded denial", f"{denied['what'].capitalize()} is not identified."
    if stated and not re.search(r"\b(no|not|without|clear|normal)\b", sentence, re.IGNORECASE):
        yield "reworded statement", f"{stated['what'].strip().capitalize()} noted."
        bare = re.sub(r"\b(mild|small|moderate|minimal|large)\s", "", stated["what"], count=1)
        if bare != stated["what"] and len(bare.split()) > 1:
            yield "less specific", f"There is {bare}."
    if size := _SIZE.search(sentence):
        number, unit = float(size[1]), size[2]
        turned = f"{number * 10:g} mm" if unit == "cm" else f"{number / 10:g} cm"
        yield "unit converted", sentence[: size.start()] + turned + sentence[size.end() :]
    if " or " in sentence and (match := re.match(r"^(There is )?no (\w[\w ]+) or (\w[\w ]+?)\.$", sentence, re.I)):
        yield "list turned", f"No {match[3]} or {match[2]}."
    yield "case and marks", sentence.rstrip(".").upper() if len(sentence) < 40 else sentence.lower()


def ecg_pairs(data: Path) -> Iterator[Pair]:
    """Measured values and rhythms of LUDB's recordings, true and damaged."""
    for name, values, told, rhythm, said in recordings(data):
        evidence = (*told, f"{rhythm}.", *(f"{statement}." for statement in said))
        for harmless, kind, claim in claims(values, rhythm, said):
            yield Pair(f"ludb-{name}", kind, claim, evidence, harmless)


def synthetic_reports() -> Iterator[tuple[str, list[str]]]:
    """Name and sentences of the synthetic reports of radlabels (MIT), where RADLABELS names the unpacked package."""
    if "RADLABELS" not in os.environ:
        print("RADLABELS is not set: its reports are left out (pip install --no-deps --target DIR radlabels==0.2.0)")
        return
    folder = Path(os.environ["RADLABELS"]) / "radlabels/samples/synthetic_reports"
    for path in sorted(folder.glob("*.txt"), key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        found = [" ".join(sentence.split()) for sentence in sentences(path.read_text(encoding="utf-8"))]
        yield f"radlabels-{path.stem}", [s for s in found if "___" not in s and ":" not in s and len(s.split()) > 1]


def pairs(data: Path) -> list[Pair]:
    """At most PER_KIND pairs of each kind and source of sentences, no sentence twice for one kind."""
    made = [*report_pairs(reports(data), PER_KIND), *report_pairs(synthetic_reports(), PER_KIND // 3)]
    return [*made, *ecg_pairs(data)]


def report_pairs(found: Iterable[tuple[str, list[str]]], most: int) -> Iterator[Pair]:
    """At most `most` pairs of each kind from reports, damaged and harmless."""
    count: Counter[tuple[str, bool]] = Counter()
    seen: set[tuple[str, str]] = set()
    for name, said in found:
        for sentence in said:
            words = set(re.findall(r"[a-z]{4,}", sentence.lower()))
            others = [s for s in said if s != sentence and not words & set(re.findall(r"[a-z]{4,}", s.lower()))]
            for harmless, changes in ((False, damages(sentence)), (True, paraphrases(sentence))):
                for kind, changed in changes:
                    key = (kind, changed.lower())
                    if key in seen or count[kind, harmless] >= most or len(sentence) > 200:
                        continue
                    seen.add(key)
                    count[kind, harmless] += 1
                    evidence = (sentence,) if kind == "fabrication" else (sentence, *others[:3])
                    yield Pair(name, kind, changed, evidence, harmless)


def _right_kind(expected: str, given: str | None) -> bool:
    return given == ("number" if expected == "unit" else expected)


def report(data: Path, reported: bool, errors: int) -> None:
    """Shares caught with the right kind and shares of the harmless flagged, by kind; errors of the development half."""
    rows: dict[tuple[bool, str], list[Judged]] = defaultdict(list)
    shown = 0
    for pair in pairs(data):
        judgement = check(pair.claim, list(pair.evidence))
        caught = judgement.verdict != "supported"
        right = caught and _right_kind(pair.kind, judgement.error_kind)
        good = not caught if pair.harmless else right
        truth = "caught" if caught else "passed"
        if development(pair.report) and not good and shown < errors:
            shown += 1
            print(f"    {'harmless' if pair.harmless else 'damage'} {pair.kind}: {pair.claim!r} → {judgement.verdict}"
                  f" {judgement.error_kind}\n        {pair.evidence}\n        {judgement.why[:160]}")  # fmt: skip
        if development(pair.report) == reported:
            continue
        rows[(pair.harmless, pair.kind)].append(Judged(pair.report, truth, "right" if good else "wrong", float(caught)))
    for (harmless, kind), judged in sorted(rows.items()):
        caught_share = sum(j.score for j in judged) / len(judged)
        right_share = sum(j.verdict == "right" for j in judged) / len(judged)
        label = f"harmless, {kind}: flagged {caught_share:.3f}" if harmless else (
            f"damage, {kind}: caught {caught_share:.3f}, with the right kind {right_share:.3f}")  # fmt: skip
        print(f"{label} (n={len(judged)})")
    for harmless in (False, True):
        every = [j for (h, _), judged in rows.items() if h == harmless for j in judged]
        if harmless:
            print("harmless flagged, all:", interval(every, lambda some: sum(j.score for j in some) / len(some)))
        else:
            print("damage caught, all:", interval(every, lambda some: sum(j.score for j in some) / len(some)))
            print("damage caught with the right kind, all:",
                  interval(every, lambda some: sum(j.verdict == "right" for j in some) / len(some)))  # fmt: skip
