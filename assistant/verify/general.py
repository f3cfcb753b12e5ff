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
    return not _DEFINITION.match(text) or bool(_INVERTED.search(text))
