"""Numbers and addresses of the wire: record, account and insurance numbers, telephones, faxes, e-mails, URLs, IPs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Kind, Span

_SEPARATOR = r"(?:[ \t]{0,2}(?:no\.?|nos\.?|nr\.?|num(?:ber)?\.?|id|#|№)){0,2}[ \t]{0,2}(?:\(s\))?[ \t]{0,2}(?:is|was|ist|lautet)?[ \t]{0,2}[:#=.]{0,2}[ \t]{0,3}#?"
# A value of an identifier: letters and digits in groups, with one digit at the least.
_VALUE = (
    r"(?P<value>(?=[\w./-]{0,20}\d)[A-Za-z0-9](?:[\w/-]|\.(?=\w)){2,30}(?:[ ](?=[\d-]{2,}\b)[\d-]{2,8}){0,4})(?!\w)"
)
_LABELS = (
    r"m\.?r\.?n\.?|med(?:ical)?\.?[ -]?rec(?:ord)?s?|unit (?:no|number)|hosp(?:ital)?[ ](?:no|num|number|id)|hospital #|"
    r"(?:patient|pt|pat|patienten)\.?[ -]?(?:id(?:entifier|entification)?|no|nr|num|number|nummer)\b|patient[ ]?#|chart|case (?:no|number|id)|"
    r"accession|acc(?:ession)?\.?[ ]?(?:no|num|number|#)|acc[ ]?#|acc(?=:)|order(?: (?:no|number|id)|[ ]?#)|placer|filler|study (?:id|number|no)|"
    r"exam(?:ination)? (?:id|number|no)|requisition|encounter(?: (?:no|number|id)|[ ]?#|(?=:))|visit (?:no|number|id)|visit[ ]?#|csn|fin|har|"
    r"account|acct|policy|member(?:ship)?[ ]?(?:id|no|number|#)|subscriber|insurance(?: (?:id|no|number|policy))|group (?:no|number|id)|medicare|medicaid|mbi|"
    r"s\.?s\.?n\.?|social security(?: number)?|nhs|chi|ni number|national insurance|passport|licen[cs]e|dea|npi|gmc|lanr|bsnr|"
    r"specimen (?:id|no|number)|lab(?:oratory)? (?:id|no|number)|device (?:id|serial)|serial|s/n|lot|udi|vin|"
    r"fall(?:nummer|nr|-nr|-nummer|zahl)|aufnahme(?:nummer|nr|-nr)|auftrags?(?:nummer|nr|-nr)|kranken(?:versicherungs|versicherten|kassen)?(?:nummer|nr|-nr)|"
    r"versicherten(?:nummer|nr|-nr)|versicherungs(?:nummer|nr|-nr)|kvnr|kv-nr|untersuchungs(?:nummer|nr|-nr)|akten(?:zeichen|nummer)|pid|piz"
)
_LABELLED = re.compile(rf"(?<![\w-])(?:{_LABELS})\b\.?{_SEPARATOR}{_VALUE}", re.IGNORECASE)
_BARE = [
    re.compile(r"(?<![\w.,/-])\d{3}-\d{2}-\d{4}(?![\w/-]|[.,]\d)"),  # a US social security number
    re.compile(r"(?<![\w.])[12]\.\d{1,3}\.\d{2,6}(?:\.\d{1,20}){4,}(?![\w.]*\w)"),  # a DICOM unique identifier
    re.compile(r"(?<![\w/-])[A-Z]{1,4}-?\d{7,14}(?![\w/])"),  # CR20240131001
    re.compile(
        r"(?<![\w/-])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D](?!\w)"
    ),  # UK NI number
    re.compile(r"(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"),  # a UUID
    re.compile(r"(?<![\w.,/-])\d{7,12}(?![\w/]|[.,-]\d|[ ]?(?:mg|ml|cells|copies|units|IU))"),
]
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|[ ]?\[at\][ ]?|[ ]?\(at\)[ ]?)[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.UNICODE
)
_URL = re.compile(
    r"(?<![\w@.-])(?:(?:https?|ftp)://[^\s<>\"')\]]{3,300}|www\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:/[^\s<>\"')\]]{0,200})?|"
    r"(?:[\w-]{1,63}\.){1,4}(?:com|org|net|edu|gov|info|de|co\.uk|nhs\.uk|ac\.uk|fr|ch|at|eu|io|health)\b(?:/[^\s<>\"')\]]{0,200})?)",
    re.IGNORECASE,
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = [
    re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)"),
    re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::|[0-9a-fA-F]{1,4})(?::?[0-9a-fA-F]{1,4}){0,5}(?![\w:])"),
    re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![\w:])"),  # a MAC address
]
_EXTENSION = r"(?:[ ,]{0,2}(?:ext\.?|extension|x|ext:|Durchwahl|-)[ ]?\d{1,5})?"
_CALLED = re.compile(
    r"(?<![\w-])(?P<label>(?:tele)?fax(?:es|ed)?(?: (?:number|no\.?|to|it to))?|facsimile|telefax|tel(?:ephone|efon|\.)?(?: (?:number|no\.?|nr\.?))?|"
    r"phone(?: (?:number|no\.?))?|ph\.?|cell(?: phone)?|mobile|mob\.?|handy|pager|beeper|bleep|ext(?:ension)?\.?|durchwahl|"
    r"call(?:ed|ing|s)?(?: (?:back|him|her|them|me|us|at|on|to))*|reach(?:ed|able)?(?: (?:him|her|them|me|us))?(?: at| on)|contact(?:ed)?(?: (?:at|on|number))?|"
    r"hotline|voicemail|t|f|p)(?P<colon>[ ]{0,2}(?:is|at|on|to|was)?[:#.]{0,2}[ ]{0,2})"
    r"(?P<value>(?:\+|00)?\(?\d(?:[\d]|[ ()./–-]{1,3}(?=[\d(])){2,22}\d" + _EXTENSION + r")(?!\w|[.,]\d)",
    re.IGNORECASE,
)
_PHONES = [
    # (555) 123-4567, 555-123-4567, +1 555.123.4567
    re.compile(
        r"(?<![\w.,/+-])(?:\+?1[ .-]?)?(?:\(\d{3}\)[ ]?|\d{3}[ .-])\d{3}[ .–-]\d{4}"
        + _EXTENSION
        + r"(?![\w/]|[.,-]\d)",
        re.IGNORECASE,
    ),
    # +49 (0)761 270-12345, +44 20 7946 0958, 0044 …
    re.compile(
        r"(?<![\w.,/+-])(?:\+|00(?=[1-9]))\d{1,3}[ ./-]{0,2}(?:\(0\)[ ]?)?(?:\(?\d{1,5}\)?[ ./–-]{0,3}){2,6}\d(?![\w/]|[.,]\d)"
    ),
    # 020 7946 0958, 07700 900123, 0761 / 270-12345, 030-123456
    re.compile(r"(?<![\w.,/+-])\(?0\d{2,5}\)?[ ]?[ /–-][ ]?\d{3,8}(?:[ –-]\d{1,6}){0,3}(?![\w/]|[.,]\d)"),
]


def find_addresses_of_the_wire(text: str) -> Iterator[Span]:
    """Every e-mail address, web address and IP or MAC address."""
    wires: list[tuple[Kind, list[re.Pattern[str]]]] = [("email", [_EMAIL]), ("url", [_URL]), ("ip", _IP)]
    for kind, patterns in wires:
        for pattern in patterns:
            for match in pattern.finditer(text):
                yield Span(match.start(), _without_stop(text, match.start(), match.end()), kind)


def find_identifiers(text: str) -> Iterator[Span]:
    """Every number that is an id, a telephone's or a fax's; those that a word names come first."""
    for match in _CALLED.finditer(text):
        if _is_called(match):
            yield Span(match.start("value"), match.end("value"), _kind_of_call(match["label"]))
    for match in _LABELLED.finditer(text):
        if sum(c.isdigit() for c in match["value"]) >= 3:
            yield Span(match.start("value"), match.end("value"), "id")
    for match in _BARE[0].finditer(text):
        yield Span(match.start(), match.end(), "id")
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            if 7 <= sum(c.isdigit() for c in match[0]) <= 18:
                yield Span(match.start(), match.end(), _kind_before(text, match.start()))
    for pattern in _BARE[1:]:
        for match in pattern.finditer(text):
            if not _is_day(match[0]):
                yield Span(match.start(), match.end(), "id")


def _is_called(match: re.Match[str]) -> bool:
    """Whether a number after a word such as "tel." or "call" can be dialled."""
    digits = sum(c.isdigit() for c in match["value"])
    label = match["label"].lower()
    if label in ("t", "f", "p"):
        return digits >= 9 and ":" in match["colon"]
    if label.startswith(("call", "reach", "contact", "cell", "mob", "hand")):
        return digits >= 5 and re.fullmatch(r"[12]?\d[/.-]\d\d?[/.-]\d{2,4}", match["value"]) is None
    return digits >= 3


def _kind_of_call(label: str) -> Kind:
    return "fax" if label.lower().startswith(("f", "telefax")) else "phone"


def _kind_before(text: str, start: int) -> Kind:
    return "fax" if re.search(r"fax\b[^.\n\d]{0,20}$", text[max(0, start - 40) : start], re.IGNORECASE) else "phone"


def _is_day(digits: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits) is not None


def _without_stop(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ".,;:!?":
        end -= 1
    return end
