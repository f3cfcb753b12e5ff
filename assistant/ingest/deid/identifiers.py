"""Numbers and addresses of the wire: record, account and insurance numbers, telephones, faxes, e-mails, URLs, IPs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.check_digits import checked_numbers
from assistant.ingest.deid.spans import Kind, Span
from assistant.ingest.deid.text_dates import is_date

# --- e-mail, web, IP ---------------------------------------------------------------------------------------------
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|[ ]?\[at\][ ]?|[ ]?\(at\)[ ]?)[\w-]{1,63}(?:(?:\.|"
    r"[ ]?\(dot\)[ ]?)[\w-]{1,63}){1,5}"
)
_PATH = r"(?:[/?:][^\s<>\"')\]]{0,300})?"
_URL = re.compile(
    r"(?<![\w@.-])(?:(?:https?|s?ftp|dicom)://[^\s<>\"')\]]{3,300}"
    rf"|www\.[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,5}}{_PATH}"
    r"|(?:[\w-]{1,63}\.){1,4}(?:com|org|net|edu|gov|mil|info|health|hospital|io|eu|de|at|ch|fr|uk|nl|it|es|ca|au)\b"
    rf"{_PATH})",
    re.IGNORECASE,
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = (
    re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?::\d{{2,5}})?(?![\w]|\.\d)"),
    re.compile(r"(?<![\w:])(?=[0-9a-fA-F:]{0,39}[a-fA-F:]{2})(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])"),
    re.compile(
        r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,6}:(?:[0-9a-fA-F]{1,4}:){0,5}[0-9a-fA-F]{1,4}(?:%\w{1,8})?(?![\w:])"
    ),
    re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![\w:])"),  # a MAC address
)
# --- ids ---------------------------------------------------------------------------------------------------------
_NUMBER = r"(?:no\.?|nos\.?|nr\.?|num(?:ber)?\.?|nummer|id|identifier|code|#|№)"
_GAP = (
    rf"[ \t]{{0,2}}(?:{_NUMBER}[ \t]{{0,2}}){{0,2}}(?:\([A-Za-z]{{1,6}}\)[ \t]{{0,2}})?(?:is|was|ist|"
    rf"lautet)?[ \t]{{0,2}}[:#=.]{{0,2}}"
    r"[ \t]{0,3}#?"
)
# Letters and digits in groups; groups after a blank hold two digits or more each.
_VALUE = (
    r"(?P<value>[A-ZÄÖÜ]{1,3}[ -][A-Z]{1,2}[ -]\d{1,4}|(?=[\w./-]{0,20}\d)[A-Za-z0-9](?:[\w/-]|"
    r"\.(?=\w)){2,30}(?:[ ](?=[\d-]{2,9}(?![\w.]*\w))[\d-]{2,9}){0,4})"
    r"(?!\w)"
)
_NAMED = (  # words after which a number is an id, with or without "no." or a colon
    r"m\.?r\.?n\.?|med(?:ical)?\.?[ -]?rec(?:ord)?s?\.?|(?:patient|pt|pat|patienten)\.?[ -]?(?:id\b|identif\w+|no\b|"
    r"nr\b|num|#)|"
    r"patienten(?:nummer|nr|-nr)|accession|acc[ ]?(?=#|no|num|nr)|acc\.|(?:placer|filler)(?: order)?|csn|ssn|"
    r"s\.s\.n\.|social security|"
    r"nhs|national insurance|passport|licen[cs]e plate|number plate|kennzeichen|insurance|subscriber|beneficiary|"
    r"health (?:card|insurance|plan)|policy|medicare|medicaid|mbi|npi|dea|gmc|lanr|bsnr|specimen|serial|"
    r"fall-?(?:nummer|nr|zahl)|aufnahme-?(?:nummer|nr)|auftrags?-?(?:nummer|nr)|versicherten-?(?:nummer|nr)|"
    r"versicherungs-?(?:nummer|nr)|kranken(?:versicherungs|versicherten|kassen)-?(?:nummer|nr)|kvnr|kv-nr|"
    r"untersuchungs-?(?:nummer|nr)|akten-?(?:zeichen|nummer|nr)|sozialversicherungs-?(?:nummer|nr)|"
    r"anforderungs-?(?:nummer|nr)"
)
_NUMBERED = (  # words that need "no.", "number", "id", "#" or a colon after them
    r"unit|hosp(?:ital)?|chart|case|order|study|exam(?:ination)?|requisition|request|encounter|visit|account|acct|acc|"
    r"member(?:ship)?|group|licen[cs]e|lab(?:oratory)?|device|lot|udi|vin|chi|fin|har|pid|piz|patient|pt|report|"
    r"admission|registration|certificate|claim|sample|record|file|reference|ref|health plan|claim|series uid|uid"
)
_LABELLED = (
    re.compile(rf"(?<![\w-])(?:{_NAMED})(?!\w){_GAP}{_VALUE}", re.IGNORECASE),
    re.compile(
        rf"(?<![\w-])(?:{_NUMBERED})(?:[ \t]{{0,2}}{_NUMBER}(?!\w)|(?=[ ]?:)|[ ]?#){_GAP}{_VALUE}", re.IGNORECASE
    ),
    re.compile(
        r"(?<!\w)(?:no|nr|number|nummer|id|#)[.:]{0,2}[ ]?#?(?P<value>\d{5,12})(?![\w/%]|[.,-]\d)", re.IGNORECASE
    ),
)
_SSN = re.compile(r"(?<![\w.,/-])\d{3}-\d{2}-\d{4}(?![\w/-]|[.,]\d)")
_CODED = r"(?<!SNOMED CT )(?<!RxNorm )"  # after these words a number is a code of a terminology
_BARE = (
    re.compile(r"(?<![\w.])[12]\.\d{1,3}\.\d{2,6}(?:\.\d{1,20}){4,12}(?![\w.]*\w)"),  # a DICOM unique identifier
    re.compile(r"(?<![\w/-])[A-Z]{1,4}-?\d{6,14}(?![\w/])"),  # CR20240131001
    re.compile(r"(?<![\w/-])[A-CEGHJ-PR-TW-Z]{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D](?!\w)"),  # national insurance, UK
    re.compile(r"(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"),  # a UUID
    re.compile(r"(?<![\w.,/+-])\d{3,4}[ -]\d{3,4}[ -]\d{3,4}(?![\w/%-]|[.,]\d|[ ]?(?:mg|ml|mm|cm))"),
    re.compile(rf"{_CODED}(?<![\w.,/+-])\d{{7,12}}(?![\w/%]|[.,-]\d|[ ]?(?:mg|ml|cells|copies|units|IU|per)\b)"),
)
_CHECKED = re.compile(rf"{_CODED}(?<![\w.,/+-])[A-Z]{{0,2}}\d(?:[ -]?[A-Z0-9]){{8,32}}(?![\w/]|[.,]\d)")
# --- telephone and fax -------------------------------------------------------------------------------------------
_EXTENSION = r"(?:[ ,]{0,2}(?:ext\.?:?|extension|x|Durchwahl|App\.)[ ]?\d{1,5})?"
_DIALLED = (
    rf"(?P<value>(?:(?:\+|00)?\(?\d(?:\d|[ ()./–-]{{1,3}}(?=[\d(])){{2,22}}\d{_EXTENSION}|x\d{{3,6}}))(?!\w|[.,]\d)"
)
_CALLED = re.compile(
    r"(?<![\w-])(?P<label>(?:tele)?fax(?:es|ed|nummer)?(?: (?:number|no\.?|to|it to|nr\.?))?|facsimile|"
    r"tel(?:ephone|efon|\.)?(?:nummer|-nr\.?|nr\.?)?(?: (?:number|no\.?|nr\.?))?|phone(?: (?:number|no\.?))?|ph\.?|"
    r"cell(?:ular)?(?: phone)?|"
    r"mobile?(?: phone)?|mob\.?|handy|home|work|pager|beeper|bleep|ext(?:ension)?\.?|durchwahl|rückruf|"
    r"call(?:ed|ing|s)?(?: (?:back|him|her|them|me|us|at|on|to))*|"
    r"(?:reach(?:ed|able)?|contact(?:ed)?|paged?|ring|dial)(?: (?:him|her|them|me|us))?(?: at| on| number)?|"
    r"hotline|voicemail|whatsapp|t|f|p|m)(?P<colon>[ ]{0,2}(?:is|at|on|to|was|unter)?[ ]{0,1}[:#.]{0,2}[ ]{0,2})"
    + _DIALLED,
    re.IGNORECASE,
)
_PHONES = (
    # (555) 123-4567, 555-123-4567, +1 555.123.4567
    re.compile(
        r"(?<![\w.,/+-])(?:\+?1[ .-]?)?(?:\(\d{3}\)[ ]?|\d{3}[ .–-])\d{3}[ .–-]\d{4}"
        + _EXTENSION
        + r"(?![\w/]|[.,-]\d)",
        re.IGNORECASE,
    ),
    # +49 (0)761 270-12345, +44 20 7946 0958, 0044 …
    re.compile(
        r"(?<![\w.,/+-])(?:\+|00(?=[1-9]))\d{1,3}[ ./-]{0,2}(?:\(0\)[ ]?)?(?:\(?\d{1,5}\)?[ ./–-]{0,3}){2,6}\d"
        r"(?![\w/]|[.,]\d)"
    ),
    # 020 7946 0958, 07700 900123, 0761 / 270-12345, 030-123456
    re.compile(r"(?<![\w.,/+-])\(?0\d{2,5}\)?[ ]?[ /–-][ ]?\d{3,8}(?:[ –-]\d{1,6}){0,3}(?![\w/]|[.,]\d)"),
)
_AFTER_FAX = re.compile(r"fax\b[^.\n\d]{0,20}$", re.IGNORECASE)


def find_wire_addresses(text: str) -> Iterator[Span]:
    """Every e-mail address, web address and IP or MAC address."""
    if "@" in text or "at" in text:
        yield from _all(_EMAIL, text, "email")
    if "." in text or "://" in text:
        yield from _all(_URL, text, "url")
    for pattern in _IP:
        yield from _all(pattern, text, "ip")


def find_identifiers(text: str) -> Iterator[Span]:
    """Every number that is an id, a telephone's or a fax's; those that a word names come first."""
    for match in _CALLED.finditer(text):
        if _is_dialled(match):
            yield Span(match.start("value"), match.end("value"), _kind_of_call(match["label"]))
    for pattern in _LABELLED:
        for match in pattern.finditer(text):
            digits = sum(c.isdigit() for c in match["value"])
            if digits >= 3 and not is_date(match["value"], bare_digits=False) and not _is_year(match["value"]):
                yield Span(match.start("value"), match.end("value"), "id")
    yield from _all(_SSN, text, "id")
    for match in _CHECKED.finditer(text):
        for start, end in checked_numbers(match[0]):
            yield Span(match.start() + start, match.start() + end, "id")
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            if 7 <= sum(c.isdigit() for c in match[0]) <= 18:
                yield Span(match.start(), match.end(), _kind_before(text, match.start()))
    for pattern in _BARE:
        for match in pattern.finditer(text):
            if not is_date(match[0]):
                yield Span(match.start(), match.end(), "id")


def _all(pattern: re.Pattern[str], text: str, kind: Kind) -> Iterator[Span]:
    for match in pattern.finditer(text):
        yield Span(match.start(), match.start() + len(match[0].rstrip(".,;:!?")), kind)


def _is_dialled(match: re.Match[str]) -> bool:
    """Whether a number after a word such as "tel." or "call" is one to dial, not a date or a value."""
    digits = sum(c.isdigit() for c in match["value"])
    label = match["label"].lower()
    if label in ("t", "f", "p", "m", "ph", "ph.", "home", "work"):
        return digits >= 7 and (":" in match["colon"] or label.startswith("ph"))
    if is_date(match["value"]) or _is_year(match["value"]):
        return False
    if label.startswith(("call", "reach", "contact", "cell", "mob", "ring", "dial", "page")) and "pager" not in label:
        return digits >= 5 or match["value"].startswith("x")
    return digits >= 3


def _is_year(value: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", value) is not None


def _kind_of_call(label: str) -> Kind:
    return "fax" if label.lower().startswith(("f", "telefax")) else "phone"


def _kind_before(text: str, start: int) -> Kind:
    return "fax" if _AFTER_FAX.search(text, max(0, start - 40), start) else "phone"
