"""Sentences of reports, damaged so that a checker must notice, or reworded so that it must not.

By plain substitution, without the vocabulary that the verifier uses. A change is made only where the sentence is
simple enough for the outcome to be certain: one word of the table, no denial where that would turn the sense, no
comparison of sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

SIDE = {"left": "right", "right": "left", "left-sided": "right-sided", "right-sided": "left-sided"}
PLACE = {
    "upper lobe": "lower lobe", "lower lobe": "upper lobe", "middle lobe": "upper lobe", "apical": "basilar",
    "basilar": "apical", "apex": "base", "base": "apex", "bibasilar": "biapical", "retrocardiac": "apical",
    "upper": "lower", "thoracic spine": "cervical spine", "perihilar": "apical",
}  # fmt: skip
DEGREE = {
    "mild": "severe", "mildly": "severely", "minimal": "severe", "small": "large", "moderate": "mild",
    "large": "small", "severe": "mild", "moderately": "mildly", "slight": "marked", "tiny": "large", "marked": "mild",
}  # fmt: skip
COURSE = {
    "stable": "new", "unchanged": "increased", "increased": "decreased", "decreased": "increased",
    "improved": "worsened", "new": "unchanged",
}  # fmt: skip
FINDING = {
    "pneumothorax": "rib fracture", "pleural effusion": "pneumothorax", "effusion": "pneumothorax",
    "cardiomegaly": "pleural effusion", "atelectasis": "pneumothorax", "consolidation": "cardiomegaly",
    "granuloma": "pleural effusion", "scoliosis": "pneumonia", "pneumonia": "scoliosis", "emphysema": "cardiomegaly",
    "edema": "fracture", "infiltrate": "granuloma", "hiatal hernia": "pneumothorax", "nodule": "pleural effusion",
    "fracture": "pneumothorax",
}  # fmt: skip
SYNONYM = {
    "pleural effusion": "pleural fluid", "cardiomegaly": "cardiac enlargement", "edema": "oedema",
    "within normal limits": "normal", "unremarkable": "normal", "pneumothoraces": "pneumothorax",
    "atelectasis": "atelectatic change", "osseous": "bony", "heart": "cardiac silhouette",
    "copd": "chronic obstructive pulmonary disease", "degenerative changes": "degenerative change",
    "airspace disease": "air space disease", "pleural effusions": "pleural effusion",
    "tortuous aorta": "ectatic aorta", "chf": "congestive heart failure", "small": "little", "mildly": "slightly",
    "mild": "slight", "opacity": "opacification",
}  # fmt: skip
_STATED = re.compile(
    r"^(?:There (?:is|are) )?(?P<what>(?:a |an )?(?:mild|small|moderate|stable|minimal|left|right|low|large|bilateral"
    r"|tortuous|degenerative|calcified|cardiomegaly|scoliosis|emphysema|bibasilar)\b[^,;]{3,90})\.$",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"^(?:There (?:is|are) )?no (?:evidence of |focal |definite |visible |large )?(?P<what>[a-z][a-z ]{3,60}?)"
    r"(?: is seen| identified| seen| is identified| noted)?\.$",
    re.IGNORECASE,
)
_NORMAL_HEART = re.compile(
    r"(The )?heart (size )?(is |appears )?(normal|within normal limits|unremarkable)( in size)?\.", re.IGNORECASE
)
_DENIAL = re.compile(r"\b(no|not|without|normal)\b", re.IGNORECASE)
_NOT_TO_DENY = re.compile(r"\b(no|not|without|clear|normal)\b", re.IGNORECASE)
_SIDES_COMPARED = re.compile(r"right (greater|heart|atri|ventric)|left (greater|atri|ventric)", re.IGNORECASE)
_AGED = re.compile(r"\b(acute|chronic|old|new|recent|healed|stable|unchanged|prior|previous)\b", re.IGNORECASE)
_DEVICE = re.compile(r"\b(catheter|line|tube|PICC?|AICD|pacemaker|stents?|clips?)\b", re.IGNORECASE)
_SIZE = re.compile(r"(?<![x×–-] )(?<![x×–-])\b(\d+(?:\.\d+)?) ?(cm|mm)\b")
_LIST = re.compile(r"^(There is )?no (\w[\w ]+) or (\w[\w ]+?)\.$", re.IGNORECASE)
_TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("laterality", SIDE),
    ("location", PLACE),
    ("severity", DEGREE),
    ("time", COURSE),
    ("fabrication", FINDING),
)


def damages(sentence: str) -> Iterator[tuple[str, str]]:
    """(kind, damaged sentence) for every damage that fits; the kinds are error kinds, and "unit"."""
    denied, stated = _DENIED.match(sentence), _STATED.match(sentence)
    if denied and " or " not in denied["what"] and " and " not in denied["what"] and "change" not in denied["what"]:
        yield "negation", f"There is {denied['what']}."
    if stated and not _NOT_TO_DENY.search(sentence):
        yield "negation", f"There is no {_bare(stated['what'])}."
    if _NORMAL_HEART.fullmatch(sentence):
        yield "negation", "The heart is enlarged."
    for kind, table in _TABLES:
        damaged = _swap(sentence, table)
        if damaged is None or (kind != "fabrication" and _DENIAL.search(sentence)):
            continue
        if kind != "laterality" or not _SIDES_COMPARED.search(sentence):
            yield kind, damaged
    if re.search(r"\bupper and lower\b", sentence, re.IGNORECASE):
        yield "location", re.sub(r"\bupper and lower\b", "lower and lower", sentence, count=1, flags=re.IGNORECASE)
    if stated and not (_AGED.search(sentence) or _DEVICE.search(sentence) or _NOT_TO_DENY.search(sentence)):
        what = _bare(stated["what"])
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
    if stated and not _NOT_TO_DENY.search(sentence):
        yield "reworded statement", f"{stated['what'].strip().capitalize()} noted."
        bare = re.sub(r"\b(mild|small|moderate|minimal|large)\s", "", stated["what"], count=1)
        if bare != stated["what"] and len(bare.split()) > 1:
            yield "less specific", f"There is {bare}."
    if size := _SIZE.search(sentence):
        number, unit = float(size[1]), size[2]
        turned = f"{number * 10:g} mm" if unit == "cm" else f"{number / 10:g} cm"
        yield "unit converted", sentence[: size.start()] + turned + sentence[size.end() :]
    if " or " in sentence and (match := _LIST.match(sentence)):
        yield "list turned", f"No {match[3]} or {match[2]}."
    yield "case and marks", sentence.rstrip(".").upper() if len(sentence) < 40 else sentence.lower()


def _swap(sentence: str, table: Mapping[str, str]) -> str | None:
    """The sentence with the first word of `table` that it has replaced; None if it has none, or several."""
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, table)) + r")\b", re.IGNORECASE)
    met = pattern.findall(sentence)
    if len(met) != 1:
        return None
    new = table[met[0].lower()]
    return pattern.sub(new.capitalize() if met[0][0].isupper() else new, sentence)


def _bare(what: str) -> str:
    return re.sub(r"^(a|an) ", "", what, flags=re.IGNORECASE)
