"""False alarms on English medical questions, and how many short questions in other languages are recognised.

usage: WARDROUND_DATA=DIR python benchmarks/question_language.py

Every other question of each set was there to choose the limits of `assistant/retrieve/language.py` on; the others are
what docs/retrieval.md reports.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from assistant.retrieve.language import foreign_language

DATA = Path(os.environ["WARDROUND_DATA"])
TERMS = """\
Pneumothorax?
Pneumothorax
Cardiomegaly?
Pleural effusion?
Atelectasis right lower lobe
Vena cava superior
status post appendectomy
Ulcus ventriculi
Diabetes mellitus
Angina pectoris
Torsade de pointes
situs inversus
pectus excavatum
COPD
QTc
QT interval
ECG normal?
atrial fibrillation
Hepatitis C
Fibrosis pulmonis
Myokard
Tetralogy of Fallot
cor pulmonale
Grand mal
Tic douloureux
café au lait spots
Mitral valve prolapse
Dextrocardia
hernia inguinalis
anterior STEMI
Carcinoma in situ
Lupus
Guillain-Barré syndrome
Ménière disease
Crohn
no pneumothorax
left pleural effusion
Is there a pleural effusion?
rib fractures
What rhythm is this?
Sjögren syndrome
Takotsubo
Schirmer test
Moya moya
Kussmaul
Aorta
normal?
P. falciparum
E. coli O157
Show similar
bilateral infiltrates
Chest X-ray normal
hilar adenopathy
nodule RUL
NSR
MI?
tia
Addison
Which studies show pneumonia?
calcified granuloma
""".splitlines()
GERMAN = """\
Liegt ein Pleuraerguss vor?
Gibt es einen Pneumothorax?
Ist das Herz vergrößert?
Was zeigt das Röntgenbild?
Welcher Rhythmus ist das?
Wie viele Untersuchungen zeigen eine Kardiomegalie?
Besteht ein Verdacht auf Pneumonie?
Wie wird eine Pneumonie behandelt?
Was sind die Nebenwirkungen von Metformin?
Ist ein Herzinfarkt zu sehen?
Wie hoch ist die Herzfrequenz?
Ist die QT-Zeit verlängert?
Hat der Patient Vorhofflimmern?
Welche Diagnose passt zu diesem EKG?
Zeig mir ähnliche Fälle
Gibt es Voraufnahmen dieses Patienten?
Was steht in diesem Dokument zur Behandlung?
Wie lange soll man Antibiotika bei Lungenentzündung geben?
Welche Befunde sprechen für eine Lungenembolie?
Sind die Lungen frei?
Fraktur der Rippen?
Ist der Befund normal?
Wo liegt der Katheter?
Wann wurde die letzte Aufnahme gemacht?
Ist der Tumor gewachsen?
Darf man Ibuprofen in der Schwangerschaft nehmen?
Was ist das Lungenödem?
Erguss links?
Verschattung im rechten Unterlappen
Bitte den Befund zusammenfassen
Vergleiche mit der Voruntersuchung
Wer gewann die Fußballweltmeisterschaft 1998?
Kann man eine Betalaktam-Therapie nach drei Tagen beenden?
Wie häufig ist eine Sarkoidose?
Welche Ursachen hat Vorhofflimmern?
Ist eine Aortendissektion ausgeschlossen?
Gibt es Zeichen einer Stauung?
Wie groß ist der Rundherd?
Nebenwirkungen von Amiodaron
Behandlung der Hypertonie
Pneumothorax rechts?
Hat sich der Erguss verändert?
welche medikamente nimmt der patient
ist das herz zu gross
keine Auffälligkeiten?
Was bedeutet Linksschenkelblock?
Liegt eine ST-Hebung vor?
Herz vergrößert?
Lunge unauffällig?
Wie alt ist der Patient?
""".splitlines()
OTHERS = {
    "fr": [
        "Y a-t-il un épanchement pleural ?",
        "Quel est le rythme de cet ECG ?",
        "Quels sont les effets secondaires de la metformine ?",
        "Est-ce que le cœur est augmenté de volume ?",
        "Combien d'examens montrent une pneumonie ?",
        "Le patient a-t-il une fibrillation auriculaire ?",
        "Montre-moi des cas similaires",
        "Traitement de l'hypertension",
        "Épanchement à gauche ?",
        "Que montre la radiographie ?",
    ],
    "es": [
        "¿Hay derrame pleural?",
        "¿Qué ritmo es este?",
        "¿Cuáles son los efectos secundarios de la metformina?",
        "¿Está el corazón agrandado?",
        "¿Cuántos estudios muestran neumonía?",
        "El paciente tiene fibrilación auricular",
        "Muéstrame casos similares",
        "Tratamiento de la hipertensión",
        "¿Hay neumotórax?",
        "hay un derrame a la izquierda",
    ],
    "it": [
        "C'è un versamento pleurico?",
        "Che ritmo è questo?",
        "Quali sono gli effetti collaterali della metformina?",
        "Il cuore è ingrandito?",
        "Quanti esami mostrano una polmonite?",
        "Il paziente ha la fibrillazione atriale?",
        "Mostrami casi simili",
        "Trattamento dell'ipertensione",
        "Cosa mostra la radiografia?",
        "È presente uno pneumotorace?",
    ],
    "pt": [
        "Há derrame pleural?",
        "Qual é o ritmo deste ECG?",
        "Quais são os efeitos colaterais da metformina?",
        "O coração está aumentado?",
        "Quantos exames mostram pneumonia?",
        "O paciente tem fibrilação atrial?",
    ],
    "nl": [
        "Is er pleuravocht?",
        "Welk ritme is dit?",
        "Wat zijn de bijwerkingen van metformine?",
        "Is het hart vergroot?",
        "Hoeveel onderzoeken tonen een longontsteking?",
        "Heeft de patiënt boezemfibrilleren?",
    ],
    "pl": [
        "Czy jest wysięk opłucnowy?",
        "Jaki to rytm?",
        "Jakie są skutki uboczne metforminy?",
        "Czy serce jest powiększone?",
    ],
    "tr": [
        "Plevral efüzyon var mı?",
        "Bu hangi ritim?",
        "Metforminin yan etkileri nelerdir?",
        "Kalp büyümüş mü?",
    ],
    "ru": [
        "Есть ли плевральный выпот?",
        "Какой это ритм?",
    ],
    "zh": [
        "有胸腔积液吗?",
        "这是什么心律?",
    ],
    "ar": [
        "هل يوجد انصباب جنبي؟",
    ],
    "ja": [
        "胸水はありますか?",
    ],
    "el": [
        "Υπάρχει πλευριτική συλλογή;",
    ],
    "sv": [
        "Finns det pleuravätska?",
        "Vilken rytm är detta?",
        "Vilka är biverkningarna av metformin?",
    ],
}


def english() -> dict[str, list[str]]:
    def lines(path: str, key: str) -> list[str]:
        rows = (DATA / path).read_text(encoding="utf-8").splitlines()
        return [str(json.loads(row)[key]) for row in rows if row.strip()]

    pubmedqa = json.loads((DATA / "pubmedqa/pqal.json").read_text(encoding="utf-8"))
    medquad = dict.fromkeys(lines("medquad/medquad.jsonl", "question"))
    return {
        "liveqa": lines("liveqa_medquad_retrieval/queries.jsonl", "text"),
        "bioasq": lines("bioasq_retrieval/questions_full.jsonl", "question"),
        "kqa": lines("kqa/questions_w_answers.jsonl", "Question"),
        "pubmedqa": [entry["QUESTION"] for entry in pubmedqa.values()],
        "medquad": list(medquad)[:8_000],
    }


def main() -> None:
    for half, called in enumerate(("chosen on", "reported")):
        print(called)
        for name, questions in {**english(), "terms": TERMS}.items():
            told = {q: code for q in questions[half::2] if (code := foreign_language(q))}
            print(f"  {name}: {len(told)} of {len(questions[half::2])} taken for another language {told or ''}")
        for code, questions in {"de": GERMAN, **OTHERS}.items():
            told_as = [foreign_language(question) for question in questions[half::2]]
            right, foreign = told_as.count(code), sum(map(bool, told_as))
            print(f"  {code}: {foreign} of {len(told_as)} not English, {right} of them as {code}")


if __name__ == "__main__":
    main()
