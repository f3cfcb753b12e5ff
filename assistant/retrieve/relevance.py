"""What a question asks about, and which words of it carry meaning."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]|[A-Za-z]|\d+(?:\.\d+)?")
_STOP = """
    a about above after again all also am an and any are as at be because been being between both but by can could did
    do does doing done down during each else explain describe for from further get give given gives had has have having
    he her here hers him his how i if in into is it its itself just know like likely may me mean meant might more most
    much must my need no nor not now of off often on once one only or other our out over own please s same say says
    shall she should show shown shows so some such t tell than that the their them then there these they thing things
    this those through to too under until up us use used very was we were what when where which while who whom whose
    why will with would you your
"""
_STOP_WORDS = frozenset(_STOP.split())

# Stems that say what is asked, not about what: a passage on another disease has them all.
_ASPECT = """
    treat treatment therapi manag medic medicin symptom sign caus risk factor prevent diagnos diagnosi test research
    studi trial outlook prognosi complic common often preval incid genet inherit inform problem peopl person patient
    adult child children diseas disord syndrom condit case type stage best way long mani affect happen get doctor
    health new find call relat kind level normal high low day year time dose
"""
_ASPECTS = frozenset(_ASPECT.split())

# What a question asks for, and how a sentence that gives it tends to read.
_CUES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE))
    for asked, given in (
        (
            r"^\s*what (is|are|was|were)\b(?!.*\b(treat|symptom|sign|cause|risk|outlook|test)\w*)|\bdefin|\bmeaning",
            r"^[^,.]{2,90}?\b(is|are|refers? to|means?|was|were)\b (an? |the |one |any |caused |called |when )?\w+",
        ),
        (r"\bsymptoms?\b|\bsigns?\b|\bpresent", r"\bsymptoms?\b|\bsigns?\b|\binclud\w+|\bfeel|\bpain|\bpresent"),
        (r"\btreat|\btherap|\bmanage|\bcured?\b", r"\btreat|\btherap|\bsurg|\bmedicin|\bdrug|\bmedication"),
        (r"\bcause|\bwhy\b|\bdue to\b|\blead", r"\bcaus|\bdue to\b|\bresults? (from|in)\b|\bbecause\b|\bmutation"),
        (r"\bprevent|\bavoid|\blower (the|your) risk", r"\bprevent|\bavoid|\breduc|\blower|\bprotect"),
        (r"\brisks?\b|\bmore likely\b|\bwho gets\b", r"\brisk|\blikely\b|\bfactors?\b|\bmore common\b"),
        (r"\bdiagnos|\btests?\b|\bdetect|\bfind out\b", r"\bdiagnos|\btests?\b|\bexam|\bdetect|\bbiops|\bscan"),
        (r"\boutlook|\bprogno|\bsurviv|\bexpect\b", r"\bprogno|\boutlook|\bsurviv|\brecover|\bcourse\b"),
        (r"\bcomplications?\b|\bproblems?\b", r"\bcomplication|\blead to\b|\bproblems?\b|\bdamage"),
        (r"\bhow (many|much|often|common)\b|\bprevalence|\bincidence|\bdos(e|age)\b", r"\d|\bcommon\b|\brare"),
        (r"\bwhen\b|\bdate\b|\bhow long\b", r"\b(19|20)\d\d\b|\b\d+ (day|week|month|year|hour|minute)s?\b"),
        (r"\bresearch|\bclinical trials?\b", r"\bresearch|\bstud(y|ies)\b|\btrials?\b|\bNINDS\b|\bNIH\b"),
        (r"\binherit|\bgenetic", r"\binherit|\bgene|\bautosomal|\bcopy|\bfamil"),
    )
)


def content_words(text: str) -> list[str]:
    """The text's words that carry meaning, stemmed, in order, each once."""
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in _WORD.findall(text))
    kept = [word for word in words if word not in _STOP_WORDS]
    return list(dict.fromkeys(_stemmer().stemWords(kept)))


def focus_words(question: str) -> list[str]:
    """The content words that say what the question is about: "treatment of gout" → gout; all where none is left."""
    words = content_words(question)
    return [word for word in words if word not in _ASPECTS] or words


def cue_share(question: str, sentence: str) -> float:
    """The share, 0 to 1, of the question's cues ("treat…", "how many") that the sentence meets; 0 without."""
    asked = [given for wanted, given in _CUES if wanted.search(question)]
    return sum(given.search(sentence) is not None for given in asked) / len(asked) if asked else 0.0


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
