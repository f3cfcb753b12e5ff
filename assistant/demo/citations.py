"""PubMed citations with abstracts, on the subjects that the rest of the archive is about."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from assistant.demo.manifest import Row, write_manifest

CITATIONS = 500

# Each subject gives as many citations as every other while it has any: else COVID-19, a quarter of what was
# published on them in the year of this file, would crowd out the ECG.
_SUBJECTS = {
    name: re.compile(rf"\b(?:{words})", re.IGNORECASE)
    for name, words in {
        "electrocardiography": r"electrocardio|ECG|EKG|QT interval|QRS|Holter|bundle branch",
        "arrhythmia": r"arrhythmi|atrial fib|atrial flut|tachycardi|bradycardi|cardioverter|cardiac pac|catheter abl",
        "coronary disease": r"coronary|myocardial infarct|angina|STEMI|percutaneous",
        "heart failure": r"heart failure|cardiomyopath|myocarditis|ejection fraction|ventricular dysfunction",
        "valves and aorta": r"aort|valv|mitral|endocarditis|pericard",
        "blood pressure": r"hypertens|blood pressure",
        "stroke": r"stroke|cerebral infarct|intracranial",
        "thromboembolism": r"embolism|thrombosis|thromboembol|anticoagul",
        "pneumonia": r"pneumonia|COVID-19 pneum|respiratory infection|ARDS|acute respiratory distress",
        "pleura": r"pleura|pneumothora|empyema|thoracentesis|thoracic drain|haemothorax|hemothorax",
        "obstructive lung disease": r"COPD|chronic obstructive|asthma|emphysema|bronchiectas",
        "lung cancer and nodules": r"lung cancer|lung adeno|pulmonary nodul|non-small|lung nodul|lung metast",
        "fibrosis and tuberculosis": r"pulmonary fibrosis|interstitial|tubercul|sarcoidosis",
        "chest imaging": r"chest radio|chest x-ray|chest CT|computed tomograph|lung ultrasound|radiograph",
        "echocardiography and cardiac MRI": r"echocardiogra|cardiac magnetic|cardiovascular magnetic|cardiac MR",
        "COVID-19": r"COVID-19|SARS-CoV-2",
        "diabetes": r"diabet",
        "sepsis": r"sepsis|septic",
    }.items()
}
_LABORATORY = re.compile(
    r"\b(?:rats?|mice|mouse|murine|zebrafish|drosophila|arabidopsis|in vitro|porcine|cells?|neurons?|proteins?|genes?"
    r"|mutants?|molecular)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<ArticleTitle>(.*?)</ArticleTitle>", re.DOTALL)
_SPACE = re.compile(r"\s+")


def make(material: Path, folder: Path) -> None:
    """Write the chosen citations as the manifest itself, one a line, with their text: `folder` needs no files."""
    with gzip.open(material, "rt", encoding="utf-8") as file:
        articles = file.read().split("<PubmedArticle>")[1:]
    rows = [row for xml in choose(articles) if (row := _row(xml.partition("</PubmedArticle>")[0]))]
    write_manifest(folder, sorted(rows, key=lambda row: int(row["id"])))


def choose(articles: list[str], count: int = CITATIONS) -> list[str]:
    """At most `count` articles in English with an abstract, taken in turn from each subject in file order."""
    waiting: dict[str, list[str]] = {subject: [] for subject in _SUBJECTS}
    for xml in articles:
        title = _TITLE.search(xml)
        if not title or "<AbstractText" not in xml or "<Language>eng<" not in xml or _LABORATORY.search(title[1]):
            continue
        subject = next((name for name, words in _SUBJECTS.items() if words.search(title[1])), None)
        if subject:
            waiting[subject].append(xml)
    chosen: list[str] = []
    for turn in range(max(map(len, waiting.values()), default=0)):
        chosen += [queue[turn] for queue in waiting.values() if turn < len(queue)]
    return chosen[:count]


def _row(body: str) -> Row | None:
    """A citation as a manifest row; None where the abstract is empty after all."""
    article = ET.fromstring(f"<PubmedArticle>{body}</PubmedArticle>")
    parts = []
    for element in article.iterfind(".//Abstract/AbstractText"):
        text = _text(element)
        label = element.get("Label")
        if text:
            parts.append(f"{label.capitalize()}: {text}" if label and label != "UNLABELLED" else text)
    pmid = article.findtext("MedlineCitation/PMID")
    if not pmid or not parts:
        return None
    date = article.find(".//Journal/JournalIssue/PubDate")
    return {
        "id": pmid,
        "title": _text(article.find(".//ArticleTitle")).rstrip("."),
        "text": "\n\n".join(parts),
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        "taken_at": (date.findtext("Year") or "") if date is not None else "",
        "journal": _text(article.find(".//Journal/ISOAbbreviation")),
    }


def _text(element: ET.Element | None) -> str:
    return _SPACE.sub(" ", "".join(element.itertext())).strip() if element is not None else ""
