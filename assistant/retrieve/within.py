"""What a question wants of a document, and which of its lines give it.

A document that somebody hands in is asked differently from an archive: all of it is on the subject, so that nearness
says little, and a single line of it ("Potassium 4.2 mmol/l") is the answer. A line answers where it holds what the
question names (or its heading, the document's title and what stands around it do) and gives what is wanted of it: a
dose where one is asked for, a date, a treatment. A question that names what the document does not is answered by no
line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.findings import extract_findings
from assistant.findings.mentions import read_sentence
from assistant.findings.vocabulary import vocabulary
from assistant.findings.words import words
from assistant.retrieve.days import DAY, Day, days_named
from assistant.retrieve.drugs import drug_classes, names_a_drug
from assistant.retrieve.expand import expand
from assistant.retrieve.laboratory import LabValue, lab_values, of_another_time, without_level_words
from assistant.retrieve.lines import Line
from assistant.retrieve.relevance import content_words
from assistant.retrieve.shorthand import read_out

# What a line must hold of what a question names. Set by hand, as are the weights below: benchmarks/documents.py --sweep
# gives 0.55 to 0.8 the same on its documents, and 0.6 little that is wrong of PubMedQA.
COVERED = 0.6
# How much a word counts where it stands: in the line or its heading fully, around it or in the title less.
IN_TITLE, AROUND = 0.8, 0.6
IN_HEADING = 0.85  # where a figure or the like is wanted of the thing: beside a line that holds both
_TITLE_WEIGHT = 0.7  # of a word that the title holds: nearly all of the document is on it
_REACH = 2  # lines before and after
_SAME_ROOT, _ENDING = 7, 3  # letters: "pregnant" and "pregnancy", and how much of an ending they may differ in

_CLASSIFICATION = re.compile(r"\bICD[- ]?(?:9|10|11)\b(?:\s+codes?\b)?", re.IGNORECASE)
_WORD = re.compile(r"\w[\w.'’-]*")
_KIND = (
    r"(?:documents?|letter|pdf|file|report|article|paper|guidelines?|guidance|leaflet|brochure|text|page|note|manuscript"
    r"|publication|attachment|upload|handout|booklet)"
)
_THE = r"(?:the|this|that|these|my|his|her|our|your|an?|(?:the )?(?:attached|uploaded|enclosed|above))"
_DOCUMENT = re.compile(
    rf"\b(?:(?:according to|based on|as per|in|of|from|by|per) )?{_THE} "
    rf"(?:(?!(?:in|of|on|to|for|about|is|does|did)\b)[\w-]+ ){{0,2}}?{_KIND}\b(?:'s)?",
    re.IGNORECASE,
)
_DATED_DOCUMENT = re.compile(rf"(?:{_DOCUMENT.pattern})\s+(?:of|from|dated)\s+(?:{DAY.pattern})", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:say|says|said|states?|stated|mention(?:s|ed)?|tell(?:s|ing)?|told|writes?|written|contains?|reads?"
    r"|describes?|discuss(?:es)?|explains?|shows?|saying|find|found|info(?:rmation)?|anything|something|regarding"
    r"|concerning|list(?:ed)?|enumerate|name (?:all|the)|respect|regards?|details?|please|there|happen(?:s|ed)?"
    r"|give (?:me|us))\b",
    re.IGNORECASE,
)
_THE_PATIENT = re.compile(r"\b(?:the|this|that|our|my) patient(?:['’]s)?\b", re.IGNORECASE)
_ROOTS = (  # of parts of the body, whose adjectives end otherwise
    frozenset(("ventricl", "ventricular")), frozenset(("atrium", "atrial")), frozenset(("aorta", "aortic")),
)  # fmt: skip
_JUDGED = re.compile(r"^\W*(?:is|are|was|were) (?:the|this|that|his|her|their|my)\b.* ([a-z-]+)\W*$", re.IGNORECASE)
_NORMAL = re.compile(r"\b(?:normal|unremarkable|clear|intact|regular)\b")
_FIGURE = re.compile(r"\d|\b(?:normal|abnormal|unremarkable|elevated|reduced|raised|low|high)\b")
_SUMMARY = re.compile(
    r"\bsummar(?:y|i[sz]e)\b|\bsum up\b|\boverview\b|\bin short\b|\b(?:key|main|most important|central|take[- ]home) "
    r"(?:points?|findings?|messages?|results?|statements?|conclusions?|facts?)\b|\bgist\b|\btl;?dr\b",
    re.IGNORECASE,
)
_ABOUT_ALL = re.compile(
    r"^\W*what(?:'s| is| does| do| did| are)?(?: it| this| that)?(?: all)?(?: about)?\W*$", re.IGNORECASE
)
_CONCLUDES = re.compile(
    r"\b(?:impression|conclusions?|summary|key points?|assessment|diagnos[ei]s|opinion)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that a line has to hold: by a stem, or by a pattern in the text and in a heading. What meets `verdict`
    meets it too, where the line speaks of the thing."""

    in_text: Callable[[_Read], bool]
    in_heading: Callable[[_Read], bool]
    weight: float = 1.0
    verdict: re.Pattern[str] | None = None
    is_day: bool = False  # which makes a section of nothing: a table's columns are of days


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question wants: all of the document, or lines that hold what it `names` and give what it `wants`, and in
    which, as in their headings, stands `never` what would make another thing of them."""

    whole: bool
    names: tuple[Wish, ...] = ()
    wants: tuple[Wish, ...] = ()
    never: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A line that answers; `by_heading` where its heading says so, `share` of the wishes it meets, in [0, 1];
    `of_section` where its section as such is what is asked for ("Which drugs at discharge?")."""

    line: Line
    share: float
    by_heading: bool
    of_section: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as wishes are looked for in it."""

    written: str
    text: str  # in small letters
    stems: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Read:
        said = read_out(text)
        return cls(text, said.lower(), frozenset(content_words(_with_codes_named(said))))


@dataclass(frozen=True, slots=True)
class _Aspect:
    asked: re.Pattern[str]
    given: re.Pattern[str]
    heading: re.Pattern[str]
    must: bool
    figure: bool
    drug: bool
    weight: float
    never: re.Pattern[str] | None
    besides: re.Pattern[str] | None  # what a question may add that no line has to hold: "since the prior study"


@lru_cache(maxsize=256)
def asked_of_document(question: str) -> Asked:
    """What a question put to a document wants of it."""
    asks_for_all = bool(_SUMMARY.search(question))
    rest = _SUMMARY.sub(" ", _SAYING.sub(" ", _DOCUMENT.sub(" ", _DATED_DOCUMENT.sub(" ", question))))
    names: list[Wish] = []
    wants: list[Wish] = []
    never: list[re.Pattern[str]] = []
    rest = rest.replace("[date]", " ")  # a day that was taken out of a question
    if days := days_named(rest):
        rest = DAY.sub(" ", rest)
        wants.append(Wish(lambda read: _is_of(days, read), lambda read: _is_of(days, read), is_day=True))
    if not _aspects()[0].asked.search(rest.lower()):  # whom a letter is on it need not say line by line
        rest = _THE_PATIENT.sub(" ", rest)
    values = lab_values(rest)
    for value in values:
        rest = value.asked.sub(" ", rest)
    if values:  # of several a line may give one
        names.append(Wish(lambda read: any(value.named.search(read.written) for value in values), _nowhere))
        rest = without_level_words(rest)
        if not content_words(rest):  # the value alone is asked for: a line that orders it to be measured gives none
            wants.append(Wish(lambda read: _gives(values, question, read.written), _nowhere))
    for drugs in drug_classes(rest):
        rest = drugs.asked.sub(" ", rest)
        names.append(Wish(lambda read, d=drugs: bool(d.named.search(read.text)), _nowhere))  # type: ignore[misc]
    lowered = rest.lower()
    judges = _findings_named(rest) if _JUDGED.match(question) else {}
    for aspect in _aspects():
        hit = aspect.asked.search(lowered)
        if not hit or (aspect.must and judges and set(content_words(hit[0])) <= judges.keys()):
            continue  # "Is the heart size normal?" asks for a finding by these words and not for a figure
        wish = Wish(
            lambda read, a=aspect: bool(a.given.search(read.text) or (a.drug and names_a_drug(read.written))),  # type: ignore[misc]
            lambda read, a=aspect: not a.figure and bool(a.heading.search(read.text)),  # type: ignore[misc]
            aspect.weight,
        )
        (wants if aspect.must else names).append(wish)
        never += [aspect.never] if aspect.never else []
        lowered = aspect.asked.sub(lambda said: f" {said.groupdict().get('kept') or ''} ", lowered)
        lowered = aspect.besides.sub(" ", lowered) if aspect.besides else lowered
    left = set(_WORD.findall(lowered))
    judged = None if values else _JUDGED.match(question)
    names += _by_word(
        " ".join(word for word in _WORD.findall(rest) if word.lower() in left), judged[1] if judged else ""
    )
    if not names and not wants:
        return Asked(whole=asks_for_all or (rest != question and bool(_ABOUT_ALL.match(rest))))
    return Asked(False, tuple(names), tuple(wants), tuple(never))


def _is_of(days: Sequence[Day], read: _Read) -> bool:
    """Whether a text names one of these days."""
    return any(day.may_be(told) for told in days_named(read.written) for day in days)


def _gives(values: Sequence[LabValue], question: str, line: str) -> bool:
    return any(value.given.search(line) for value in values) and not of_another_time(question, line)


def _nowhere(read: _Read) -> bool:
    return False


def names_a_document(question: str) -> bool:
    """Whether a question speaks of a text as such: "what does the letter say about …", "in this article"."""
    return bool(_DOCUMENT.search(question))


def _by_word(text: str, judged: str) -> list[Wish]:
    """A wish for each word that says something, met by its other names and spellings as well; for the one by which a
    thing is judged ("Is the heart enlarged?") also by what is normal, and for "normal" by a figure."""
    stems = content_words(_with_codes_named(text))
    of_judged = content_words(judged)
    others: dict[str, list[tuple[str, ...]]] = {}
    for said, called in expand(text).same:
        for stem in stems:
            if any(_alike(stem, word) for word in said):
                names = (tuple(content_words(" ".join(name))) for name in called)
                # "effusion" is another name of "pleural effusion", but not of "pleural"
                others.setdefault(stem, []).extend(name for name in names if not set(name) <= set(stems))
    verdict = _FIGURE if judged.lower() == "normal" else _NORMAL
    findings = _findings_named(text)
    return [
        _word(
            stem,
            others.get(stem, ()),
            findings.get(stem),
            verdict if [stem] == of_judged and stem not in findings else None,
        )
        for stem in stems
    ]


def _with_codes_named(text: str) -> str:
    """ "ICD-10" as what it is: no implanted defibrillator."""
    return _CLASSIFICATION.sub("classification", text)


def _findings_named(text: str) -> dict[str, str]:
    """The finding that the text names with a word, by the word's stem."""
    tokens = words(text)
    named = [
        (entity, tokens[match.start].start, tokens[match.end - 1].end)
        for match in vocabulary().match(tokens)
        if (entity := match.value("entity"))
    ]
    named += [(mention.entity, mention.start, mention.end) for mention in read_sentence(text).mentions]
    return {stem: entity for entity, start, end in reversed(named) for stem in content_words(text[start:end])}


@lru_cache(maxsize=4096)
def _findings_told(text: str) -> frozenset[str]:
    return frozenset(finding.entity for finding in extract_findings(text))


def _word(stem: str, others: Sequence[tuple[str, ...]], finding: str | None, verdict: re.Pattern[str] | None) -> Wish:
    def holds(read: _Read) -> bool:
        if any(_alike(stem, other) for other in read.stems):
            return True
        if finding and finding in _findings_told(read.written):  # "Heart size normal" answers for cardiomegaly
            return True
        return any(name and all(any(_alike(w, o) for o in read.stems) for w in name) for name in others)

    return Wish(holds, holds, verdict=verdict)


def _alike(one: str, other: str) -> bool:
    """Whether two stems are of one root: "random" and "randomis", "pregnant" and "pregnanc"."""
    if one == other or frozenset((one, other)) in _ROOTS:
        return True
    short, long = sorted((one, other), key=len)
    common = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) - common > _ENDING:
        return False
    return common >= _SAME_ROOT or (common == len(short) >= _SAME_ROOT - 2)


def answering(asked: Asked, document: Sequence[Line], title: str = "") -> list[Found]:
    """The lines of a document that answer, in reading order; nothing where it doesn't hold what is asked for."""
    if asked.whole:
        return _key_lines(document)
    if not asked.names and not asked.wants:
        return []
    entitled = _Read.of(title)
    read = [_Read.of(line.text) for line in document]
    headings = {heading: _Read.of(heading) for heading in {line.heading for line in document}}
    found = []
    for n, line in enumerate(document):
        near = range(max(0, n - _REACH), min(len(document), n + _REACH + 1))
        around = [read[m] for m in near if m != n and document[m].heading == line.heading]
        answer = _judged(asked, line, read[n], headings[line.heading], around, entitled)
        if answer is not None:
            found.append(answer)
    return found


def _judged(
    asked: Asked, line: Line, said: _Read, under: _Read, around: Sequence[_Read], entitled: _Read
) -> Found | None:
    """The line as an answer, None where it is none.

    Of what is named something has to stand in the line or its heading, beside what only the title or lines around hold;
    a section on what is wanted ("Treatment") of what the title names is one as well.
    """
    if any(never.search(read.text) for never in asked.never for read in (said, under)):
        return None
    given = [(wish.in_text(said), wish.in_heading(under)) for wish in asked.wants]
    if not all(text or heading for text, heading in given):
        return None
    by_heading = any(heading for _, heading in given)
    if (
        any(not wish.is_day for wish in asked.wants)
        and all(heading for _, heading in given)
        and all(wish.in_heading(under) for wish in asked.names if wish.weight >= 1)
    ):
        return Found(line, 1.0, True, of_section=True)
    spoken = any(text for text, _ in given)
    of_the_thing = all(w.in_text(said) or w.in_heading(under) for w in asked.names if w.verdict is None)
    total = share = 0.0
    touched = bool(given) and not asked.names
    for wish in asked.names:
        in_title = wish.in_text(entitled)
        weight = wish.weight * (_TITLE_WEIGHT if in_title else 1.0)
        total += weight
        if wish.in_text(said):
            share, spoken = share + weight, True
            touched = touched or (wish.verdict is None and (wish.weight >= 1 or all(w.weight < 1 for w in asked.names)))
        elif wish.in_heading(under):
            held = weight if by_heading or not given else weight * IN_HEADING
            share, touched = share + held, touched or wish.weight >= 1
        elif wish.verdict is not None and wish.verdict.search(said.text) and of_the_thing:
            share += weight
        elif in_title:
            share, touched = share + weight * IN_TITLE, touched or by_heading
        elif any(wish.in_text(other) for other in around):
            share += weight * AROUND
    share = share / total if total else 1.0
    return Found(line, share, not spoken) if touched and share >= COVERED else None


def _key_lines(document: Sequence[Line]) -> list[Found]:
    """What sums a document up: its conclusions, else the first line below each heading, else how it begins."""
    if told := [line for line in document if _CONCLUDES.search(line.heading)]:
        return [Found(line, 1.0, True) for line in told]
    firsts = [line for n, line in enumerate(document) if n == 0 or line.heading != document[n - 1].heading]
    return [Found(line, 1.0, True) for line in (firsts if len(firsts) > 1 else document)]


@lru_cache(maxsize=1)
def _aspects() -> tuple[_Aspect, ...]:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("aspects.toml").read_text(encoding="utf-8"))
    return tuple(
        _Aspect(
            re.compile(entry["asked"]), re.compile(entry["given"]), re.compile(entry.get("heading", entry["given"])),
            entry.get("must", False), entry.get("figure", False), entry.get("drug", False),
            entry.get("weight", 1.0), re.compile(entry["never"]) if "never" in entry else None,
            re.compile(entry["besides"]) if "besides" in entry else None,
        )
        for entry in raw.values()
    )  # fmt: skip
