"""Names of persons in free text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.deid.spans import Span

_WORD = r"(?:(?:Mc|Mac|O['’]|D['’]|De|Van|Von|La|Le)?[A-ZÄÖÜÉÁÍÓŁŠŽČÇÑØÅ][^\W\d_]{0,25}(?:['’-][^\W\d_]{1,25}){0,3})"
_PARTICLE = r"(?:van der|van den|van de|van|von der|von|zu|de la|de los|del|de|da|dos|di|bin|ibn|al|el|la|le|ter|ten)"
_INITIAL = r"(?:[A-Z]\.(?:-?[A-Z]\.)?|[A-Z](?![\w.]))"
_PERSON = rf"(?:(?:{_INITIAL}|{_PARTICLE}|{_WORD})[ ]{{1,2}}){{0,4}}{_WORD}(?:,?[ ](?:Jr|Sr)\.?|[ ](?:II|III|IV)\b)?"
_TITLE = (
    r"(?:(?:Drs?|Doctor|Prof(?:essor)?|Mr|Mrs|Ms|Miss|Mister|Sir|Dame|Rev|Nurse|Sister|Herrn?|Frau|Fr|Hr|Dres|PD|OA|OÄ|CA|Oberarzt|Oberärztin|"
    r"Chefarzt|Chefärztin|Assistenzarzt|Assistenzärztin|Priv\.-Doz|Monsieur|Madame|Mme|Señor|Señora|Sra|Sig|Sig\.ra)\.?[ ]{1,2}(?:med\.?[ ]|Dipl\.-\w+[ ]|habil\.?[ ]|h\.c\.[ ]|rer\.[ ]nat\.[ ])?){1,3}"
)
_TITLED = re.compile(rf"\b{_TITLE}(?P<name>{_PERSON})")
_HEADED = re.compile(
    r"\b(?:Patient(?:[ ]?name|in)?|Pt(?:[ ]name)?|Name(?: of patient)?|Referring(?: (?:physician|doctor|MD|provider))?|Referrer|Attending(?: (?:physician|MD))?|Ordering (?:physician|provider|MD)|"
    r"Physician|Provider|Radiologist|Cardiologist|Technologist|Consultant|Resident|Surgeon|GP|PCP|Dictated by|Transcribed by|Signed by|Reported by|Read by|Interpreted by|Verified by|Reviewed by|Approved by|"
    r"Electronically (?:signed|verified|approved|reviewed|authenticated) by|Authenticated by|Performed by|Requested by|Cc|gez\.|Überweiser|Zuweiser|Befunder|Arzt|Ärztin|Name des Patienten|Next of kin|Mother|Father|Spouse|Emergency contact)"
    rf"[ \t]*[:]?[ \t]{{1,3}}(?P<name>(?:{_WORD},[ ]{{1,2}}{_PERSON})|{_PERSON})"
)
_CARETED = re.compile(r"\b[^\W\d_][\w'’-]{0,40}(?:\^[\w'’. -]{0,40}){1,4}")


def find_names(text: str) -> Iterator[Span]:
    """Names after a title or a heading, with carets, and those that the model of names finds."""
    for pattern in (_TITLED, _HEADED):
        for match in pattern.finditer(text):
            yield Span(match.start("name"), match.end("name"), "name")
    for match in _CARETED.finditer(text):
        yield Span(match.start(), match.end(), "name")
