"""What a word can be within a name, and where a name ends that begins at a place."""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.ingest.deid.lexicon import EPONYM_NOUNS, eponyms, folded, given_names, surnames, words

TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_]{2})|-(?=[^\W\d_])){0,40}")
PARTICLES = frozenset(
    """van von der den de la los del da dos di du bin binti ibn al el le ter ten zu zum of y e abu st""".split()  # noqa: SIM905
)
# Words with which no name begins or goes on: what stands after one, beside one or in a form.
_STOPS = frozenset(
    """the a an and or is was were are be been has had have will who whom with without of in on at to from by for as
    herr herrn frau prof this that she he they we you it his her their our your mr mrs ms dr md do rn np phd frcr
    jr mrn dob ssn id no nr
    sex age male female patient pt name date time tel phone fax mobile address email ct mri mr us cr dx xr pet nm ecg
    ekg icu er ed or picu nicu copd chf cad dm htn gerd afib acute chest left right and/or re cc ref exam study report
    findings impression indication technique comparison history clinical conclusion diagnosis procedure addendum und
    der die das mit ohne ist wird wurde war im am an auf bei zur zum von vom hat des dem den ein eine einer geb geboren
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday today yesterday tomorrow tonight unknown none nil self same above below see unable
    electronically signed dictated verified reviewed attending consultant resident radiologist physician nurse doctor
    via per not denies reports presents please would could should can did does pacs ris his hl7 dicom mwl sr
    view views portable upright supine lateral frontal and""".split()  # noqa: SIM905
)
BEFORE_NOUN = re.compile(rf"(?:['’]s)?[ -](?:[A-Z][ ])?(?:{EPONYM_NOUNS})s?\b")


@lru_cache(maxsize=65536)
def kind_of(word: str) -> str:
    """ "name", "word", "both", "eponym", "new" or "stop" (no name goes on with it); of a word with hyphens, what its
    parts come to. "both" is a name that is a word of English or medicine, or a given name that is an eponym, too."""
    low = folded(word).removesuffix("'s")
    if low in _STOPS:
        return "stop"
    if "-" in low:
        return _kind_of_parts({kind_of(part) for part in low.split("-") if part and part not in PARTICLES})
    is_name = low in given_names() or low in surnames()
    if low in words():
        return "both" if is_name else "word"
    if low in eponyms():
        return "both" if low in given_names() else "eponym"
    if is_name:
        return "name"
    if _DRUG.search(low) or re.search(r"[a-z][A-Z]", _PREFIX.sub("", word)) or low.removesuffix("s") in words():
        return "word"
    return "new"


def _kind_of_parts(kinds: set[str]) -> str:
    if not kinds or kinds & {"word", "stop"}:
        return "word"
    if "name" in kinds and "eponym" not in kinds:
        return "name"
    return "eponym" if "eponym" in kinds else "both" if "both" in kinds else "new"


_DRUG = re.compile(
    r"(?:cillin|m[yi]cin|azole|prazole|oprilat|[a-z]{3}pril|[a-z]{3}olol|statin|[a-z]{3}vir|[a-z]{3}mab|floxacin|"
    r"[a-z]{3}caine|cycline|"
    r"sartan|dipine|setron|triptan|parin|gliptin|gliflozin|glitazone|thiazide|semide|azepam|zolam|barbital|codone|"
    r"morphone|"
    r"[a-z]{3}tidine|phylline|profen|oxetine|triptyline|[a-z]{3}amine|[a-z]{3}idone|[a-z]{3}odol|zepine|cef\w+|"
    r"sulfa\w+|[a-z]{3}oscopy|"
    r"[a-z]{3}graphy|[a-z]{3}ectomy|[a-z]{3}itis|[a-z]{3}osis|[a-z]{3}emia|[a-z]{3}bicin|platin|taxel|tinib|zumab|"
    r"lukast|terol|sonide|asone)$"
)
_PREFIX = re.compile(r"^(?:Mc|Mac|De|Di|La|Le|Van|Al|O'|O’|D'|D’|Fitz|El|Da|Du|Mc)(?=[A-Z])")


def end_of_name(text: str, start: int, *, lower: bool = False, comma: bool = False, sure: bool = False) -> int | None:
    """Where the name ends that begins at `start`; None if none does.

    `lower`: words in small letters may be part of it; `comma`: it may be "Last, First"; `sure`: a name is awaited, so
    that its first word may be one of English, too.
    """
    position, count, commas = start, 0, 0
    end: int | None = None
    before = ""  # the word before
    while count < 6 and (token := TOKEN.match(text, position)):
        word, after = token[0], token.end()
        if len(word) == 1:
            if not _is_initial(text, token, first=end is None, lower=lower):
                break
            after += text.startswith(".", after)
        elif (
            folded(word) in PARTICLES
            and _GOES_ON.match(text, after)
            and (before or not (word.isupper() and len(word) < 3))
        ):
            position, count = after + 1, count + 1
            continue
        elif folded(word) in ("jr", "sr", "ii", "iii", "iv") and end is not None:
            after += text.startswith(".", after)
        elif not _may_be_part(text, token, before, lower=lower, comma=comma and not commas, sure=sure):
            break
        end, position, count, before = after, after, count + 1, word
        if gap := _GAP.match(text, position):
            position = gap.end()
        elif comma and not commas and (gap := _COMMA.match(text, position)):
            commas, position = 1, gap.end()
        else:
            break
    if end is not None and not sure and BEFORE_NOUN.match(text, end):
        return None
    return end


_GOES_ON = re.compile(r"[ -]['’]?[^\W\d_]")
_GAP = re.compile(r"[ \t]{1,2}(?=[^\W\d_])|-(?=[A-Z])")
_COMMA = re.compile(r",[ ]{0,2}(?=[^\W\d_])")
_GIVEN_NEXT = re.compile(r",[ ]{0,2}([^\W\d_]{2,20})")


def _is_initial(text: str, token: re.Match[str], *, first: bool, lower: bool) -> bool:
    after = text[token.end() : token.end() + 3]
    if after[:1].isdigit() or after[:1] in ("/", "'", "’") or not (token[0].isupper() or (lower and after[:1] == ".")):
        return False
    return not first or re.match(r"\.?[ -]?[^\W\d_]|\.(?:\s|$)", after) is not None


def _may_be_part(text: str, token: re.Match[str], before: str, *, lower: bool, comma: bool, sure: bool) -> bool:
    """Whether a word may open a name (`before` is empty) or go on with one."""
    word = token[0]
    kind = kind_of(word)
    if before and len(word) > 3 and kind != "name" and BEFORE_NOUN.match(text, token.end()):
        return False
    if kind in ("stop", "word") and not word.islower():
        if len(before) == 1 and sure and kind == "word":
            return True  # John Q. Public
        if before and kind == "stop" and folded(word) in surnames() and kind_of(before) == "name":
            return folded(word) in ("may", "march", "august", "april", "june") and not re.match(
                r" \d", text[token.end() :][:2]
            )
        following = _GIVEN_NEXT.match(text, token.end())
        return bool(
            comma and sure and following and folded(following[1]) in given_names() and kind_of(following[1]) != "stop"
        )
    if kind in ("stop", "word"):
        return len(before) == 1 and before.islower() and lower and kind == "word"
    if word.islower():
        if not lower or (len(word) < 3 and kind != "both"):
            return False
        if kind in ("name", "new"):
            return kind == "name" or len(word) > 3
        if before:
            return sure and folded(word) in surnames() and (kind_of(before) == "name" or len(before) == 1)
        following_word = TOKEN.match(text, token.end() + 1)
        return sure and following_word is not None and kind_of(following_word[0]) in ("name", "new", "both")
    if word.isupper() and len(word) <= 3:
        return kind == "name" or (kind == "both" and sure and not before)
    return kind not in ("both", "eponym") or sure or bool(before) or (kind == "both" and opens_pair(text, token))


def opens_pair(text: str, token: re.Match[str]) -> bool:
    """Whether a word that may be a given name stands before one that may be a surname: "Thomas Young"."""
    following = TOKEN.match(text, token.end() + 1) if text[token.end() : token.end() + 1] == " " else None
    if following is None or not following[0][0].isupper() or folded(token[0]) not in given_names():
        return False
    low = folded(following[0])
    return low in surnames() and low not in eponyms() and BEFORE_NOUN.match(text, following.end()) is None
