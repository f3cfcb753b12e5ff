"""Postal addresses (US, British, German and French forms) and names of institutions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Span

_CAP = r"[A-ZÄÖÜÉ][\w'’.-]{0,30}"
_STATE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
_ZIP = r"\d{5}(?:-\d{4})?"
_CITY = rf"{_CAP}(?:[ ]{_CAP}){{0,3}}"
_STREET_WORD = (
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Ln\.?|Drive|Dr\.?|Court|Ct\.?|Place|Pl\.?|Terrace|Way|"
    r"Circle|Cir\.?|Parkway|Pkwy\.?|Highway|Hwy\.?|Square|Sq\.?|Close|Crescent|Gardens|Grove|Mews|Hill|Row|Walk|Trail|Turnpike|Plaza|Loop|Alley|Green|Rise|Gate|Quay)"
)
_TAIL = rf"(?:,?[ \n]{{1,2}}(?:Apt\.?|Apartment|Suite|Ste\.?|Unit|Flat|Floor|Fl\.?|Room|Rm\.?|#)[ ]?#?\w{{1,6}})?"
_POSTCODE = r"(?:GIR[ ]?0AA|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})"
_US_END = (
    rf"(?:,?[ \n]{{1,2}}{_CITY},?[ ]{{1,2}}(?:{_STATE}|[A-Z][a-z]{{3,12}}(?:[ ][A-Z][a-z]{{3,12}})?),?[ ]{{1,2}}{_ZIP})"
)
_ADDRESSES = [
    re.compile(
        rf"(?<![\w.,/-])(?:(?:Flat|Apt\.?|Unit)[ ]\w{{1,4}},?[ ])?\d{{1,5}}[A-Za-z]?[ ](?:[NSEW]\.?[ ]|North[ ]|South[ ]|East[ ]|West[ ])?(?:{_CAP}[ ]|\d{{1,3}}(?:st|nd|rd|th)[ ]){{1,3}}{_STREET_WORD}"
        rf"(?!\w){_TAIL}(?:{_US_END}|,?[ \n]{{1,2}}{_CITY},?[ \n]{{1,2}}{_POSTCODE}|,[ ]{_CITY}(?:,[ ]{_STATE}\b)?)?"
    ),
    re.compile(rf"\bP\.?[ ]?O\.?[ ]?Box[ ]\d{{1,6}}(?:{_US_END}|,[ ]{_CITY})?|\bPostfach[ ]\d[\d ]{{1,8}}", re.IGNORECASE),
    re.compile(rf"\b{_CITY},?[ ]{_STATE},?[ ]{{1,2}}{_ZIP}(?![\w-])"),
    re.compile(rf"(?<![\w-]){_STATE}[ ]{{1,2}}{_ZIP}(?![\w-])|\b(?:zip(?:[ ]?code)?|PLZ|postal code)[: ]{{1,3}}{_ZIP}(?![\w-])", re.IGNORECASE),
    re.compile(rf"(?:\b{_CITY},?[ ])?(?<!\w){_POSTCODE}(?!\w)"),
    # Hauptstraße 12, 79106 Freiburg; Am Markt 3, D-10115 Berlin
    re.compile(
        rf"\b(?:[A-ZÄÖÜ][\wäöüß.-]{{0,30}}[ -])?[A-ZÄÖÜ]?[\wäöüß.-]{{0,30}}(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ring|damm|ufer|steig|"
        rf"[sS]tr\.|Stra(?:ß|ss)e|Weg|Platz|Allee)[ ]\d{{1,4}}[ ]?[a-z]?\b(?:(?:,|\s|,\s)\s?(?:D-|A-|CH-)?\d{{4,5}}[ ]{_CITY})?"
    ),
    re.compile(rf"(?<![\w.,-])(?:D-|A-|CH-)\d{{4,5}}[ ]{_CITY}|(?<=wohnhaft in )(?:\d{{5}}[ ])?{_CITY}|(?<![\w.,-])\d{{5}}[ ][A-ZÄÖÜ][a-zäöüß]{{2,30}}(?:[ ](?:am|an der|im)[ ][A-Z]\w{{2,20}})?(?=[\n,;.)]|$)"),
    # 12 rue de la Paix, 75002 Paris
    re.compile(rf"(?<![\w.,/-])\d{{1,4}},?[ ](?:bis[ ]|ter[ ])?(?:rue|avenue|boulevard|place|chemin|impasse|allée)[ ](?:[\w'’-]{{1,30}}[ ]?){{1,5}}(?:,[ ]\d{{5}}[ ]{_CITY})?"),
]  # fmt: skip
_INSTITUTION = re.compile(
    rf"\b(?:(?:St\.?|Saint|Mount|Mt\.?)[ ])?{_CAP}(?:[ ](?:{_CAP}|of|and|the|for|&)){{0,4}}[ ](?:Hospital|Medical Cent(?:er|re)|Infirmary|"
    rf"Health (?:System|Cent(?:er|re))|Healthcare|Clinic|Hospice|Nursing Home|Surgery Center|NHS (?:Foundation )?Trust|University)\b|"
    rf"\b(?:[A-ZÄÖÜ][\wäöüß.-]{{1,30}}[ ]){{0,2}}(?:Universitätsklinik(?:um)?|Uniklinik(?:um)?|Klinikum|Krankenhaus|Kreiskrankenhaus|Marienhospital|Charité)(?:[ ][A-ZÄÖÜ][\wäöüß-]{{2,30}}){{0,2}}"
)  # fmt: skip
_GENERIC = frozenset(
    "the this that our another outside local general community children children's university hospital medical emergency"
    " at in to from pain heart eye dental surgery cancer your my her his if since".split()
)


def find_addresses(text: str) -> Iterator[Span]:
    """Every street or box address with the place after it, every postcode with its town, every named institution."""
    for pattern in _ADDRESSES:
        for match in pattern.finditer(text):
            yield Span(match.start(), len(match[0].rstrip(" ,")) + match.start(), "address")
    for match in _INSTITUTION.finditer(text):
        words = match[0].lower().split()
        if not all(word in _GENERIC for word in words[:-1]) or len(words) == 1:
            yield Span(match.start(), match.end(), "institution")
