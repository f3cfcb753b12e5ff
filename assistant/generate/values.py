"""Which measured values of the study itself a question is after, and why one of them is not there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.generate.whole import WORD, compares_the_whole, is_on_the_whole
from assistant.measure import Wanted, leads_named, quantity_of
from assistant.records import Evidence, SignalPlace, ValuePlace
from assistant.retrieve.own import MEASURED, MEASURED_IN_ARCHIVE, is_absence, named_upload
from assistant.retrieve.question import asks_what_causes, points_at_study, read_question
from assistant.retrieve.route import asks_of_patient

_VOLTAGE = r"\bvoltage|\bamplitude|\bsokolow|hypertroph|\blvh\b"
_EXTRA_BEATS = (
    r"\bextra-?\s?(?:systol|beats?\b)|\bpremature\b|\bectop|\bearly beats?\b|\b(?:bi|tri)gemin"
    r"|\b(?:pvcs?|vpcs?|vpbs?|pacs?|apcs?|svpbs?|s?ves)\b"
)
_T_WAVES = r"\bt[- ]waves?\b|\bt[- ]?(?:wave )?invers|\bt[- ]?(?:wellen?|negativ)"
_BROAD = r"(?:broad|wide|widen\w*|width|long|prolong\w*|duration|dauer|breite?|verbreiter\w*)"
_P_WAVES = r"\bp[- ]?(?:waves?|wellen?)\b"
_P_WIDTH = (
    rf"\b{_BROAD}\b[^.?]*{_P_WAVES}|{_P_WAVES}[^.?]*\b{_BROAD}\b|\bp[- ]?(?:duration|dauer|breite|verbreiter\w+)\b"
    r"|\binteratrial block"
)
_DEGREE = r"\b(?:first|second|third|1st|2nd|3rd|i{1,3})[- ]degree\b"
_AV_BLOCK = rf"\b(?:av|a-v|heart)[- ]?blocks?\b|\batrioventricular\b|{_DEGREE}|\bwenckebach\b|\bmobitz\b"
_SA_BLOCK = r"\bs\.?a\.?[ -](?:exit )?block|\bsin[ou]-?(?:atrial|auricular)|\bsinus (?:arrest|pause)|\bexit block"
_FASCICLE = r"\bfascicular|\bhemi-?block"
_BLOCK = (  # of the ventricles, or of which is not said
    r"(?<!av[ -])(?<!a-v )(?<!heart[ -])(?<!degree[ -])(?<!rioventricular )(?<!interatrial )(?<!atrial )(?<!sa[ -])"
    r"(?<!exit )(?<!fascicular )(?<!hemi-)\bblocks?\b"
)
_ST = r"\bst\b|\bn?stemi\b|\belevat|\bdepress|\b(?:st-?)?(?:hebung|senkung)"
_INFARCT = r"\bischa?emi|\binfarct|\bischämi|\binfarkt"
_PACED = r"\bpac(?:ed|ing|er)\b|(?<!atrial )\bpacemaker|schrittmacher"


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A question's words, the measured values (by the start of their name) that answer it, and the words by which a
    line of a file tells of the same; "rhythm" also takes statements about a stretch of the signal."""

    asked: re.Pattern[str]
    names: tuple[str, ...]
    told: re.Pattern[str]


def _quantity(asked: str, *names: str, told: str = "") -> _Quantity:
    return _Quantity(re.compile(asked, re.IGNORECASE), names, re.compile(told or asked, re.IGNORECASE))


_RHYTHM = (
    r"\brhythm|\barrhythm|\b(ir)?regular|\bsinus|\bfibrillat|\bflutter|\bafi?b?\b|\bpauses?\b|\bvorhoffl|\basystol"
)
_RHYTHM_TOLD = rf"{_RHYTHM}|{_P_WAVES}|{_EXTRA_BEATS}|{_PACED}|(?:tachy|brady)[ck]ard"
_ASKED: tuple[_Quantity, ...] = (
    _quantity(_RHYTHM, "rhythm", "rr", "heart_rate", told=_RHYTHM_TOLD),
    _quantity(rf"^(?!.*(?:{_P_WIDTH})).*{_P_WAVES}", "rhythm", "p_ms", told=_RHYTHM_TOLD),
    _quantity(
        r"\brate\b|\bfast\b|\bslow\b|(?:tachy|brady)[ck]ard|\basystol|\bbpm\b|\bpulse?\b|\b(?:herz|kammer)?frequenz",
        "heart_rate",
    ),
    _quantity(r"\bqtc\b|\bbazett|\bfridericia|\bcorrected qt\b", "qtc", "qt", told=r"\bqtc?\b|\bbazett|\bfridericia"),
    _quantity(r"(?<!corrected )\bqt\b|(?<!early )\brepolari[sz]ation", "qt", told=r"\bqtc?\b|\brepolari[sz]ation"),
    _quantity(r"\bearly repolari[sz]ation", "st"),
    _quantity(_SA_BLOCK, "rhythm"),
    _quantity(r"\bp[rq]\b", "pr", "pq", told=rf"\bp[rq]\b|{_AV_BLOCK}"),
    # of a higher degree than the first the rhythm tells: whether it is regular and P waves precede the QRS
    _quantity(rf"{_AV_BLOCK}|\bav[- ]?conduction", "pr", "pq", "rhythm", told=rf"\bp[rq]\b|{_AV_BLOCK}"),
    _quantity(rf"(?<!branch )(?<!branch-){_BLOCK}", "pr", "pq", told=rf"\bp[rq]\b|{_AV_BLOCK}|\bblocks?\b"),
    _quantity(
        rf"\bqrs\b(?!\W+axis)|{_BLOCK}|\bbundle\b|^(?!.*(?:{_P_WIDTH})).*\bwide\b|\bnarrow\b|\b[lr]bbb\b|\bintraventricular"
        r"|(?<!av )(?<!av-)\bconduction|schenkelblock",
        "qrs",
    ),
    _quantity(r"\baxis\b|(?<!\bst[ -])\bdeviat|\blagetyp|\b(?:herz)?achse\b", "axis"),
    _quantity(_FASCICLE, "axis", "qrs"),  # by which it is told
    _quantity(_ST, "st"),
    _quantity(_INFARCT, "st", told=rf"{_ST}|{_INFARCT}"),
    _quantity(r"\bintervals\b|\bdurations\b|\btimings\b|\bintervalle\b", "pr", "qrs", "qt", "rr"),
    _quantity(_VOLTAGE, "sokolow", "amplitude", told=_VOLTAGE.replace("hypertroph", r"\bventricular hypertroph")),
    _quantity(_EXTRA_BEATS, "extra_beats"),
    _quantity(_T_WAVES, "t_mv", "amplitude"),
    _quantity(_P_WIDTH, "p_ms"),
    _quantity(_PACED),
    _quantity(
        r"\bquality\b|\bnois[ey]|\bart[ei]fact|\bsharp|\bexpos|\bclipp|\breadable|\bqualität",
        "quality", "noise", "sharp", "clip", "expos", "contrast", "saturat", "usable",
    ),
)  # fmt: skip
_ELEVATED = re.compile(r"\belevat|hebung|\bstemi\b", re.IGNORECASE)
_DEPRESSED = re.compile(r"\bdepress|senkung|\bnstemi\b", re.IGNORECASE)

# All that a question consists of which asks for a measured value and for nothing else: the value's name, what is to be
# judged of it, a lead, the recording, and words that carry nothing. Any other word is a second thing that is asked.
_VALUE_WORDS = re.compile(
    r"""(?:hearts?|ventricular|atrial|rates?|pulse?|bpm|beats?|qtc?|p[rq]|qrs|rr|r-r|complex(?:es)?|intervals?|durations?
    |times?|axis|frontal|electrical|mean|st|segments?|levels?|elevations?|elevated|depressions?|depressed|deviations?
    |deviated|shifts?|[td]achy|tachycardi[ac]|bradycardi[ac]|bazett|fridericia|corrected|quality|signal|amplitudes?
    |minutes?|ms|mv|beating|inferior|anterior|lateral|septal|[prst]|waves?|[pt]-wellen?|inverted|inversions?|upright|flat
    |negativ\w*|positiv\w*|extra|early|premature|ectop\w+|extrasystol\w+|contractions?|pvcs?|pacs?|s?ves|any
    |(?:herz|kammer)?frequenz|puls|(?:qtc?|p[rq]|qrs|rr)-(?:zeit|dauer|intervall|interval|komplex|complex|duration|time)
    |zeit|dauer|intervall|lagetyp|(?:herz)?achse|(?:st-?)?(?:hebung|senkung|strecke)(?:en)?|st-segments?|st-strecken
    |st-(?:elevations?|depressions?|deviations?)|tachykardie|bradykardie|signalqualität|qualität
    |long|short|wide|narrow|broad|high|low|fast|slow|big|large|good|bad|normal|abnormal|prolonged|shortened|widened
    |increased|decreased|raised|left|right|significant|much|many|exact|lang|kurz|breit|schmal|hoch|niedrig|schnell
    |langsam|gut|schlecht|verlängert|verkürzt|verbreitert|auffällig|links|rechts
    |i{1,3}|av[rlf]|v[1-6](?:[-–]v?[1-6])?|leads?|any|all|chest|limb|precordial|ableitung(?:en)?
    |ecgs?|ekgs?|electrocardiograms?|recordings?|tracings?|strips?|uploads?|uploaded|files?|patient(?:'s|s|en)?
    |recorded|measured|measure|measurements?|values?|gemessen|aufnahme|datei|wert|give|state|tell|show|report|see|seen
    |is|are|was|were|there|does|do|did|has|have|can|could|you|please|me|us|what|what's|which|how|and|or|but|also|then
    |the|this|that|these|those|it|its|his|her|a|an|of|on|in|at|for|to|with|from|about|too|so|by|here|now
    |wie|was|ist|sind|war|der|die|das|den|dem|des|ein|eine|einer|eines|im|in|und|oder|gibt|es|zu|auf|bei|mit|hier
    |welche[rns]?|hat|liegt|vor|bitte|man|sieht|zeigt|dieses|diesem|diese[rn]?|aus|von)$""",
    re.IGNORECASE | re.VERBOSE,
)
_ASPECT = (
    r"(?:causes?|symptoms?|signs?|treatments?|therap(?:y|ies)|risk factors?|side effects?|complications?|management"
    r"|prognosis|definition|mechanisms?|prevalence|incidence|differential diagnos[ie]s|guidelines?)"
)
_AT_LARGE = re.compile(
    r"\W*(?:(?:what(?:'s| is| are)|what does|define|explain)\s+(?!(?:the|this|that|these|his|her|my|our|your|it|its)\b)"
    rf"|what (?:is|are) the {_ASPECT} (?:of|for|in)\b|what causes?\b"
    r"|how (?:is|are|do|does|can|should)\b.*\b(?:treat|manag|diagnos|prevent|defin)\w*)",
    re.IGNORECASE,
)
_ORDER = {"first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "latter": 1, "third": 2, "3rd": 2, "fourth": 3}
_OF_ORDER = re.compile(
    rf"\b({'|'.join(_ORDER)})(?:\s+(?:one|ecg|ekg|recording|file|upload|tracing|strip|picture|image|film|x-?ray)\b|\W*$)",
    re.IGNORECASE,
)
_A_NORMAL_ONE = re.compile(r"\bnormal\w*\s+(?!in\b|on\b|for\b)\w", re.IGNORECASE)  # "what is a normal QT?"
_OF_SOMETHING_ELSE = frozenset({"knowledge", "similar", "comparison", "count", "cases"})
_ASKS_OF_OTHERS = re.compile(r"\b(similar|other|alike|comparable)\b", re.IGNORECASE)
_THE_ECG = r"(?:the|this|that) (?:whole )?(?:ecg|ekg|recording|tracing|strip|signal|file)\b"
_OF_DESCRIPTION = re.compile(
    rf"\bhow (?:long|many seconds) (?:is|was|does) {_THE_ECG}|\b(?:length|duration) of {_THE_ECG}"
    r"|\bsampl(?:ing|e) (?:rate|frequency)\b"
    r"|\b(?:what|which|how many) (?:leads|channels) (?:are|were|does|has|is|do)\b",
    re.IGNORECASE,
)
_OF_A_DAY = re.compile(r"\W*(?:when|since when|(?:on )?(?:what|which) (?:date|day)|wann|seit wann)\b", re.IGNORECASE)
_HOW_MANY_BEATS = re.compile(rf"\W*how many\b.*(?:{_EXTRA_BEATS})", re.IGNORECASE)
_DESCRIBES = re.compile(r"(?:uploaded|archived)\b", re.IGNORECASE)


def description_asked(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What a recording is, where a question is for its length, its leads or its sampling rate."""
    if not _OF_DESCRIPTION.search(question):
        return []
    recordings = (piece for piece in evidence if _is_of_case(piece) and piece.kind == "signal")
    return [piece for piece in recordings if _DESCRIBES.match(piece.text)]


def is_measured(piece: Evidence) -> bool:
    """Whether the evidence is a value or a statement measured on the study itself or a chosen one, not the recording
    as a whole."""
    told = piece.why in (MEASURED, MEASURED_IN_ARCHIVE) and isinstance(piece.place, SignalPlace)
    return _is_of_case(piece) and (told or isinstance(piece.place, ValuePlace))


def _is_of_case(piece: Evidence) -> bool:
    """Whether a piece is of what lies on the table: an upload, the chosen patient's, a study chosen by hand."""
    return piece.relation == "own" or piece.chosen


def measured_for(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The measured values that answer the question, the one named first in it first; where one could not be measured
    the evidence that says why.

    All that was measured where the question is about the study but names none ("what does it show?"), and why ST was
    not, since nothing said of it would read as nothing found; none where it is about something else.
    """
    measured = [piece for piece in evidence if is_measured(piece)]
    if asks_at_large(question) or _OF_A_DAY.match(question):
        return []
    at_large = read_question(question).kind == "knowledge" and not points_at_study(question)
    absent = [] if at_large else _absences(evidence)
    candidates = [piece for piece in evidence if piece in measured or piece in absent]
    if leads := leads_named(question):  # why there is nothing in the lead that was asked for comes first
        bearing = [piece for piece in absent if leads & (leads_named(piece.text) or leads)]
        candidates = [*bearing, *measured]
    named = sorted((hit.start(), one.names) for one in _ASKED if (hit := one.asked.search(question)))
    if leads:  # after what is asked of them
        named.append((len(question), ("lead", "amplitude")))
    found: list[Evidence] = []
    for name in (name for _, names in named for name in names):
        found += [piece for piece in candidates if piece not in found and _is_called(piece, name)]
    if named:
        return _st_in_order(question, found)
    if not asks_of_whole(question):
        return []
    if not measured:
        return [piece for piece in absent if quantity_of(piece.text) is None]
    with_st = {piece.record_id for piece in measured if quantity_of(piece.text) == "st_mv"}
    without = [p for p in absent if quantity_of(p.text) == "st_mv" and p.record_id not in with_st]
    return [*measured, *without]


def asks_of_whole(question: str) -> bool:
    """Whether a question is on the recording as a whole: what it shows, whether it is normal, what changed; a question
    on one thing is not, though it names the recording: "Who reported this ECG?"."""
    if names_a_quantity(question) or asks_of_others(question):
        return False
    if read_question(question).kind == "comparison":
        return compares_the_whole(question)
    return is_on_the_whole(question)


def asks_of_recording(question: str) -> bool:
    """Whether what is measured on a recording, or what a recording is, may answer a question."""
    if asks_at_large(question):
        return False
    named = names_a_quantity(question) or _OF_DESCRIPTION.search(question)
    return bool(named or leads_named(question)) or asks_of_whole(question)


def wanted_of(question: str) -> Wanted:
    """What of a recording is told only where a question is after it."""
    if asks_at_large(question):
        return Wanted()
    t_waves, beats, voltage = (
        re.search(words, question, re.IGNORECASE) is not None for words in (_T_WAVES, _EXTRA_BEATS, _VOLTAGE)
    )
    return Wanted(frozenset(leads_named(question)), t_waves, beats, voltage)


def asks_at_large(question: str) -> bool:
    """Whether a question is what a finding is, why it comes or how it is treated, whoever has it: "What is atrial
    fibrillation?"."""
    read = read_question(question)
    if read.kind != "knowledge" or asks_of_patient(question):
        return False
    if asks_what_causes(question):
        return True
    if not (asked := _AT_LARGE.match(question)):
        return False
    return bool(read.about.named) or re.search(rf"\bthe {_ASPECT}", asked[0], re.IGNORECASE) is not None


def of_the_one_meant(question: str, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence less what is of other uploads, where a question names one by its place: "the second one"."""
    meant = _OF_ORDER.findall(question)
    names = list(dict.fromkeys(name for piece in evidence if (name := _upload_of(piece))))
    if len(meant) != 1 or not 1 < len(names) > _ORDER[meant[0].lower()]:
        return tuple(evidence)
    one = names[_ORDER[meant[0].lower()]]
    return tuple(piece for piece in evidence if _upload_of(piece) in ("", one))


def _upload_of(piece: Evidence) -> str:
    return named_upload(piece) if _is_of_case(piece) else ""


def bears_on(question: str, sentence: str) -> bool:
    """Whether a sentence of a record speaks of a measured quantity that the question asks for, or of what it tells."""
    return any(one.asked.search(question) and one.told.search(sentence) for one in _ASKED)


def is_on_recording(sentence: str) -> bool:
    """Whether a sentence of a record speaks of any quantity that is measured on a recording."""
    return any(one.told.search(sentence) for one in _ASKED)


def names_a_quantity(question: str) -> bool:
    """Whether a question names something that is measured on a recording."""
    return any(one.asked.search(question) for one in _ASKED)


def _st_in_order(question: str, found: Sequence[Evidence]) -> list[Evidence]:
    """What is told of ST as it was asked for: an elevation before a depression where elevation is the word, and that
    the other is not there left out; where neither is or both are, what is there before what is not."""
    asked = [words for words in (_ELEVATED, _DEPRESSED) if words.search(question)]
    st = [piece for piece in found if quantity_of(piece.text) == "st_mv" and not is_absence(piece)]
    if len(asked) == 1:
        st = [piece for piece in st if asked[0].search(piece.text) or not piece.text.startswith("No ST")]
        st.sort(key=lambda piece: not asked[0].search(piece.text))
    else:
        st.sort(key=lambda piece: piece.text.startswith("No ST"))
    rest = [piece for piece in found if quantity_of(piece.text) != "st_mv" or is_absence(piece)]
    first = next((n for n, piece in enumerate(found) if piece in st), 0)
    before = [piece for piece in found[:first] if piece in rest]
    return [*before, *st, *[piece for piece in rest if piece not in before]]


def asks_of_others(question: str) -> bool:
    """Whether a question's words point at studies like the one on the table."""
    return _ASKS_OF_OTHERS.search(question) is not None


def asks_for_values_alone(question: str) -> bool:
    """Whether a question names measured quantities and asks for nothing beside them: "How long is the QT?"."""
    asked = names_a_quantity(question) or leads_named(question)
    if not asked or _A_NORMAL_ONE.search(question):
        return False
    if read_question(question).kind in _OF_SOMETHING_ELSE and not _HOW_MANY_BEATS.match(question):
        return False
    return all(_VALUE_WORDS.match(word) for word in WORD.findall(question))


def _absences(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Why values are not there; of ECGs where there are any, for that a pressure curve has no PR says nothing then."""
    absent = [piece for piece in evidence if is_absence(piece)]
    signals = {piece.modality for piece in evidence if _is_of_case(piece) and piece.kind == "signal"}
    return [piece for piece in absent if piece.modality == "ECG"] if "ECG" in signals else absent


def _is_called(piece: Evidence, name: str) -> bool:
    """Whether a value's name, or a statement's first words ("Rhythm: …", "ST level …"), say what was asked for."""
    told = piece.place.name if isinstance(piece.place, ValuePlace) else quantity_of(piece.text)
    if told is not None:
        return told.lower().startswith(name)
    if is_absence(piece):  # of all that could be measured
        return True
    return any(word.startswith(name) for word in piece.text.lower().partition(":")[0].split()[:4])
