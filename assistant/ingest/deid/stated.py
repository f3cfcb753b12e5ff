"""Who a file says that its patient is: name, record numbers, day of birth and sex, at the places that say so.

Doctors, relatives and contacts are named in letters too: a name counts after "Patient:" and the like, or before a day
of birth; a day of birth or number counts where no relative is spoken of. All is keyed at once, and stays in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from assistant.ingest.deid.calendar_words import MONTHS, any_of, index_of
from assistant.ingest.deid.called import words_of_name
from assistant.ingest.deid.spans import Span
from assistant.pseudonyms import Pseudonyms
from assistant.records import Identity, Record

_TITLE = r"(?:(?:mr|mrs|ms|miss|mister|master|herrn?|frau|dr|prof|med|sir|dame)\b\.?,?\s*)"
_PATIENT = (
    r"(?:patient(?:in|en)?|pat|pt|patient/in|patient(?:['’]?s)?[ -]?name|name of (?:the )?patient|patientenname|"
    r"name de[sr] patient(?:en|in)|client)"
)
_NAME = (
    r"(?:name|full name|surname|last name|family name|first names?|given names?|forenames?|vorname|nachname|"
    r"familienname|re|regarding|subject|concerning|betr|betreff|betrifft)"
)
_BEGINS = r"(?:^|[\n\r\t|;,(]|\s{2,}|[.:]\s)\s*"
_LABELLED = re.compile(rf"{_BEGINS}{_PATIENT}\.?\s*(?:[:#]|\()\s*(?P<titles>{_TITLE}*)$", re.IGNORECASE)
_BY_NAME = re.compile(rf"{_BEGINS}{_NAME}\.?\s*[:#]\s*(?P<titles>{_TITLE}*)$", re.IGNORECASE)
_IN_PROSE = re.compile(
    r"\b(?:patient(?:in|en)?|pt)\s*,?\s*(?P<titles>(?:(?:mr|mrs|ms|miss|mister|master|herrn?|frau)\b\.?\s*)"
    rf"{_TITLE}*)$",
    re.IGNORECASE,
)
_TITLED = re.compile(rf"(?P<titles>{_TITLE}+)$", re.IGNORECASE)
_BORN_AFTER = re.compile(
    r"[^\n.;:]{0,24}?(?:\bborn\b|\bgeb(?:oren|\.)|\bd\.?o\.?b\b|\bdate of birth|\bgeburtsd|\*\s?\d)", re.I
)
_FIELD_ENDS = re.compile(
    r"\s*(?:$|[\n\r\t|;,(/*\d]|\s{2}|(?:dob|d\.o\.b|date|born|geb|mrn|nhs|id|pat|age|sex|male|female)\b)", re.IGNORECASE
)
_SPEAKS = re.compile(r"\bpatient(?:in)?\s*:", re.IGNORECASE)
_TALK = 4  # of those, or one beside a doctor who asks, and a text is what two said to each other
_ASKED = re.compile(r"\b(?:doctor|arzt|ärztin)\s*:[^\n]*\?", re.IGNORECASE)
_STAFF = re.compile(r"\b(?:dr|prof|med)\b", re.IGNORECASE)
_MALE = re.compile(r"\b(?:mr|mister|master|herrn?|sir)\b", re.IGNORECASE)
_FEMALE = re.compile(r"\b(?:mrs|ms|miss|frau|dame)\b", re.IGNORECASE)
_NOBODY = re.compile(
    r"\b(?:anon\w*|unknown|unbekannt|none|test|phantom|patient|subject|noname|removed)\b", re.IGNORECASE
)

_OTHERS = re.compile(  # who is spoken of beside the patient
    r"\b(?:next of kin|kin|emergency|contact|mother|father|parents?|sons?|daughter|brother|sister|wife|husband|spouse|"
    r"partner|child|children|baby|newborn|infant|twin|aunt|uncle|grand\w+|guardian|carer|donor|physician|doctor|gp|"
    r"consultant|referr\w+|provider|author|signed|reported|radiologist|cardiologist|nurse|seen by|\w*arzt|\w*ärztin|"
    r"zuweis\w+|angehörig\w*|ehe\w+|mutter|vater|eltern|sohn|tochter|bruder|schwester|kind\w*|neugebor\w+|säugling|"
    r"betreuer\w*|kontakt\w*|absender|spender\w*|lebensgef\w+|neffe|nichte|onkel|tante|enkel\w*|gro(?:ß|ss)\w+)\b",
    re.IGNORECASE,
)

_MONTH = any_of(MONTHS)
_DAY = (
    rf"(?:(?P<y1>\d{{4}})-(?P<m1>\d{{1,2}})-(?P<d1>\d{{1,2}})(?!\d)|(?P<d2>\d{{1,2}})(?P<by>[./-])\s?(?P<m2>\d{{1,2}})"
    rf"(?P=by)\s?(?P<y2>\d{{4}}|\d{{2}})(?!\d)|(?P<d3>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -](?:of )?(?P<m3>{_MONTH})\b\.?,?"
    rf"[ -](?P<y3>\d{{4}})|(?P<m4>{_MONTH})\b\.? (?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y4>\d{{4}}))"
)
_BORN = re.compile(
    r"(?:\b(?:date of birth|birth ?-?date|d\.?o\.?b\.?|born(?: on)?|geburtsdatum|geb(?:oren)?\.?(?:-?dat(?:um|\.)?)?"
    rf"(?: am)?|geburtstag)\)?\s*[:.]?\s*|\*\s?){_DAY}",
    re.IGNORECASE,
)
_VALUE = r"\s*[:#.]*\s*(?P<value>[A-Za-z]{0,4}[- ]?\d[\dA-Za-z]*(?:[-/ ]\d+)*)"
_NUMBERS = {
    kind: re.compile(rf"\b(?:{labels}){_VALUE}", re.IGNORECASE)
    for kind, labels in {
        "record": r"m\.?r\.?n\.?|(?:medical|health|hospital|clinic) ?(?:record)? ?(?:no|number|nr|id)\b|"
        r"patient(?:['’]?s)? ?-?(?:id|no|number|nr|identifier)\b|pat(?:ienten)?\.?[- ]?(?:id|nr|nummer|no)\b|"
        r"unit (?:no|number)|urn\b",
        "nhs": r"nhs ?(?:no|number)?\b|chi ?(?:no|number)\b",
        "insured": r"kvnr|versicherten-?(?:nr|nummer)\b|ssn|social security (?:no|number)",
    }.items()
}
_SHORTEST = 4  # characters of a number that tells people apart: "Patient 12" is one of a study
_SEX = re.compile(r"\b(?:sex|gender|geschlecht)\s*:\s*(?P<sex>male|female|männlich|weiblich|[mfw])\b", re.IGNORECASE)
_SEXES = {"m": "M", "f": "F", "w": "F"}


def identity_of(record: Record, found: Iterable[Span], pseudonyms: Pseudonyms) -> Identity:
    """Who a record says that its patient is: its header, and of a text its own words. `found` are the identifiers in
    the text; dates and ids are as the archive has them."""
    text = record.text if record.kind == "text" else ""
    names, sexes = [], set()
    for name, sex in _names(text, [span for span in found if span.kind == "name"]):
        names.append(name)
        sexes |= {sex} if sex else set()
    header = [name for name in record.known.patients if not _NOBODY.search(name) and not any(map(str.isdigit, name))]
    words = {_plain(word) for name in (*names, *header) for word in words_of_name(name)}
    numbers = {f"{kind}:{value}" for kind, value in _numbers(text)}
    if record.patient_id:
        numbers |= {f"{kind}:{value}" for kind, value in _kept_numbers("record", record.patient_id)}
    births = _births(text) | ({record.known.birth_date} if record.known.birth_date else set())
    stated = str(record.fields.get("sex") or "").strip().lower()[:1]
    sexes |= {_SEXES[stated]} if stated in _SEXES else set()
    sexes |= {_SEXES[match["sex"][0].lower()] for match in _SEX.finditer(text)}
    age = record.fields.get("age")
    return Identity(
        frozenset(pseudonyms.stated("word", word) for word in words),
        frozenset(_keyed(number, pseudonyms) for number in numbers),
        frozenset(pseudonyms.stated("born", f"{day:%m-%d} {day.year % 100:02}") for day in births),
        sexes.pop() if len(sexes) == 1 else "",
        age if isinstance(age, int) and 0 <= age <= 89 else None,
        record.taken_at,
    )


def identity_of_id(patient: str, pseudonyms: Pseudonyms) -> Identity:
    """What a patient's own id in the archive states, to be compared with what files state: its number, if it is one."""
    numbers = (f"{kind}:{value}" for kind, value in _kept_numbers("record", patient))
    return Identity(numbers=frozenset(_keyed(number, pseudonyms) for number in numbers))


def _keyed(number: str, pseudonyms: Pseudonyms) -> str:
    return f"{number.partition(':')[0]}:{pseudonyms.stated('number', number)}"


def _names(text: str, spans: Iterable[Span]) -> Iterator[tuple[str, str]]:
    """The names that a text gives its patient, each with the sex of its "Mr" or "Mrs"."""
    is_talk = bool(_ASKED.search(text)) or sum(1 for _ in _SPEAKS.finditer(text)) >= _TALK
    for span in spans:
        before, name = text[max(0, span.start - 80) : span.start], text[span.start : span.end]
        ends = _FIELD_ENDS.match(text, span.end) and not is_talk
        placed = (_LABELLED.search(before) if ends else None) or _IN_PROSE.search(before)
        by_name = _BY_NAME.search(before) if ends and not placed else None
        if by_name and (_is_staff(by_name["titles"]) or _of_others(text, span.start, heading=True)):
            continue
        placed = placed or by_name
        if placed is None and _BORN_AFTER.match(text, span.end):
            placed = _TITLED.search(before)
            if (placed and _is_staff(placed["titles"])) or _of_others(text, span.start):
                continue
        elif placed is None:
            continue
        if not _NOBODY.search(name):
            titles = placed["titles"] if placed else ""
            yield name, "F" if _FEMALE.search(titles) else "M" if _MALE.search(titles) else ""


def _is_staff(titles: str) -> bool:
    return bool(_STAFF.search(titles)) and not (_MALE.search(titles) or _FEMALE.search(titles))


def _of_others(text: str, place: int, *, heading: bool = False) -> bool:
    """Whether the sentence, up to a place in it, speaks of a relative or a doctor; or the heading above it."""
    begin = max(text.rfind("\n", 0, place) + 1, place - 120)
    sentence = re.split(r"[.!?]\s+(?=[A-ZÄÖÜ][a-zäöü]{3})|\s{3,}|\t|\|", text[begin:place])[-1]
    if _OTHERS.search(sentence):
        return True
    above = text[:begin].removesuffix("\n").rpartition("\n")[2]
    return heading and len(above) < 60 and bool(_OTHERS.search(above))


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    for kind, pattern in _NUMBERS.items():
        for match in pattern.finditer(text):
            if not _of_others(text, match.start()):
                yield from _kept_numbers(kind, match["value"])


def _kept_numbers(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """A number without what writers add; numbers with letters in them are another kind than those of digits alone."""
    plain = re.sub(r"[\W_]", "", value).upper().lstrip("0")
    if len(plain) >= _SHORTEST and any(map(str.isdigit, plain)):
        yield (kind if plain.isdigit() else f"{kind}-lettered"), plain


def _births(text: str) -> set[date]:
    """The days that the patient may be born on; with slashes both readings where they are days."""
    found: set[date] = set()
    for match in _BORN.finditer(text):
        if not _of_others(text, match.start()):
            found |= set(_readings(match))
    return found


def _readings(match: re.Match[str]) -> Iterator[date]:
    n = next(n for n in "1234" if match[f"d{n}"])
    year, month, day = match[f"y{n}"], match[f"m{n}"], int(match[f"d{n}"])
    months = [index_of(month, MONTHS) + 1 if n in "34" else int(month)]
    pairs = [(months[0], day)]
    if n == "2" and match["by"] != ".":
        pairs.append((day, months[0]))
    for in_month, on_day in pairs:
        try:
            yield date(int(year) if len(year) == 4 else 1900 + int(year), in_month, on_day)
        except ValueError:
            continue


def _plain(word: str) -> str:
    """One spelling of those that umlauts have: "mueller" and "muller"."""
    return re.sub(r"([aou])e", r"\1", word.replace("'", "").replace("’", ""))
