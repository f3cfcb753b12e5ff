# ruff: noqa: E501  (tables are easier to read on one line)
"""What `entailment_pairs.py` does to sentences: rewordings that keep the meaning, and damage that does not."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Literal

Damage = Literal["contradicted", "not entailed"]

_OPPOSITES = """
    increase/decrease increases/decreases increased/decreased increasing/decreasing higher/lower high/low more/less
    more/fewer rise/fall raised/lowered raise/lower improve/worsen improves/worsens improved/worsened better/worse
    before/after early/late earlier/later acute/chronic benign/malignant effective/ineffective common/rare
    commonly/rarely usually/rarely often/seldom frequently/rarely hyper/hypo hyperthyroidism/hypothyroidism
    hypertension/hypotension hyperglycemia/hypoglycemia left/right upper/lower positive/negative always/never
    inhibits/activates inhibit/activate inhibition/activation activated/inhibited up-regulated/down-regulated
    upregulated/downregulated upregulation/downregulation gain/loss men/women male/female boys/girls children/adults
    younger/older mother/father recommended/contraindicated safe/dangerous possible/impossible likely/unlikely
    with/without internal/external inner/outer proximal/distal anterior/posterior medial/lateral superior/inferior
    dominant/recessive inherited/acquired bacterial/viral bacteria/viruses gain/lose largest/smallest larger/smaller
    longer/shorter long/short fast/slow faster/slower strong/weak strongly/weakly severe/mild severely/mildly
    significant/negligible sensitive/resistant agonist/antagonist primary/secondary prevents/causes prevent/cause
    reduces/increases reduce/increase reduced/increased reduction/increase reducing/increasing normal/abnormal
    stable/unstable symptomatic/asymptomatic first/last most/few all/none superior/inferior similar/different
    relieved/aggravated stopped/started stop/start minimum/maximum beneficial/harmful benefit/harm widened/narrowed
    wide/narrow thick/thin empty/full open/closed present/absent absence/presence enlarged/small dilated/constricted
    day/week days/weeks weeks/months months/years hours/days minutes/hours daily/weekly once/twice morning/evening
    oral/intravenous systolic/diastolic arterial/venous artery/vein antibody/antigen soft/hard dry/wet hot/cold
    single/multiple unilateral/bilateral complete/partial simple/complex major/minor protein/lipid excess/deficiency
    contagious/noncontagious curable/incurable treatable/untreatable underweight/overweight
"""
# the words on either side may stand for one another in most of the prose here
_SYNONYMS = """
    physician=doctor physicians=doctors medication=medicine medications=medicines drug=medicine drugs=medicines
    illness=disease illnesses=diseases begin=start begins=starts usually=typically commonly=frequently often=frequently
    about=approximately around=about help=assist helps=assists aids=helps such_as=including including=such_as
    causes=leads_to cause=lead_to caused_by=due_to because_of=due_to results_in=leads_to result_in=lead_to
    children=kids infants=babies newborns=newborn_babies high_blood_pressure=hypertension hypertension=high_blood_pressure
    heart_attack=myocardial_infarction myocardial_infarction=heart_attack stroke=cerebrovascular_accident
    kidney=renal kidneys=renal_organs cancer=malignancy tumor=neoplasm tumors=neoplasms shortness_of_breath=dyspnea
    dyspnea=shortness_of_breath fever=raised_temperature itching=pruritus hives=urticaria swelling=edema edema=swelling
    vomiting=throwing_up fatigue=tiredness tiredness=fatigue belly=abdomen abdomen=belly stomach_ache=abdominal_pain
    abdominal_pain=belly_pain bruise=contusion nosebleed=epistaxis diarrhea=loose_stools bowel_movement=stool
    treat=manage treated=managed treatment=therapy treatments=therapies therapy=treatment therapies=treatments
    diagnosed=identified occurs=happens occur=happen develop=arise develops=arises affects=has_an_effect_on
    symptoms=signs symptom=sign show=demonstrate shows=demonstrates showed=demonstrated shown=demonstrated
    suggest=indicate suggests=indicates suggested=indicated patients=people_with_the_condition people=individuals
    individuals=people persons=people person=individual required=needed needed=required requires=needs need=require
    needs=requires prevent=avert avoid=stay_away_from severe=serious serious=severe mild=slight quickly=rapidly
    rapidly=quickly several=a_number_of many=numerous numerous=many additional=further used=employed use=employ
    uses=employs may=might can=may some=certain certain=some large=big big=large small=little important=essential
    essential=important main=principal called=known_as known_as=called also_known_as=also_called however=but
    therefore=so although=even_though while=whereas whereas=while risk=likelihood chance=probability
    examine=inspect examination=exam exam=examination test=examination tests=examinations surgery=an_operation
    older_adults=the_elderly elderly=older worldwide=around_the_world approximately=about nearly=almost almost=nearly
    associated_with=linked_to linked_to=associated_with related_to=connected_with contain=include contains=includes
    consists_of=is_made_up_of produce=make produces=makes produced=made receive=get receives=gets obtain=get
    reduce=lower reduces=lowers reduced=lowered decrease=reduce decreases=reduces decreased=reduced increase=raise
    increases=raises elevated=raised enlarged=bigger_than_normal normal=within_normal_limits evidence=proof
    mutation=genetic_change mutations=genetic_changes inherited=passed_down physical_activity=exercise
    exercise=physical_activity weight=body_weight monitor=watch monitored=watched discuss=talk_about consult=speak_to
    contact=call immediately=right_away rarely=seldom seldom=rarely permanent=lasting temporary=passing
    life-threatening=potentially_fatal fatal=deadly deadly=fatal harmful=damaging beneficial=helpful
"""
_NEGATABLE = re.compile(
    r"\b(is|are|was|were|can|could|may|might|should|will|would|must|has been|have been|does|do|did)\b(?! not\b|n't)"
)
_NEGATED = re.compile(r"\b(is|are|was|were|can|could|should|will|would|must|has been|have been|does|do|did) not\b")
_NO_LEAD = re.compile(r"\b(?:no|No) (?=[a-z])")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)")
_LIST = re.compile(
    r"(?P<items>(?:[A-Za-z][\w'’-]*(?: [a-z][\w'’-]*){0,3}, ){1,7}"
    r"(?:[A-Za-z][\w'’-]*(?: [a-z][\w'’-]*){0,3},? )?(?P<last>and|or) (?P<end>[A-Za-z][\w'’-]*))(?=[.,;)]|$)"
)
_PARENTHESIS = re.compile(r" \([^()]{2,80}\)")
_LEAD = re.compile(
    r"^(?:However|Also|In addition|Additionally|Furthermore|Moreover|Therefore|Thus|Overall|For example|In general|"
    r"In summary|In conclusion|Finally|Typically|Generally),? (?=\w)"
)
_HEDGES = {"may": "always", "can": "always", "might": "certainly", "some": "all", "often": "always", "usually": "always",
           "sometimes": "always", "many": "all", "most": "all", "rarely": "never"}  # fmt: skip
_SHORT_FORM = re.compile(r"\b(?P<long>[A-Za-z][a-z]+(?: [A-Za-z][a-z-]+){1,4}) \((?P<short>[A-Z]{2,6})\)")
_TERM = re.compile(r"\b(?:[A-Z]{2,}[\w-]*|[a-z]{7,}|[A-Z][a-z]{6,})\b")


def _table(text: str, mark: str, both: bool) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for entry in text.split():
        one, other = (side.replace("_", " ") for side in entry.split(mark))
        table.setdefault(one, []).append(other)
        if both:
            table.setdefault(other, []).append(one)
    return table


OPPOSITES = _table(_OPPOSITES, "/", both=True)
SYNONYMS = _table(_SYNONYMS, "=", both=False)
_OPPOSITE_WORD = re.compile(r"\b(" + "|".join(sorted(map(re.escape, OPPOSITES), key=len, reverse=True)) + r")\b", re.I)
_SYNONYM_WORD = re.compile(r"\b(" + "|".join(sorted(map(re.escape, SYNONYMS), key=len, reverse=True)) + r")\b", re.I)
Change = Callable[[str, str, random.Random], str | None]


def damaged(sentence: str, text: str, rng: random.Random, count: int) -> Iterator[tuple[Damage, str]]:
    """Up to `count` damaged versions of a sentence that `text` says, with what `text` then says to them."""
    changes: list[tuple[Damage, Change]] = [
        ("contradicted", _other_number),
        ("contradicted", _turned_negation),
        ("contradicted", _opposite),
        ("not entailed", _foreign_term),
        ("not entailed", _foreign_term),
        ("not entailed", _stronger),
        ("not entailed", _longer_list),
    ]
    rng.shuffle(changes)
    given = 0
    for label, change in changes:
        made = change(sentence, text, rng)
        if made is None or made == sentence:
            continue
        yield label, made
        given += 1
        if given == count:
            return


def reworded(sentence: str, rng: random.Random) -> list[str]:
    """Versions of a sentence that it entails, the most changed first; itself too, now and then."""
    versions = [v for change in (_shorter_list, _plainer, _clause) if (v := change(sentence, rng)) is not None]
    rng.shuffle(versions)
    base = [_synonyms(v, rng) for v in versions] or [_synonyms(sentence, rng)]
    made = [v for v in dict.fromkeys(base) if v != sentence]
    return made if made and rng.random() < 0.85 else [sentence, *made]


def _other_number(sentence: str, text: str, rng: random.Random) -> str | None:
    met = [m for m in _NUMBER.finditer(sentence) if text.count(m.group()) == 1]
    if not met:
        return None
    number = rng.choice(met)
    value = float(number.group())
    step = rng.choice((0.5, 0.7, 1.3, 1.5, 2.0, 3.0))
    new = value * step if "." in number.group() else max(round(value * step), 0)
    if new == value:
        new = value + 1
    places = len(number.group().partition(".")[2])
    shown = f"{new:.{places}f}"
    return None if shown in text else sentence[: number.start()] + shown + sentence[number.end() :]


def _turned_negation(sentence: str, text: str, rng: random.Random) -> str | None:
    if negated := _NEGATED.search(sentence):
        return sentence[: negated.start()] + negated[1] + sentence[negated.end() :]
    if re.search(r"\b(?:not|never|without|neither|nor|n't)\b", sentence, re.IGNORECASE):
        return None
    if lead := _NO_LEAD.search(sentence):
        changed = sentence[: lead.start()] + sentence[lead.end() :]
        return changed[:1].upper() + changed[1:]
    met = list(_NEGATABLE.finditer(sentence))
    if met and rng.random() < 0.75:
        verb = met[0]
        return sentence[: verb.end()] + " not" + sentence[verb.end() :]
    for word in ("have", "cause", "causes", "help", "helps", "reduces", "reduce", "affects", "affect", "include"):
        if found := re.search(rf"\b{word}\b", sentence):
            bare = word[:-1] if word.endswith("s") else word
            helper = "does not" if word.endswith("s") else "do not"
            return sentence[: found.start()] + f"{helper} {bare}" + sentence[found.end() :]
    return None


def _opposite(sentence: str, text: str, rng: random.Random) -> str | None:
    met = list(_OPPOSITE_WORD.finditer(sentence))
    if not met:
        return None
    word = rng.choice(met)
    new = rng.choice(OPPOSITES[word.group().lower()])
    if re.search(rf"\b{re.escape(new)}\b", sentence, re.IGNORECASE):
        return None
    return sentence[: word.start()] + _cased(new, word.group()) + sentence[word.end() :]


def _foreign_term(sentence: str, text: str, rng: random.Random) -> str | None:
    """A term of the sentence replaced by one from elsewhere in the text that it does not have, of the same ending."""
    met = list(_TERM.finditer(sentence))
    rng.shuffle(met)
    others = [t for t in dict.fromkeys(_TERM.findall(text)) if t.lower() not in sentence.lower()]
    rng.shuffle(others)
    for term in met:
        old = term.group()
        for new in others:
            same_kind = old.isupper() == new.isupper() and (old.isupper() or old[-2:] == new[-2:])
            if same_kind and old.lower()[:5] != new.lower()[:5]:
                return sentence[: term.start()] + _cased(new, old) + sentence[term.end() :]
    return None


def _stronger(sentence: str, text: str, rng: random.Random) -> str | None:
    for word in rng.sample(list(_HEDGES), len(_HEDGES)):
        if found := re.search(rf"\b{word}\b", sentence, re.IGNORECASE):
            return sentence[: found.start()] + _cased(_HEDGES[word], found.group()) + sentence[found.end() :]
    return None


def _longer_list(sentence: str, text: str, rng: random.Random) -> str | None:
    """A list of the sentence with one item more, a term that the text has elsewhere."""
    found = _LIST.search(sentence)
    others = [t for t in dict.fromkeys(_TERM.findall(text)) if t.lower() not in sentence.lower() and t.islower()]
    nouns = [t for t in others if not re.search(r"(?:ly|ed|ing|ous|ive|ful|able|ible)$", t)]
    if not found or not nouns:
        return None
    return sentence[: found.start()] + f"{rng.choice(nouns)}, " + sentence[found.start() :]


def _shorter_list(sentence: str, rng: random.Random) -> str | None:
    """A list with items left out: what holds of all of "a, b and c" holds of b."""
    found = _LIST.search(sentence)
    if not found or found["last"] == "or" or re.search(r"\b(?:not|no|all of|three|four|five)\b", sentence):
        return None
    items = [i for i in re.split(r", and |, or |, | and | or ", found["items"]) if i]
    if len(items) < 3 or found.start() == 0:
        return None
    first, *rest = items  # the first item may have the words before the list in it
    kept = [first, *rng.sample(rest, rng.randint(0, len(rest) - 1))]
    joined = kept[0] if len(kept) == 1 else f"{', '.join(kept[:-1])} and {kept[-1]}"
    return sentence[: found.start()] + joined + sentence[found.end() :]


def _plainer(sentence: str, rng: random.Random) -> str | None:
    plain = _LEAD.sub("", sentence)
    if short := _SHORT_FORM.search(plain):
        return plain[: short.start()] + rng.choice((short["long"], short["short"])) + plain[short.end() :]
    plain = _PARENTHESIS.sub("", plain)
    return plain[:1].upper() + plain[1:] if plain != sentence else None


def _clause(sentence: str, rng: random.Random) -> str | None:
    """The first of two main clauses."""
    head, joint, tail = sentence.partition(", and ")
    if not joint or "," in head or len(head.split()) < 5 or len(tail.split()) < 4:
        return None
    return head + "." if re.match(r"(?:it|they|he|she|the|this|these|there)\b", tail) else None


def _synonyms(sentence: str, rng: random.Random) -> str:
    def change(match: re.Match[str]) -> str:
        if rng.random() < 0.4:
            return match.group()
        return _cased(rng.choice(SYNONYMS[match.group().lower()]), match.group())

    return _SYNONYM_WORD.sub(change, sentence)


def _cased(new: str, old: str) -> str:
    return new[:1].upper() + new[1:] if old[:1].isupper() and not new.isupper() else new
