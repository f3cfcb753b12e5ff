"""Postal addresses (US, British, German and French forms) and names of institutions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.lexicon import words
from assistant.ingest.deid.spans import Span

_CAP = r"(?:(?:St|Ft|Mt)\.[ ])?[A-ZÄÖÜÉ][\w'’-]{0,30}"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|"
    r"W[AIVY])"
)
_ZIP = r"\d{5}(?:-\d{4})?(?![\w-])"
_CITY = rf"{_CAP}(?:[ ]{_CAP}){{0,3}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Ter|Way|Circle|Cir|"
    r"Parkway|Pkwy|Highway|Hwy|Square|Sq|Close|Crescent|Gardens|Grove|Mews|Hill|Row|Walk|Trail|Turnpike|Plaza|Loop|"
    r"Alley|Green|Rise|Gate|Quay|Broadway|Park|View|Estate)(?!\w)\.?"
)
_DIRECTION = r"(?:[NSEW]{1,2}\.?|North|South|East|West)"
_UNIT = r"(?:,?[ \n]{1,2}(?:Apt\.?|Apartment|Suite|Ste\.?|Unit|Flat|Floor|Fl\.?|Room|Rm\.?|#)[ ]?#?\w{1,6})?"
_POSTCODE = r"(?:GIR[ ]?0AA|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})(?!\w)"
_US_TOWN = rf"{_CITY},?[ ]{{1,2}}(?:{_STATE}|[A-Z][a-z]{{3,12}}(?:[ ][A-Z][a-z]{{3,12}})?),?[ ]{{1,2}}{_ZIP}"
_UK_TOWN = rf"{_CITY},?[ \n]{{1,2}}{_POSTCODE}"
_DE_TOWN = rf"(?:D-|A-|CH-)?\d{{4,5}}[ ]{_CAP}(?:[ ](?:am|an[ ]der|im|a\.)[ ]{_CAP}|[ ]{_CAP}){{0,2}}"
_DE_STREET = (
    r"(?:[A-ZÄÖÜ][\wäöüß-]{1,30}(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ring|damm|ufer|steig|berg|hof|markt)"
    r"|[A-ZÄÖÜ][\wäöüß-]{1,30}[ -](?:Str\.|Stra(?:ß|ss)e|Weg|Platz|Allee|Ring|Gasse)"
    r"|(?:Am|Im|An[ ]der|Auf[ ]dem|Zum|Zur|In[ ]der)[ ][A-ZÄÖÜ][\wäöüß-]{1,30})"
)
_PIECE = r"(?:#?\d[\w/-]{0,9}|[A-ZÄÖÜÉ][\w'’-]{0,30}\.?|de|la|le|der|am|an|im|of|the|und|du|des|del|van)"
_ADDRESSES = (
    # 12 Oak Street, Apt 4B, Springfield, IL 62704; 10 Downing Street, London SW1A 2AA
    re.compile(
        rf"(?<![\w.,/-])(?:(?:Flat|Apt\.?|"
        rf"Unit)[ ]\w{{1,4}},?[ ])?\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})?,?[ ](?:{_DIRECTION}[ ])?"
        rf"(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{0,3}}?{_STREET}{_UNIT}"
        rf"(?:,?[ \n]{{1,2}}(?:{_US_TOWN}|{_UK_TOWN})|,[ ]{_CITY}(?:,[ ]{_STATE}(?!\w))?)?"
    ),
    re.compile(
        rf"\bP\.?[ ]?O\.?[ ]?Box[ ]\d{{1,6}}(?:,?[ ]{_US_TOWN}|,[ ]{_CITY})?|"
        rf"\bPostfach[ ]\d[\d ]{{1,8}}(?:,[ ]{_DE_TOWN})?"
    ),
    re.compile(rf"\b{_CITY},?[ ]{_STATE},?[ ]{{1,2}}{_ZIP}"),
    re.compile(
        rf"(?<![\w-]){_STATE}[ ]{{1,2}}{_ZIP}|(?i:\b(?:zip(?:[ ]?code)?|PLZ|postal[ ]code|"
        rf"postleitzahl)[: ]{{1,3}})(?P<value>{_ZIP})"
    ),
    re.compile(rf"(?:\b{_CITY},?[ ])?(?<!\w){_POSTCODE}"),
    # Hauptstraße 12, 79106 Freiburg
    re.compile(rf"\b{_DE_STREET}[ ]\d{{1,4}}[ ]?[a-z]?(?!\w)(?:,?\s{{1,2}}{_DE_TOWN})?(?![ ]?(?:cm|mm|mg|ml)\b)"),
    re.compile(
        rf"(?<![\w.,-])(?:D|A|CH)-\d{{4,5}}[ ]{_CITY}|(?<![\w.,-])\d{{5}}[ ][A-ZÄÖÜ][a-zäöüß]{{2,30}}(?=[\n,;.)]|$)"
    ),
    # 12 rue de la Paix, 75002 Paris
    re.compile(
        r"(?<![\w.,/-])\d{1,4},?[ ](?:bis[ ]|ter[ ])?(?:rue|avenue|boulevard|place|chemin|impasse|allée|calle|via|"
        r"quai)"
        rf"(?:[ ](?:[a-zàé]{{1,4}}[ ’']?)?(?:[a-zàé]{{1,4}}[ ])?{_CAP}){{1,4}}(?:,[ ]\d{{5}}[ ]{_CITY})?"
    ),
    # after "Address:", "lives at"
    re.compile(
        r"(?i:\b(?:address(?:es)?(?:[ ]is)?|anschrift|adresse|wohnhaft(?:[ ]in)?|domicile|residing[ ]at|resid(?:es|"
        r"ed)[ ]at|"
        r"resident[ ]of|liv(?:es?|ing|ed)(?:[ ]alone)?[ ]at|home[ ]visit[ ]at)[:,]?[ ]{1,3})"
        rf"(?P<value>(?=[^.;\n]{{0,60}}\d){_PIECE}(?:,?[ ]{_PIECE}){{1,11}})"
    ),
)
# A town alone, after words that say that somebody is from there.
_TOWN = re.compile(
    r"\b(?:(?:lives|living|lived|resid(?:es|ing|ed)|residents?|grew up|born|stay(?:s|ed|ing)?|"
    r"works|employed|moved|relocated|"
    r"transferred|wohnhaft|wohnt)"
    r"(?:[ ]\w{2,10})?[ ](?:in|to|from|of)|(?:hometown|native|citizen)[ ]of|travel(?:s|led|ed|ling|"
    r"ing)?(?:[ ]\w{2,10})?[ ]to)"
    rf"[ ](?P<value>{_CITY}(?:,[ ](?:{_STATE}(?!\w)|[A-Z][a-z]{{3,15}}))?)"
)
_INSTITUTION = re.compile(
    rf"\b(?:(?:St\.?|Saint|Mount|Mt\.?)[ ])?{_CAP}(?:[ ](?:{_CAP}|of|and|the|for|&)){{0,4}}[ ](?:Hospital|"
    rf"Medical[ ]Cent(?:er|re)|"
    r"Infirmary|Health[ ](?:System|Cent(?:er|re))|Healthcare|Clinic|Hospice|Nursing[ ]Home|Surgery[ ]Center|"
    r"NHS[ ](?:Foundation[ ])?Trust|University|Imaging[ ]Cent(?:er|re)|Radiology[ ]Associates|Medical[ ]Group)\b"
    r"|\b(?:[A-ZÄÖÜ][\wäöüß.-]{1,30}[ ]){0,2}(?:Universitätsklinik(?:um)?|Uniklinik(?:um)?|Klinikum|"
    r"[A-ZÄÖÜ][\wäöüß-]{0,20}krankenhaus|"
    r"Krankenhaus|[A-ZÄÖÜ][a-zäöüß-]{2,20}hospital|Charité)(?:[ ][A-ZÄÖÜ][\wäöüß-]{2,30}){0,2}"
)
# A letterhead in capitals: alone on its line, or before a wide gap.
_LETTERHEAD = re.compile(
    r"^[ \t]{0,8}(?:[A-ZÄÖÜ][A-ZÄÖÜ.&'’-]{1,30}[ ]){1,5}(?:HOSPITAL|MEDICAL CENT(?:ER|RE)|INFIRMARY|CLINIC|"
    r"HEALTHCARE|KLINIKUM)(?=[ \t]*$|[ \t]{2}|[ ]?[,-])",
    re.MULTILINE,
)
_GENERIC = frozenset(
    """the this that our another outside local general community children children's university hospital medical
    emergency at in to from pain heart eye dental surgery cancer your my her his if since state
    county city regional a an of for and or previous private public urgent care walk-in primary family
    any mental outpatient day night when
    women's men's veterans teaching referring receiving skilled please call contact visit""".split()  # noqa: SIM905
)
_SPECIALTY = re.compile(
    r".+(?:ics?|al|ology|ary|ive|medicine|therapy|iatry|surgery|ing)|health|trauma|wound|fertility|diabetes|memory|"
    r"coumadin|"
    r"allergy|breast|travel|sleep|spine|stroke|vein|voice|hand|foot|sports|transplant|cancer|heart|dialysis|hiv|std"
)
_COUNTRIES = frozenset(
    """usa us uk america england germany france spain italy mexico canada china india japan africa europe asia vietnam
    korea philippines brazil australia poland russia ukraine turkey iran iraq syria egypt nigeria kenya ethiopia
    somalia
    ghana haiti cuba colombia peru chile argentina venezuela austria switzerland netherlands belgium sweden norway
    denmark finland ireland scotland wales portugal greece thailand indonesia malaysia pakistan bangladesh nepal
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
    indiana
    iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana
    nebraska
    nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming bavaria
    the united states kingdom new york jersey hampshire north south west east central eastern western southern carolina
    dakota latin saharan sub-saharan""".split()  # noqa: SIM905
) - {"washington", "york"}


def find_addresses(text: str) -> Iterator[Span]:
    """Every street or box address with the place after it, every postcode with its town, towns where somebody lives,
    and every named institution. States and countries may stay."""
    for pattern in _ADDRESSES:
        for match in pattern.finditer(text):
            group = "value" if match.groupdict().get("value") else 0
            start = match.start(group)
            yield Span(start, start + len(match[group].rstrip(" ,.")), "address")
    for match in _TOWN.finditer(text):
        place = re.findall(r"[\w-]+", match["value"])
        if not all(_is_no_town(word) for word in place):
            yield Span(match.start("value"), match.start("value") + len(match["value"].rstrip(".")), "address")
    for match in (*_INSTITUTION.finditer(text), *_LETTERHEAD.finditer(text)):
        parts = match[0].lower().split()
        if len(parts) == 1 or not all(part in _GENERIC or _SPECIALTY.fullmatch(part) for part in parts[:-1]):
            yield Span(match.start(), match.end(), "institution")


def _is_no_town(word: str) -> bool:
    low = word.lower()
    short_form = word.isupper() and len(word) < 6  # ICU
    return short_form or low in _COUNTRIES or low in words() or _SPECIALTY.fullmatch(low) is not None
