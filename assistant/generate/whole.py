"""Whether a question is on a recording as a whole, told by all of its words: any other names one thing."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W_][\w'’–-]*")
# All that a question on a recording as a whole consists of: the recording, how it is to be judged, and words that carry
# nothing. `_CARRIES` are those of which it needs one.
_RECORDING = r"""ecgs?|ekgs?|electrocardiogra\w+|recordings?|tracings?|strips?|uploads?|uploaded|files?|records?
    |stud(?:y|ies)|images?|pictures?|films?|x-?rays?|radiographs?|cxrs?|scans?|ct|mri?|signals?
    |curves?|hearts?|cardiac|chest|lungs?|aufnahme|aufzeichnung|bild|datei|herz|kurve"""
_JUDGED = r"""(?:ab|un)?normal\w*|ok(?:ay)?|fine|healthy|wrong|unusual|(?:un)?remarkable|patholog\w+|critical
    |urgent|emergency|dangerous|worrying|concerning|alarming|bad|good|suspicious|striking|special
    |relevant|important|significant|notable|noteworthy|interesting|anything|something|shows?|shown
    |showing|see|seen|visible|look|looks|interpret\w*|describe|description|summar\w+|sum|read
    |reading|analy[sz]e|assess\w*|evaluat\w+|comment\w*|explain|suggest\w*|diagnos\w+|impression
    |findings?|results?|conclusions?|report|changes?|problems?|abnormalit(?:y|ies)|zeigt|zeige|sieht
    |befund\w*|(?:un)?auffällig\w*|krankhaft\w*|beurteil\w*|interpretier\w*|beschreib\w*
    |everything|worry|worried|overview|measurements?|values|alles"""
_COMPARED = r"""compar\w+|changed|different|differs?|differences?|between|two|both|first|second|previous|prior
    |earlier|last|old|before|since|than|other|each|unchanged|stable|same|still|worse|better|new
    |newer|older|one|ones|vergleich\w*|unterschied\w*|zwei|beiden?"""
_CARRY_NOTHING = r"""what|what's|which|how|is|are|was|were|there|does|do|did|has|have|can|could|would|should|you|your
    |we|i|me|us|please|the|this|that|these|those|it|its|his|her|he|she|a|an|any|all|some|of|on|in|at
    |for|to|with|from|about|and|or|but|so|by|here|now|then|else|going|happening|tell|give|make|say
    |says|find|found|like|mean|means|main|key|overall|general|short|brief|briefly|whole|entire
    |complete|full|my|our|patient(?:'s|’s)?|overview|up|out|note|view|opinion|quick|most|be|been|get
    |got|present|let|know|kind|sort|type|ist|sind|das|der|die|dem|des|den|dieses|diesem|diese[rn]?
    |was|wie|ein|eine[nrsm]?|im|man|hier|da|etwas|irgend\w*|es|gibt|und|oder|bitte|auf|zu|mir|mit|list"""
_WHOLE_WORDS = re.compile(rf"(?:{_RECORDING}|{_JUDGED}|{_CARRY_NOTHING})$", re.IGNORECASE | re.VERBOSE)
_COMPARES = re.compile(rf"(?:{_RECORDING}|{_JUDGED}|{_COMPARED}|{_CARRY_NOTHING}|\d+)$", re.IGNORECASE | re.VERBOSE)
_CARRIES = re.compile(rf"\b(?:{_RECORDING}|{_JUDGED})\b", re.IGNORECASE | re.VERBOSE)
_THIS_ONE = re.compile(r"^\W*what(?:'s| is) (?:this|it|that)\W*$|\b(?:this|it|here)\s*\?", re.IGNORECASE)
# Words for whoever or whatever wrote the statements in a file, as they are asked for.
_WRITTEN_BY = (
    r"cart|machine|recorder|device|computer|algorithm|software|header|statements?|itself|automatic|automated|own|gerät"
)
_BY_MACHINE = re.compile(rf"\b(?:{_WRITTEN_BY})\b(?:['’]s)?", re.IGNORECASE)


def is_on_the_whole(question: str) -> bool:
    """Whether a question consists of a recording and how it is to be judged: "Is this ECG normal?"."""
    words = WORD.findall(question)
    carries = not words or _CARRIES.search(question) or _THIS_ONE.search(question)
    return bool(carries) and all(_WHOLE_WORDS.match(word) for word in words)


def compares_the_whole(question: str) -> bool:
    """Whether a question that compares names nothing that is to be compared: "What changed between the two?"."""
    return all(_COMPARES.match(word) for word in WORD.findall(question))


def asks_of_machine(question: str) -> bool:
    """Whether a question is after all that a recorder or a header states: "What does the cart say?"."""
    rest = _BY_MACHINE.sub(" ", question)
    return rest != question and all(_WHOLE_WORDS.match(word) for word in WORD.findall(rest))
