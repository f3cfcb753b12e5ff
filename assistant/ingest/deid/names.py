"""Names of persons in free text: after a title or a heading, before a degree, in pairs of known names, and those that
a model of names finds where none of these does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.ingest.deid.lexicon import eponyms, folded, given_names, surnames, words
from assistant.ingest.deid.name_words import BEFORE_NOUN, PARTICLES, TOKEN, end_of_name, kind_of, opens_pair
from assistant.ingest.deid.ner import persons
from assistant.ingest.deid.spans import Span

_CREDENTIALS = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|PA-C|N\.?P\.?|Ph\.?D\.?|FRCR|FRCP|FRCS|MRCP|MBBS|MBChB|RT\(R\)|R\.?T\.?|ARRT|"
    r"CRNP|APRN|LPN|DDS|"
    r"PharmD|FACC|FACR|DVM|CNM|LCSW)"
)
_TITLE_WORDS = (
    r"Drs?|Doctor|Dres|Prof(?:essor)?|Mr|Mrs|Ms|Miss|Mister|Sir|Dame|Rev|Nurse|Sister|Sgt|Capt|Herrn?|Frau|Hr|Fr|"
    r"Oberarzt|Oberärztin|"
    r"Chefarzt|Chefärztin|Assistenzarzt|Assistenzärztin|Monsieur|Madame|Mme|Señora?|Sra|Sig"
)
_TITLED = re.compile(
    rf"(?<![\w-])(?P<title>{_TITLE_WORDS})(?P<dot>\.?)[ ]{{1,2}}"
    rf"(?:(?:{_TITLE_WORDS}|med|Dipl\.-\w{{2,8}}|habil|rer|nat|h\.c|PD|Priv\.-Doz)\.?[ ]{{1,2}}){{0,4}}",
    re.IGNORECASE,
)
_ROLES = (
    r"patient(?:in|en)?(?:'s)?(?: name)?|pt\.?(?: name)?|name(?: of patient| des patienten)?|surname|last name|"
    r"first name|given name|nachname|vorname|"
    r"(?:referring|referred|attending|ordering|reporting|reviewing|requesting|treating|primary care|family|"
    r"admitting|responsible|supervising|interpreting|performing|consulting)"
    r"[ ](?:physician|doctor|md|provider|clinician|radiologist|cardiologist|consultant|surgeon|by|practitioner|"
    r"nurse)(?: radiologist)?|"
    r"referrer|referring|attending|physician|provider|radiologist|cardiologist|pathologist|technologist|technician|"
    r"sonographer|consultant|resident|fellow|surgeon|"
    r"clinician|gp|pcp|operator|author|transcriptionist|"
    r"(?:electronically |digitally )?(?:dictated|transcribed|signed|reported|read|interpreted|verified|reviewed|"
    r"approved|finali[sz]ed|authenticated|authori[sz]ed|"
    r"performed|requested|referred|prepared|entered|typed|validated|checked|seen|examined|ordered|"
    r"reported)(?: electronically| and \w{4,12})?(?: by| for)?|"
    r"cc|copy to|copies to|attn|attention|re|gez|gezeichnet|überweiser|zuweiser|zuweisende\w* \w{4,10}|befunder|"
    r"befundet von|arzt|ärztin|radiologe|radiologin|"
    r"next of kin|mother|father|spouse|husband|wife|emergency contact|guardian|contact(?: person)?|to|from|"
    r"attending radiologist|signature|pn|patient's name"
)
_HEADED = re.compile(rf"(?<![\w-])(?P<role>{_ROLES})[ \t]?(?P<colon>[:\-–][ \t]{{0,3}}|\.[ ]|[ ])", re.IGNORECASE)
# Roles after which a name follows without a colon; after the others only a known name does.
_SIGNING = re.compile(r".*\b(?:by|gez|gezeichnet|name|pn|befundet von)", re.IGNORECASE)
_TOLD = re.compile(
    r"(?<![\w-])(?:(?:discussed|spoke|spoken|reviewed|communicated|conveyed|reported|relayed|given|sent|mailed|"
    r"faxed|forwarded|called|addressed|copied|obtained|received|results?|letter|thanks|"
    r"report|paged)(?: \w{2,12}){0,3} (?:with|to|by|from)|according to|informed|notified|contacted|telephoned|"
    r"accompanied by|named|called|thank you for (?:referring|sending|asking \w+ to see)|"
    r"mit freundlichen grüßen|son|daughter|husband|wife|mother|father|brother|sister|partner|spouse|aunt|uncle|"
    r"cousin|niece|nephew|grand(?:mother|father|son|daughter)|neighbou?r|friend|carer|caregiver|colleague|"
    r"saw|seen by|met|i am|my name is|yours sincerely|sincerely|regards|im auftrag von|von|per)[,:]?[ ](?:(?:a|the|"
    r"her|his)[ ](?:son|daughter|husband|wife),?[ ])?",
    re.IGNORECASE,
)
_CREDENTIALLED = re.compile(rf",?[ ](?={_CREDENTIALS}(?![\w-]))")
_CARETED = re.compile(r"(?<![\w^])(?=[^\W_a-z])[^\W\d_]['’\w-]{1,40}(?:\^(?:[^\W\d_][\w'’.-]{0,40})?){1,4}")
# Who typed or signed, by initials: "Technologist: KLM", "Dictated by: JS/ab".
_INITIALLED = re.compile(
    r"(?i:\b(?:technologist|tech|transcriptionist|initials|(?:dictated|transcribed|typed|signed|read|reported)(?: by)?)"
    r"[ ]?:[ ]{0,3})"
    r"(?P<name>[A-Z]{2,3}(?:/[A-Za-z]{2,3})?)(?![\w.:])"
)
_LOWER_TITLES = frozenset(("mr", "mrs", "dr", "prof"))
_SENTENCE = re.compile(r"(?:[^.?!\n]|\.(?=\w)|(?<=\b[A-Z])\.|(?<=\b[DJSM]r)\.){1,2000}")  # but for "Q." and "Dr."


def find_names(text: str, taken: Sequence[Span] = ()) -> Iterator[Span]:
    """Names of persons in `text`; `taken` are spans found before, in which the model need not look.

    German sentences, whose nouns all have capitals, are left to titles, headings and degrees.
    """
    english = _english_sentences(text)
    found = [*_by_rule(text)]
    for start, end in english:
        found += _pairs(text, start, end)
    yield from found
    yield from _by_model(text, english, [*taken, *found])


def _english_sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences stand that are not in German; one without little words is in the language of the text."""
    german_text = len(_GERMAN.findall(text)) > len(_ENGLISH.findall(text))
    found = []
    for match in _SENTENCE.finditer(text):
        german = len(_GERMAN.findall(match[0]))
        english = len(_ENGLISH.findall(match[0])) if german or german_text else 1
        if german < english or (german == english and not german_text):
            found.append(match.span())
    return found


def _by_rule(text: str) -> Iterator[Span]:
    for match in _CARETED.finditer(text):
        yield Span(match.start(), match.end(), "name")
    for match in _TITLED.finditer(text):
        if (end := _end_after_title(text, match)) is not None:
            yield Span(match.end(), end, "name")
    for match in _HEADED.finditer(text):
        if (end := _end_after_role(text, match)) is not None:
            yield Span(match.end(), end, "name")
    for match in _INITIALLED.finditer(text):
        if kind_of(match["name"].partition("/")[0]) not in ("stop", "word"):
            yield Span(match.start("name"), match.end("name"), "name")
    for match in _TOLD.finditer(text):
        end = end_of_name(text, match.end())
        if end is not None and _is_new(text[match.end() : end]):
            yield Span(match.end(), end, "name")
    for match in _CREDENTIALLED.finditer(text):
        start = _walk_back(text, match.start())
        if start is not None:
            yield Span(start, match.start(), "name")


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
    end = end_of_name(text, match.end(), lower=title.lower() not in ("nurse", "sister", "fr", "hr", "rev"), sure=sure)
    name = text[match.end() : end]
    if end is not None and not sure and not (_is_known(name) or (title == "DR" and _has_two_new(name))):
        return None
    return end


def _end_after_role(text: str, match: re.Match[str]) -> int | None:
    colon = ":" in match["colon"]
    role = match["role"].lower()
    if role in ("to", "from", "re", "cc", "contact", "attention") and not colon:
        return None
    signing = colon or _SIGNING.match(role) is not None
    end = end_of_name(text, match.end(), lower=signing and (colon or "name" in role), comma=True, sure=signing)
    if end is None:
        return None
    name = text[match.end() : end]
    return end if (signing and _is_new(name)) or _is_known(name) or _has_two_new(name) else None


def _is_new(name: str) -> bool:
    """Whether some word of it is no word of English or medicine, but may be a name."""
    return any(kind_of(token[0]) in ("name", "new", "both") for token in TOKEN.finditer(name))


def _has_two_new(name: str) -> bool:
    """Whether two of its words are of no list, as names of rare languages are, and no other word is among them."""
    kinds = [kind_of(token[0]) for token in TOKEN.finditer(name) if token[0] not in PARTICLES]
    return len(kinds) > 1 and set(kinds) <= {"new", "name"}


def _is_known(name: str) -> bool:
    return any(kind_of(token[0]) == "name" for token in TOKEN.finditer(name))


def _walk_back(text: str, end: int) -> int | None:
    """Where the name begins that ends before a degree (", MD"), or None."""
    tokens = list(re.finditer(r"[^\W\d_][\w'’-]*\.?", text[max(0, end - 60) : end]))
    offset = max(0, end - 60)
    start: int | None = None
    position = end
    for token in reversed(tokens[-5:]):
        word = token[0].rstrip(".")
        if offset + token.end() < position - 2 or (word.islower() and word not in PARTICLES):
            break
        if text[offset + token.end() : position].strip(" "):
            break
        if len(word) > 1 and word not in PARTICLES and kind_of(word) in ("stop", "word"):
            break
        if word not in PARTICLES:
            start = offset + token.start()
        position = offset + token.start()
    if start is None or not _is_new(text[start:end]) or re.match(r",? MD \d{5}", text[end : end + 10]):
        return None
    return start


def _pairs(text: str, start: int, end: int) -> Iterator[Span]:
    """A given name and a surname side by side, in whatever case, an initial between them or none; and "Last, First"."""
    tokens = list(TOKEN.finditer(text, start, end))
    for at, one in enumerate(tokens[:-1]):
        two = tokens[at + 1]
        first = folded(one[0])
        if first in given_names():
            if len(two[0]) == 1 and two[0].isupper() and at + 2 < len(tokens):
                two = tokens[at + 2]
            if _BETWEEN.fullmatch(text, one.end(), two.start()) and _is_pair(text, one, two):
                yield Span(one.start(), end_of_name(text, two.start()) or two.end(), "name")
        unlisted = kind_of(one[0]) == kind_of(two[0]) == "new" and one[0][0].isupper() and two[0][0].isupper()
        if text[one.end() : two.start()] == " " and (
            (unlisted and _ACTS.match(text, two.end())) or _are_new_and_surname(text, one, two)
        ):
            yield Span(one.start(), end_of_name(text, two.start()) or two.end(), "name")
        listed = first in surnames() and folded(two[0]) in given_names() and text[one.end() : two.start()] == ", "
        if listed and _are_last_and_first(one[0], two[0]):
            yield Span(one.start(), two.end(), "name")


def _are_new_and_surname(text: str, first: re.Match[str], last: re.Match[str]) -> bool:
    """Whether a word of no list stands before a surname that is no word: "Ranjit Singh"."""
    capitals = all(t[0][0].isupper() and not t[0].isupper() and len(t[0]) > 2 for t in (first, last))
    known = folded(last[0]) in surnames() and kind_of(last[0]) == "name" and kind_of(first[0]) == "new"
    return capitals and known and BEFORE_NOUN.match(text, last.end()) is None


def _are_last_and_first(last: str, first: str) -> bool:
    capitals = last[0].isupper() and first[0].isupper() and min(len(last), len(first)) > 2
    return capitals and kind_of(last) == kind_of(first) == "name"


_BETWEEN = re.compile(r"[ ]{1,2}(?:[A-Z]\.?[ ])?(?:(?:van|von|de|del|der|la|al|bin)[ ]){0,2}")
_PATIENT_BEFORE = re.compile(r"\b(?:patient|pt\.?|with|by|to|and|from)[ ]$", re.IGNORECASE)


def _is_pair(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    one, two = kind_of(first[0]), kind_of(second[0])
    if min(len(first[0]), len(second[0])) < 2 or BEFORE_NOUN.match(text, second.end()):
        return False
    surname = two == "name" or (folded(second[0]) in surnames() and folded(second[0]) not in words())
    initial = any(c.isupper() for c in text[first.end() : second.start()])
    if first[0][0].islower() or second[0][0].islower():
        if not (one == "name" and surname and first[0].islower() and second[0].islower()):
            return False
        sentence = text[max(0, first.start() - 40) : second.end() + 40]
        return sentence.islower() or bool(_PATIENT_BEFORE.search(text, max(0, first.start() - 12), first.start()))
    if first[0].isupper() != second[0].isupper() and len(second[0]) > 2:
        return False
    if initial:
        return one == "name" and two != "stop"
    if first[0].isupper():
        return one == "name" and surname and min(len(first[0]), len(second[0])) > 2
    if one == "name":
        return two in ("name", "both", "new") or (two == "eponym" and folded(second[0]) in surnames())
    return one == "both" and (two == "name" or (folded(first[0]) in eponyms() and opens_pair(text, first)))


def _by_model(text: str, sentences: Sequence[tuple[int, int]], taken: Sequence[Span]) -> Iterator[Span]:
    """Persons that the model names, in sentences with a capitalised word that is none of English or medicine."""
    free = bytearray(b"\1") * len(text)
    for span in taken:
        free[span.start : span.end] = bytes(span.end - span.start)
    asked = [(start, text[start:end]) for start, end in sentences if _has_candidate(text, start, end, free)]
    wordings = list(dict.fromkeys(wording for _, wording in asked))
    found = dict(zip(wordings, persons(wordings), strict=True))
    for start, wording in asked:
        for first, last in found[wording]:
            if trimmed := _trimmed(text, start + first, start + last):
                yield Span(*trimmed, "name")


_CAPITALISED = re.compile(r"(?<![\w^])[^\W\d_a-zà-ÿ][^\W\d_]*[a-zà-ÿ](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
_GERMAN = re.compile(
    r"\b(?:der|die|das|und|mit|keine?|nicht|ist|im|zum|zur|bei|ohne|des|wurde|vom|eine?[rnms]?|bis|nach|geb|sowie|"
    r"auf|für)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|of|and|is|no|with|was|are|to|for|there|has|on|by|at|without|were|a)\b", re.IGNORECASE)


def _has_candidate(text: str, start: int, end: int, free: bytearray) -> bool:
    return any(
        free[match.start()] and kind_of(match[0]) in ("name", "new")
        for match in _CAPITALISED.finditer(text, start, end)
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A person of the model without words at its edges that are none of a name; None where nothing remains."""
    tokens = list(TOKEN.finditer(text, start, end))
    while tokens and not _could_be_name(tokens[0][0]):
        del tokens[0]
    while tokens and not _could_be_name(tokens[-1][0]):
        del tokens[-1]
    kinds = [kind_of(t[0]) for t in tokens]
    if not set(kinds) & {"name", "new"} or ("," in text[start:end] and "name" not in kinds):
        return None
    if len(tokens) == 1 and kinds[0] == "new" and not _ACTS.match(text, tokens[0].end()):
        return None
    if BEFORE_NOUN.match(text, tokens[-1].end()):
        return None
    return tokens[0].start(), tokens[-1].end()


# What a person does, and no medicine: one unknown word before it is a name.
_ACTS = re.compile(
    r"(?:['’]s[ ](?:wife|husband|son|daughter|mother|father))|[ ](?:called|says|said|reports|reported|denies|denied|"
    r"states|stated|"
    r"agrees|agreed|presented|presents|complains|complained|lives|works|came|went|told|feels|felt|asked|wants|"
    r"wished|took|saw)\b"
)


def _could_be_name(word: str) -> bool:
    return word[0].isupper() and kind_of(word) in ("name", "new", "both") and not (word.isupper() and len(word) < 4)
