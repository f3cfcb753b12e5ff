"""What the named fields of a file (the XML of an ECG cart, a sidecar) say of its patient and the people around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from assistant.ingest.dates import parse_date
from assistant.records import Known

# Names of elements and attributes, in lower case without "_" and "-"; every vendor has its own.
_PERSON = r"patient|subject|physician|md|doctor|tech(?:nician)?|operator|overreader|editor|reviewer|attending|referring"
_NAME = re.compile(
    rf"(?:(?:{_PERSON}|acquisition|admitting|ordering|order)*"
    r"(?:first|last|middle|family|given|sur|birth|full|assigned)(?:name)?|family|given|prefix|"
    rf"(?:{_PERSON})+(?:name)?|orderingmd|overreadername|signedby|confirmedby)"
)
_ID = re.compile(
    r"(?:unique)?(?:patient|subject|visit|admission|order|account|accession|encounter|exam|study|test)"
    r"(?:id|no|number)|mrn|ssn"
)
_PLACE = re.compile(
    r"(?:site|institution|facility|hospital|location|department)name|institution|street\w*|addressline\d?|city"
)
_BORN = re.compile(r"dateofbirth|birthdate|birthtime|dob|patientbirth\w*")
_LONGEST = 120  # characters of a name or its key
_WORD = re.compile(r"[^\W\d_]{2,}")


def known_of_xml(root: Element) -> Known:
    """Names, ids, places and the day of birth that stand in elements and attributes that are named so."""
    return known_of_pairs(
        (key, value)
        for element in root.iter()
        if isinstance(element.tag, str)
        for key, value in {element.tag: element.text or element.get("value") or "", **element.attrib}.items()
    )


def is_personal(key: str) -> bool:
    """Whether a field of this name says who somebody is."""
    what = _plain(key)
    return len(what) <= _LONGEST and any(kind.fullmatch(what) for kind in (_NAME, _ID, _PLACE, _BORN))


def known_of_pairs(pairs: Iterable[tuple[str, str]]) -> Known:
    """What fields say of persons and places, each given as its name and its text."""
    names: list[str] = []
    ids: list[str] = []
    places: list[str] = []
    born = None
    for key, raw in pairs:
        what, value = _plain(key), " ".join(raw.split())
        if not value or len(value) > _LONGEST or len(what) > _LONGEST:
            continue
        if _NAME.fullmatch(what) and _WORD.search(value):
            names.append(value)
        elif _ID.fullmatch(what):
            ids.append(value)
        elif _PLACE.fullmatch(what):
            places.append(value)
        elif _BORN.fullmatch(what):
            born = born or parse_date(value)
    names, ids, places = (list(dict.fromkeys(found)) for found in (names, ids, places))
    return Known(tuple(names), tuple(ids), tuple(places), born.date() if born else None)


def _plain(key: str) -> str:
    return re.sub(r"[_-]|^.*[}:]", "", key.lower())
