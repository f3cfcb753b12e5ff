"""Prose about people in general, told apart from a finding of one study.

For sentences that cite nothing but textbooks, guidelines and articles. "There is a large left pleural effusion." is a
finding of somebody wherever it stands; "Pleural effusion can be caused by heart failure." is of nobody.
"""

from __future__ import annotations

import re

from assistant.findings.mentions import read_sentence

# Words that reports of single studies do without; what they share with prose ("could represent", "can be seen",
# "prior studies", "when compared") is left out. Chosen by looking at Open-i reports, MedQuAD and BioASQ passages.
_PEOPLE = (
    r"people|persons?|patients|participants?|subjects|volunteers|children|adults|women|men|infants|babies|newborns"
    r"|individuals|cohorts?|groups?|populations?|controls|famil(?:y|ies)|we|us|our|they|them|their|who|those|doctors?"
    r"|physicians?|surgeons?|providers?|scientists|researchers|authors?|anyone|everyone|Americans|United\s+States"
)
_HEDGED = (
    r"can(?!\s+be\s+(?:seen|identified|appreciated|noted|visuali[sz]ed))|will|must|because|how"
    r"|when(?!\s+compared)|if\s+(?:you|the|an?|your|untreated|left)\b(?!\s+(?:find|patient))"
)
_OFTEN = (
    r"often|usually|sometimes|prevalent|worldwide|many|certain|common|commonly|uncommon|generally|rarely|rare|frequently|frequent|always"
    r"|never|mainly|tends?|more\s+than|less\s+than|such\s+as|for\s+example|e\.g|characteri[sz]ed|variant"
)
_MEDICINE = (
    r"causes?|caused|call(?:ed|s)|known\s+as|types?|forms|kinds?|treat\w*|therap\w+|medicin\w+|medications?|drugs?|dos(?:es?|age)"
    r"|risks?|symptoms|syndromes|complications|diagnos(?:ed?|es|ing)|tests?|testing|screening|prevent\w*|cure[sd]?"
    r"|affect(?:s|ed|ing)?|spreads|develops?|risk\s+of\s+developing|occur(?:s|red|rence)?|results\s+in|leads?\s+to|helps?|used?|uses"
    r"|using|prognosis|survival|mortality|incidence|prevalence|outcomes?|efficacy|vaccin\w+|disorders?|diseases"
    r"|genes?|genetic\w*|health\w*|deaths?|inherited|hereditary|personal\s+history|research\w*|trials?"
    r"|(?<!prior\s)(?<!previous\s)(?<!comparison\s)studies|in\s+(?:this|our)\s+study|guidelines?|recommendations?"
    r"|(?:is|are)\s+(?:given|recommended\s+(?:for|in|as|to)|considered\s+(?:for|in|as))|should|contraindicated"
    r"|administered|advised|prescribed|preferred|avoid(?:ed)?|first[ -]line|immediately|at\s+once|initiated"
    r"|in\s+(?:an?\s+)?suspected|effective|safe"
    r"|defined\s+as|definitions?|termed|refers?\s+to"
    r"|problems?|effects|reliev(?:es?|ing)|alleviat(?:es?|ing)|eases|soothes|examples?|signs\s+of|these\s+include|medical|stage\s+[0IV]+|as\s+a\s+result|the\s+body|tumou?rs\s+(?:that|are)|microscope|standard|stages"
)
_RESEARCH = (
    r"mutat\w+|prote[io]\w+|cells?|molecul\w+|mice|mouse|rats?|expression|pathways?|receptors?|RNA|DNA|TNF|hypothes\w+"
    r"|meta-analys[ei]s|systematic\s+review|randomi[sz]ed|associations?|suppress\w*|inhibit\w*|induc(?:e[sd]?|tion)|CI|versus\s+placebo"
)
_GENERAL = re.compile(
    rf"\b(?:{_PEOPLE}|{_HEDGED}|{_OFTEN}|{_MEDICINE}|{_RESEARCH})\b|\bp\s*[<=]\s*0?\.\d|\w\s+(?:you|your)\b"
    r"|^you\s+(?:should|may|might|need|also)\b",
    re.IGNORECASE,
)
# "Cirrhosis is scarring of the liver", "A pneumothorax is a …": what a thing is, not how one heart or film looks
_DEFINITION = re.compile(
    r"(?!(?:the|this|these|there|his|her|your|it|no)\b)(?:an?\s+)?(?:[\w,()'’-]+\s+){1,8}?(?:is|are)\s+(?:an?|the|one)\s",
    re.IGNORECASE,
)
# The same without an article: "Pancreatitis is inflammation of the pancreas". What follows has to be a thing and what
# it is of: a film's "is small" or "is increased in size" is none. A report explains shadows so too ("Opacity is
# scarring in the left base"): neither subject nor sentence may be of one film.
_SHADOW = (
    r"opacit(?:y|ies)|densit(?:y|ies)|nodules?|mass(?:es)?|lesions?|findings?|changes?|areas?|abnormalit(?:y|ies)|shadows?"
    r"|hearts?|lungs?|silhouette|contours?|size|borders?|markings?|lines?|tubes?|catheters?|disease|process|impression"
    r"|diagnosis|results?|x-?rays?|films?|ct|mri|ecg|ekg|rhythm|patient|he|she|i|it|which"
)
_THING = (
    r"inflammation|infections?|irritation|scarring|hardening|narrowing|swelling|enlargement|weakness|loss|lack|damage|death"
    r"|bleeding|growths?|build-?up|blood|fat|pus|air|fluid|pressure|sacs?|sores?|veins?|stones?|spots?|areas?|stools?"
    r"|tissue|cancers?|tumou?rs?|inability"
)
_OF_WHAT = r"(?:of|in|around|near|between|within|inside|from|on|to|that|which|involving|found|located)"
_BARE_SUBJECT = rf"(?:(?!(?:{_SHADOW})\b)[\w()*'’-]+,?\s+){{1,8}}?"
_BARE_DEFINITION = re.compile(
    r"(?!(?:the|this|these|that|those|there|his|her|your|my|our|it|no|an?)\b)(?:"
    rf"{_BARE_SUBJECT}(?:is|are)\s+(?:(?:[\w-]+(?:,|\s+and|\s+or)?\s+){{0,4}}?(?:{_THING})\s+{_OF_WHAT}\b"
    r"|not\s+an?\s+(?:[\w-]+\s+)?(?:disease|disorder|condition|illness|infection|cancer)\b)"
    rf"|{_BARE_SUBJECT}means\s"
    rf"|most\s+(?!of\b)(?:(?!(?:{_SHADOW})\b)[\w-]+\s+){{0,3}}?(?!(?:{_SHADOW})\b)\w+s\s+are\s+(?:in|on|found|an?|the|not)\b"
    r")",
    re.IGNORECASE,
)
_OF_ONE_FILM = re.compile(
    r"\b(?:left|right|bilateral(?:ly)?|lobes?|bas(?:es|ilar)|base|apex|apical|apices|lingula|hilar|zones?|levels?|[CTL]\d{1,2}"
    r"|seen|noted|present|identified|evident|visible|unchanged|stable|resolved|improved|worsened|increased\s+since|prior"
    r"|previous(?:ly)?|since|interval|today|now|again|likely|probabl[ey]|possibl[ey]|suggest\w*|consistent|compatible"
    r"|suspicious|represent\w*|this|there|my|his|her|he|she|patient)\b|\d\s*(?:mm|cm)\b",
    re.IGNORECASE,
)
# "Left lower lobe opacity is an infection of the lung": a side or a lobe before the verb is of one body.
_SIDED = re.compile(r"\b(?:left|right|bilateral|lobes?|lingula|bas(?:al|es|ilar)|apical|hilar)\b", re.IGNORECASE)
_INVERTED = re.compile(
    r"\b(?:there|present|noted|seen|again|here|also|identified|evident|visible)\s+(?:is|are)\b", re.IGNORECASE
)


def speaks_generally(text: str) -> bool:
    """Whether a sentence has words that people, treatment or studies are spoken of with."""
    return _GENERAL.search(text) is not None


def is_bare_finding(text: str) -> bool:
    """Whether a sentence states findings as the report of a single study does, and nothing shows it to be general."""
    if not read_sentence(text[:600]).mentions or speaks_generally(text):
        return False
    if _BARE_DEFINITION.match(text) and not _OF_ONE_FILM.search(text):
        return False
    defined = _DEFINITION.match(text)
    return defined is None or bool(_SIDED.search(defined[0]) or _INVERTED.search(text))
