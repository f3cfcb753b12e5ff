"""Names of persons in free text: after a title or a heading, before a degree, in pairs of known names, and those that
a model of names finds where none of these does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from assistant.ingest.deid.lexicon import EPONYM_NOUNS, eponyms, folded, given_names, surnames, words
from assistant.ingest.deid.ner import persons
from assistant.ingest.deid.spans import Span

_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_]{2})|-(?=[^\W\d_])){0,40}")
_PARTICLES = frozenset("van von der den de la los del da dos di du bin binti ibn al el le ter ten zu zum of y e abu st".split())  # fmt: skip  # noqa: SIM905
_CREDENTIALS = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|PA-C|N\.?P\.?|Ph\.?D\.?|FRCR|FRCP|FRCS|MRCP|MBBS|MBChB|RT\(R\)|R\.?T\.?|ARRT|CRNP|APRN|LPN|DDS|"
    r"PharmD|FACC|FACR|DVM|CNM|LCSW)"
)
# Words with which no name begins or goes on: what stands after one, beside one or in a form.
_STOPS = frozenset(
    """the a an and or is was were are be been has had have will who whom with without of in on at to from by for as
    this that she he they we you it his her their our your mr mrs ms dr md do rn np phd frcr jr mrn dob ssn id no nr
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
_TITLE_WORDS = (
    r"Drs?|Doctor|Dres|Prof(?:essor)?|Mr|Mrs|Ms|Miss|Mister|Sir|Dame|Rev|Nurse|Sister|Sgt|Capt|Herrn?|Frau|Hr|Fr|Oberarzt|Oberärztin|"
    r"Chefarzt|Chefärztin|Assistenzarzt|Assistenzärztin|Monsieur|Madame|Mme|Señora?|Sra|Sig"
)
_TITLED = re.compile(
    rf"(?<![\w-])(?P<title>{_TITLE_WORDS})(?P<dot>\.?)[ ]{{1,2}}"
    rf"(?:(?:{_TITLE_WORDS}|med|Dipl\.-\w{{2,8}}|habil|rer|nat|h\.c|PD|Priv\.-Doz)\.?[ ]{{1,2}}){{0,4}}",
    re.IGNORECASE,
)
_ROLES = (
    r"patient(?:in|en)?(?:'s)?(?: name)?|pt\.?(?: name)?|name(?: of patient| des patienten)?|surname|last name|first name|given name|nachname|vorname|"
    r"(?:referring|referred|attending|ordering|reporting|reviewing|requesting|treating|primary care|family|admitting|responsible|supervising|interpreting|performing|consulting)"
    r"[ ](?:physician|doctor|md|provider|clinician|radiologist|cardiologist|consultant|surgeon|by|practitioner|nurse)(?: radiologist)?|"
    r"referrer|attending|physician|provider|radiologist|cardiologist|pathologist|technologist|technician|sonographer|consultant|resident|fellow|surgeon|"
    r"clinician|gp|pcp|operator|author|transcriptionist|"
    r"(?:electronically |digitally )?(?:dictated|transcribed|signed|reported|read|interpreted|verified|reviewed|approved|finali[sz]ed|authenticated|authori[sz]ed|"
    r"performed|requested|referred|prepared|entered|typed|validated|checked|seen|examined|ordered|reported)(?: electronically| and \w{4,12})?(?: by| for)?|"
    r"cc|copy to|copies to|attn|attention|re|gez|gezeichnet|überweiser|zuweiser|zuweisende\w* \w{4,10}|befunder|befundet von|arzt|ärztin|radiologe|radiologin|"
    r"next of kin|mother|father|spouse|husband|wife|emergency contact|guardian|contact(?: person)?|to|from|attending radiologist|signature|pn|patient's name"
)
_HEADED = re.compile(rf"(?<![\w-])(?P<role>{_ROLES})[ \t]?(?P<colon>[:\-–][ \t]{{0,3}}|\.[ ]|[ ])", re.IGNORECASE)
# Roles after which a name follows without a colon; after the others only a known name does.
_SIGNING = re.compile(r".*\b(?:by|gez|gezeichnet|name|pn|befundet von)", re.IGNORECASE)
_TOLD = re.compile(
    r"(?<![\w-])(?:(?:discussed|spoke|spoken|reviewed|communicated|conveyed|reported|relayed|given|sent|mailed|faxed|forwarded|called|addressed|copied|results?|letter|thanks|"
    r"report|paged)(?: \w{2,12}){0,3} (?:with|to|by)|according to|informed|notified|contacted|telephoned|accompanied by|named|called|thank you for (?:referring|sending|asking \w+ to see)|"
    r"mit freundlichen grüßen|son|daughter|husband|wife|mother|father|brother|sister|partner|spouse|aunt|uncle|cousin|niece|nephew|grand(?:mother|father|son|daughter)|neighbou?r|friend|carer|caregiver|colleague|"
    r"saw|seen by|met|i am|my name is|yours sincerely|sincerely|regards|im auftrag von|von|per)[,:]?[ ](?:(?:a|the|her|his)[ ](?:son|daughter|husband|wife),?[ ])?",
    re.IGNORECASE,
)
_CREDENTIALLED = re.compile(rf",?[ ](?={_CREDENTIALS}(?![\w-]))")
_CARETED = re.compile(r"(?<![\w^])(?=[^\W_a-z])[^\W\d_]['’\w-]{1,40}(?:\^(?:[^\W\d_][\w'’.-]{0,40})?){1,4}")
_LOWER_TITLES = frozenset(("mr", "mrs", "dr", "prof"))
_BEFORE_NOUN = re.compile(rf"(?:['’]s)?[ -](?:[A-Z][ ])?(?:{EPONYM_NOUNS})s?\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.?!\n]{1,2000}(?:[.](?=\w)[^.?!\n]{0,2000}){0,20}")


def find_names(text: str, taken: Sequence[Span] = ()) -> Iterator[Span]:
    """Names of persons in `text`; `taken` are spans found before, in which the model need not look."""
    found = [*_by_rule(text)]
    yield from found
    yield from _by_model(text, [*taken, *found])


def _by_rule(text: str) -> Iterator[Span]:
    for match in _CARETED.finditer(text):
        yield Span(match.start(), match.end(), "name")
    for match in _TITLED.finditer(text):
        if (end := _end_after_title(text, match)) is not None:
            yield Span(match.end(), end, "name")
    for match in _HEADED.finditer(text):
        if (end := _end_after_role(text, match)) is not None:
            yield Span(match.end(), end, "name")
    for match in _TOLD.finditer(text):
        end = _walk(text, match.end())
        if end is not None and _is_new(text[match.end() : end]):
            yield Span(match.end(), end, "name")
    for match in _CREDENTIALLED.finditer(text):
        start = _walk_back(text, match.start())
        if start is not None:
            yield Span(start, match.start(), "name")
    yield from _pairs(text)


def _end_after_title(text: str, match: re.Match[str]) -> int | None:
    title, dotted = match["title"], bool(match["dot"])
    before = text[max(0, match.start() - 2) : match.start()]
    if title.lower() in ("fr", "ms", "hr", "sig") and re.search(r"\d ?$", before):
        return None  # 12 Fr, 92 ms
    if title.islower() and not dotted and title not in _LOWER_TITLES:
        return None
    sure = dotted or title not in (
        "MR",
        "DR",
        "MS",
        "FR",
        "HR",
        "Sig",
        "Fr",
        "Hr",
        "Sister",
        "Nurse",
        "NURSE",
        "SISTER",
    )
    end = _walk(text, match.end(), lower=title.lower() not in ("nurse", "sister", "fr", "hr", "rev"), sure=sure)
    if end is not None and not sure and not _is_known(text[match.end() : end]):
        return None
    return end


def _end_after_role(text: str, match: re.Match[str]) -> int | None:
    colon = ":" in match["colon"]
    role = match["role"].lower()
    if role in ("to", "from", "re", "cc", "contact", "attention") and not colon:
        return None
    signing = colon or _SIGNING.match(role) is not None
    end = _walk(text, match.end(), lower=signing and (colon or "name" in role), comma=True, sure=signing)
    if end is None:
        return None
    name = text[match.end() : end]
    return end if (signing and _is_new(name)) or _is_known(name) else None


def _is_new(name: str) -> bool:
    """Whether some word of it is no word of English or medicine, but may be a name."""
    return any(_kind(token[0]) in ("name", "new", "both") for token in _TOKEN.finditer(name))


def _is_known(name: str) -> bool:
    return any(_kind(token[0]) == "name" for token in _TOKEN.finditer(name))


@lru_cache(maxsize=65536)
def _kind(word: str) -> str:
    """ "name", "word", "both", "eponym", "new" or "stop" (no name goes on with it); of a word with hyphens, what its
    parts come to. "both" is a name that is a word of English or medicine, or a given name that is an eponym, too."""
    low = folded(word).removesuffix("'s")
    if low in _STOPS:
        return "stop"
    if "-" in low:
        return _kind_of_parts({_kind(part) for part in low.split("-") if part and part not in _PARTICLES})
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
    r"(?:cillin|m[yi]cin|azole|prazole|oprilat|[a-z]{3}pril|[a-z]{3}olol|statin|[a-z]{3}vir|[a-z]{3}mab|floxacin|[a-z]{3}caine|cycline|"
    r"sartan|dipine|setron|triptan|parin|gliptin|gliflozin|glitazone|thiazide|semide|azepam|zolam|barbital|codone|morphone|"
    r"[a-z]{3}tidine|phylline|profen|oxetine|triptyline|[a-z]{3}amine|[a-z]{3}idone|[a-z]{3}odol|zepine|cef\w+|sulfa\w+|[a-z]{3}oscopy|"
    r"[a-z]{3}graphy|[a-z]{3}ectomy|[a-z]{3}itis|[a-z]{3}osis|[a-z]{3}emia|[a-z]{3}bicin|platin|taxel|tinib|zumab|lukast|terol|sonide|asone)$"
)
_PREFIX = re.compile(r"^(?:Mc|Mac|De|Di|La|Le|Van|Al|O'|O’|D'|D’|Fitz|El|Da|Du|Mc)(?=[A-Z])")


def _walk(text: str, start: int, *, lower: bool = False, comma: bool = False, sure: bool = False) -> int | None:
    """Where the name ends that begins at `start`; None if none does.

    `lower`: words in small letters may be part of it; `comma`: it may be "Last, First"; `sure`: a name is awaited, so
    that its first word may be one of English, too.
    """
    position, count, commas = start, 0, 0
    end: int | None = None
    before = ""  # the word before
    while count < 6 and (token := _TOKEN.match(text, position)):
        word, after = token[0], token.end()
        if len(word) == 1:
            if not _is_initial(text, token, first=end is None, lower=lower):
                break
            after += text.startswith(".", after)
        elif folded(word) in _PARTICLES and _GOES_ON.match(text, after) and not (word.isupper() and len(word) < 3):
            position, count = after + 1, count + 1
            continue
        elif folded(word) in ("jr", "sr", "ii", "iii", "iv") and end is not None:
            after += text.startswith(".", after)
        elif not _may_be_part(text, token, before, lower=lower, comma=comma and not commas, sure=sure):
            break
        elif before and len(word) > 3 and _kind(word) != "name" and _BEFORE_NOUN.match(text, after):
            break
        end, position, count, before = after, after, count + 1, word
        if gap := _GAP.match(text, position):
            position = gap.end()
        elif comma and not commas and (gap := _COMMA.match(text, position)):
            commas, position = 1, gap.end()
        else:
            break
    if end is not None and not sure and _BEFORE_NOUN.match(text, end):
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
    kind = _kind(word)
    if kind in ("stop", "word") and not word.islower():
        if len(before) == 1 and sure and kind == "word":
            return True  # John Q. Public
        if before and kind == "stop" and folded(word) in surnames() and _kind(before) == "name":
            return folded(word) in ("may", "march", "august", "april", "june") and not re.match(
                r" \d", text[token.end() :][:2]
            )
        following = _GIVEN_NEXT.match(text, token.end())
        return bool(
            comma and sure and following and folded(following[1]) in given_names() and _kind(following[1]) != "stop"
        )
    if kind in ("stop", "word"):
        return len(before) == 1 and before.islower() and lower and kind == "word"
    if word.islower():
        if not lower or (len(word) < 3 and kind != "both"):
            return False
        if kind in ("name", "new"):
            return kind == "name" or len(word) > 3
        if before:
            return sure and folded(word) in surnames() and (_kind(before) == "name" or len(before) == 1)
        following_word = _TOKEN.match(text, token.end() + 1)
        return sure and following_word is not None and _kind(following_word[0]) in ("name", "new", "both")
    if word.isupper() and len(word) <= 3:
        return kind == "name" or (kind == "both" and sure and not before)
    return kind not in ("both", "eponym") or sure or bool(before) or (kind == "both" and _opens_pair(text, token))


def _opens_pair(text: str, token: re.Match[str]) -> bool:
    """Whether a word that may be a given name stands before one that may be a surname: "Thomas Young"."""
    following = _TOKEN.match(text, token.end() + 1) if text[token.end() : token.end() + 1] == " " else None
    if following is None or not following[0][0].isupper() or folded(token[0]) not in given_names():
        return False
    low = folded(following[0])
    return low in surnames() and low not in eponyms() and _BEFORE_NOUN.match(text, following.end()) is None


def _walk_back(text: str, end: int) -> int | None:
    """Where the name begins that ends before a degree (", MD"), or None."""
    tokens = [t for t in re.finditer(r"[^\W\d_][\w'’-]*\.?", text[max(0, end - 60) : end])]
    offset = max(0, end - 60)
    start: int | None = None
    position = end
    for token in reversed(tokens[-5:]):
        word = token[0].rstrip(".")
        if offset + token.end() < position - 2 or word.islower() and word not in _PARTICLES:
            break
        if text[offset + token.end() : position].strip(" "):
            break
        if len(word) > 1 and word not in _PARTICLES and _kind(word) in ("stop", "word"):
            break
        if word not in _PARTICLES:
            start = offset + token.start()
        position = offset + token.start()
    if start is None or not _is_new(text[start:end]) or re.match(r",? MD \d{5}", text[end : end + 10]):
        return None
    return start


def _pairs(text: str) -> Iterator[Span]:
    """A given name and a surname side by side, in whatever case, an initial between them or none; and "Last, First"."""
    tokens = list(_TOKEN.finditer(text))
    for at, one in enumerate(tokens[:-1]):
        two = tokens[at + 1]
        first = folded(one[0])
        if first in given_names():
            if len(two[0]) == 1 and two[0].isupper() and at + 2 < len(tokens):
                two = tokens[at + 2]
            if _BETWEEN.fullmatch(text, one.end(), two.start()) and _is_pair(text, one, two):
                yield Span(one.start(), _walk(text, two.start()) or two.end(), "name")
        if (
            first in surnames()
            and text[one.end() : two.start()] == ", "
            and one[0][0].isupper()
            and two[0][0].isupper()
        ):
            if (
                folded(two[0]) in given_names()
                and _kind(one[0]) == _kind(two[0]) == "name"
                and min(len(first), len(two[0])) > 2
            ):
                yield Span(one.start(), two.end(), "name")


_BETWEEN = re.compile(r"[ ]{1,2}(?:[A-Z]\.?[ ])?(?:(?:van|von|de|del|der|la|al|bin)[ ]){0,2}")
_PATIENT_BEFORE = re.compile(r"\b(?:patient|pt\.?|with|by|to|and|from)[ ]$", re.IGNORECASE)


def _is_pair(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    one, two = _kind(first[0]), _kind(second[0])
    if min(len(first[0]), len(second[0])) < 2 or _BEFORE_NOUN.match(text, second.end()):
        return False
    initial = any(c.isupper() for c in text[first.end() : second.start()])
    if first[0][0].islower() or second[0][0].islower():
        if not (one == two == "name" and first[0].islower() and second[0].islower()):
            return False
        sentence = text[max(0, first.start() - 40) : second.end() + 40]
        return sentence.islower() or _PATIENT_BEFORE.search(text, max(0, first.start() - 12), first.start()) is not None
    if first[0].isupper() != second[0].isupper() and len(second[0]) > 2:
        return False
    if initial:
        return one == "name" and two != "stop"
    if first[0].isupper():
        return one == two == "name" and min(len(first[0]), len(second[0])) > 2
    if one == "name":
        return two in ("name", "both", "new") or (two == "eponym" and folded(second[0]) in surnames())
    return one == "both" and (two == "name" or (folded(first[0]) in eponyms() and _opens_pair(text, first)))


def _by_model(text: str, taken: Sequence[Span]) -> Iterator[Span]:
    """Persons that the model names, in sentences in English with a capitalised word that is none of medicine."""
    free = bytearray(b"\1") * len(text)
    for span in taken:
        free[span.start : span.end] = bytes(span.end - span.start)
    sentences = [m for m in _SENTENCE.finditer(text) if _has_candidate(m, free)]
    wordings = list(dict.fromkeys(m[0] for m in sentences))
    found = dict(zip(wordings, persons(wordings), strict=True))
    for sentence in sentences:
        for start, end in found[sentence[0]]:
            if trimmed := _trimmed(text, sentence.start() + start, sentence.start() + end):
                yield Span(*trimmed, "name")


_CAPITALISED = re.compile(r"(?<![\w^])[^\W\d_a-zà-ÿ][^\W\d_]*[a-zà-ÿ](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
_GERMAN = re.compile(
    r"\b(?:der|die|das|und|mit|kein|keine|nicht|ist|im|zum|zur|bei|ohne|des|wurde|vom|eine?r?|bis|nach)\b"
)
_ENGLISH = re.compile(
    r"\b(?:the|of|and|is|no|with|was|are|in|to|for|there|has|on|by|at|without|were|a)\b", re.IGNORECASE
)


def _has_candidate(sentence: re.Match[str], free: bytearray) -> bool:
    for match in _CAPITALISED.finditer(sentence[0]):
        if free[sentence.start() + match.start()] and _kind(match[0]) in ("name", "new"):
            return len(_GERMAN.findall(sentence[0])) <= len(_ENGLISH.findall(sentence[0]))
    return False


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A person of the model without words at its edges that are none of a name; None where nothing remains."""
    tokens = [t for t in _TOKEN.finditer(text, start, end)]
    while tokens and not _could_be_name(tokens[0][0]):
        del tokens[0]
    while tokens and not _could_be_name(tokens[-1][0]):
        del tokens[-1]
    kinds = [_kind(t[0]) for t in tokens]
    if not set(kinds) & {"name", "new"} or ("," in text[start:end] and "name" not in kinds):
        return None
    if len(tokens) == 1 and kinds[0] == "new" and not _ACTS.match(text, tokens[0].end()):
        return None
    if _BEFORE_NOUN.match(text, tokens[-1].end()):
        return None
    return tokens[0].start(), tokens[-1].end()


# What a person does, and no medicine: one unknown word before it is a name.
_ACTS = re.compile(
    r"(?:['’]s[ ](?:wife|husband|son|daughter|mother|father))|[ ](?:called|says|said|reports|reported|denies|denied|states|stated|"
    r"agrees|agreed|presented|presents|complains|complained|lives|works|came|went|told|feels|felt|asked|wants|wished|took|saw)\b"
)


def _could_be_name(word: str) -> bool:
    return word[0].isupper() and _kind(word) in ("name", "new", "both") and not (word.isupper() and len(word) < 4)
