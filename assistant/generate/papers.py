"""What a sentence does in a paper: it leads up to a finding, says how that came about, states it, or concludes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from assistant.records import Evidence

Part = Literal["before", "result", "conclusion"]

# A paper's statement of what it set out to find, which says nothing of what is so; and what it begins with.
_WORK = r"(?:this|the|our|the (?:present|current)) (?:study|trial|review|meta-analysis|paper|article|work)"
_AIM = re.compile(
    r"(?:(?:background/)?objectives?|(?:study |background/)?aims?|purposes?|goals?|hypothes[ei]s)(?: and \w+)?\s*[:.]\s"
    rf"|.*\b(?:we|the authors?|{_WORK}) (?:therefore |thus |also |here )?(?:aim(?:s|ed)?|sought|seeks?|set out"
    r"|intend(?:s|ed)?|was (?:designed|conducted|undertaken|performed)|were (?:designed|conducted)) to\b"
    rf"|.*\b(?:aims?|objectives?|purpose) of {_WORK} (?:is|was|were|are)\b"
    r"|.*\b(?:our|the) (?:aim|objective)s? (?:was|were|is) to\b"
    r"|to (?:analy[sz]e|assess|clarify|compare|describe|determine|establish|estimate|evaluate|examine|explore|identify"
    r"|investigate|measure|report|review|study|test)\b(?!.*, (?:we|the|an?|\w+ (?:were|was))\b)"
    r"|(?:in )?(?:this|the present) (?:article|review|paper),? (?:we |the authors? )?(?:aims?|provide|describe|review"
    r"|discuss|summari[sz]e|present|report|examine|focus)(?:e?s|ed)?\b",
    re.IGNORECASE,
)
_AIMS = r"objectives?|aims?|purposes?|goals?"
_OF_AIMS = re.compile(rf"(?:{_AIMS})\b", re.IGNORECASE)
_LEADING = r"background|introduction|context|rationale|importance"
_LEADS_UP = re.compile(rf"(?:{_LEADING})\b[^:.]{{0,40}}:", re.IGNORECASE)
_HOW_DONE = re.compile(
    r"(?:(?:materials?|patients) and |study )?(?:methods?|design|setting|participants|exposures?|interventions?"
    r"|main outcomes?|(?:trial )?registration)\b[^:.]{0,40}:"
    r"|(?:eligible|consecutive) \w+ (?:were|was)\b|.{0,60}\bwere (?:retrospectively |prospectively |randomly )?"
    r"(?:enrolled|recruited|randomi[sz]ed|eligible)\b",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(
    r"\b(?:unclear|unknown|uncertain|(?:is|are|remains?) (?:very |still )?(?:limited|scarce|lacking|controversial)"
    r"|little is known|poorly (?:understood|known|studied)|not (?:been )?(?:well|fully|yet)\b|few (?:data|studies))",
    re.IGNORECASE,
)

# What the parts of a structured abstract are called (NLM's list of labels, abridged).
_LABEL = re.compile(r"^(?P<label>[A-Z][A-Za-z/&,() -]{2,60}):\s", re.MULTILINE)
_PARTS: tuple[tuple[Part, re.Pattern[str]], ...] = (
    ("conclusion", re.compile(
        r"(?:author'?s'? )?conclusions?\b|interpretation\b|discussion\b|summary\b"
        r"|(?:clinical )?(?:significance|relevance|implications?)\b|what this (?:study|paper) adds\b", re.IGNORECASE)),
    ("result", re.compile(r"(?:main |key |principal )?(?:results?|findings?)\b", re.IGNORECASE)),
    ("before", re.compile(
        rf"(?:{_LEADING}|(?:study )?(?:{_AIMS})|hypothes[ei]s)\b"
        r"|(?:(?:materials?|patients|subjects) and )?methods?\b|methodology\b"
        r"|(?:study |research )?(?:design|setting|selection)\b|participants?\b|patients\b|subjects\b|exposures?\b"
        r"|interventions?\b|(?:main |primary )?(?:outcomes?|measures?|measurements?)\b|data (?:sources?|extraction)\b"
        r"|(?:trial )?registration\b", re.IGNORECASE)),
)  # fmt: skip
# How a paper without such labels says what it concludes, and what it found.
_CONCLUDES = re.compile(
    r"\bin (?:conclusion|summary)\b|\bwe (?:therefore )?(?:conclude|recommend|suggest)\b"
    r"|\b(?:this|these|our|the (?:present|current))(?: [\w-]+)? (?:stud(?:y|ies)|results?|findings?|data|observations?"
    r"|analys[ei]s|trial|review|meta-analysis|evidence)(?: [\w-]+){0,3} (?:suggest|show|indicate|support|demonstrate"
    r"|confirm|provide|reveal|found|do(?:es)? not support|impl(?:y|ies))(?:e?s|e?d|ed)?\b"
    r"|\b(?:should be|may be|appears? to be|seems? to be) (?:considered|recommended|used|avoided|offered)",
    re.IGNORECASE,
)
_FINDS = re.compile(
    r"\bwe (?:found|observed|identified|showed|demonstrated)\b|\bp ?[<=>≤] ?0?\.\d|\b95% ?(?:CI|confidence)"
    r"|\b(?:hazard|odds|risk) ratio\b|\b(?:OR|HR|RR|aOR|aHR) ?[=,:]? ?\d|\bsignificant(?:ly)?\b|\b\d+(?:\.\d+)? ?%"
    r"|\b(?:was|were|is|are) (?:not |also |independently |strongly |more |less )*(?:associated|correlated|higher|lower"
    r"|greater|similar|increased|decreased|reduced|superior|inferior|comparable|non-?inferior|effective)\b",
    re.IGNORECASE,
)
_OF_A_STUDY = re.compile(
    rf"\b{_WORK}\b|\bp ?[<=>≤] ?0?\.\d|\b95% ?(?:CI|confidence)|\b(?:hazard|odds|risk) ratio\b|\bn ?= ?\d"
    r"|\bwe (?:aimed|sought|investigated|examined|evaluated|assessed|compared|conducted|performed|analy[sz]ed|enrolled"
    r"|included|reviewed|hypothesi[sz]ed|studied)\b"
    r"|\b(?:patients|participants|subjects|women|men|children|cases) (?:were|underwent|completed|received)\b"
    r"|\b(?:retrospective|prospective|cross-sectional|observational|case-control|cohort|randomi[sz]ed|experimental)"
    r"(?: [\w-]+){0,2} (?:stud(?:y|ies)|trial|analysis|design|review)\b",
    re.IGNORECASE,
)

LEADING_UP_COSTS = 0.08  # of a sentence that a paper begins with, beside its results and conclusions
# How much of a share a sentence gets by its part where the abstract labels them; where it does not, by its wording and
# by how far it stands from the paper's beginning. Chosen with ROLE of `sentences` (benchmarks/quoted_parts.py).
_WORTH: dict[Part | None, float] = {"conclusion": 1.0, "result": 0.6, None: 0.3, "before": 0.0}
_WORDING = {"conclusion": 0.3, "result": 0.3}
_FAR_ON = 0.7


def states_aim(sentence: str, piece: Evidence) -> bool:
    """Whether a sentence says what a study set out to find, or how, and not what it found."""
    section = piece.section or ""
    if _HOW_DONE.match(sentence) or _OF_AIMS.match(section) or _HOW_DONE.match(f"{section}:"):
        return True
    to_be_found = _LEADS_UP.match(sentence) and _NOT_KNOWN.search(sentence)
    return bool(to_be_found or _AIM.match(sentence))


def leads_up(sentence: str) -> bool:
    """Whether a sentence is marked as a paper's background."""
    return _LEADS_UP.match(sentence) is not None


def tells_finding(sentence: str, start: int, piece: Evidence) -> float:
    """How much a sentence at the offset `start` of a paper says what was found, from 0 to 1; 0 in what is no paper."""
    labels = _labels(piece.text, piece.section or "")
    if labels:
        return _WORTH[next((part for at, part in reversed(labels) if at <= start), None)]
    if not _OF_A_STUDY.search(piece.text):
        return 0.0
    part = "conclusion" if _CONCLUDES.search(sentence) else "result" if _FINDS.search(sentence) else ""
    return _WORDING.get(part, 0.0) + _FAR_ON * start / len(piece.text)


@lru_cache(maxsize=512)
def _labels(text: str, section: str) -> tuple[tuple[int, Part], ...]:
    """(offset, part) of a structured abstract's labels in order; empty where the text is none."""
    named = [(0, section), *((match.start(), match["label"]) for match in _LABEL.finditer(text))]
    found = [(at, part) for at, label in named for part, words in _PARTS if words.match(label)]
    parts = {part for _, part in found}
    return tuple(found) if "before" in parts and len(parts) > 1 else ()
