"""How well sections are told by their headings.

    WARDROUND_DATA=… python benchmarks/sections.py

Open-i's 2,929 reports, whose sections the XML gives, are laid out in six ways that reports come in, and cut again:
exact means that every section has its name and its whole text. Discharge-like notes are put together of MTS-Dialog's
section texts (10 sections a note, headings spelled out); what is cut inside a single section's text is a false cut,
counted on MTS-Dialog's sections and MEDEC's notes one by one. The vocabulary was written from the sources that
`sections.py` names and looked at on the even notes; odd ones are reported apart.
"""

from __future__ import annotations

import csv
import os
import tarfile
from pathlib import Path

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.text import openi
from assistant.ingest.text.sections import report_sections, report_type
from assistant.settings import IngestSettings

LAYOUTS = {
    "NAME: text, one line each": lambda name, text: f"{name}: {text}\n",
    "NAME: text, all in one line": lambda name, text: f"{name}: {text} ",
    "Name: text": lambda name, text: f"{name.capitalize()}: {text}\n",
    "NAME alone on its line": lambda name, text: f"{name}\n{text}\n\n",
    "NAME: alone on its line": lambda name, text: f"{name}:\n{text}\n\n",
    "**Name:** text (Markdown)": lambda name, text: f"**{name.capitalize()}:** {text}\n",
}
SPELLED = {
    "GENHX": "HISTORY OF PRESENT ILLNESS", "FAM/SOCHX": "FAMILY AND SOCIAL HISTORY", "ROS": "REVIEW OF SYSTEMS",
    "PASTMEDICALHX": "PAST MEDICAL HISTORY", "PASTSURGICAL": "PAST SURGICAL HISTORY", "CC": "CHIEF COMPLAINT",
    "ALLERGY": "ALLERGIES", "MEDICATIONS": "MEDICATIONS", "ASSESSMENT": "ASSESSMENT", "EXAM": "PHYSICAL EXAMINATION",
    "DIAGNOSIS": "DIAGNOSIS", "DISPOSITION": "DISPOSITION", "PLAN": "PLAN", "EDCOURSE": "EMERGENCY DEPARTMENT COURSE",
    "IMMUNIZATIONS": "IMMUNIZATIONS", "IMAGING": "FINDINGS", "GYNHX": "GYNECOLOGIC HISTORY", "LABS": "LABS",
    "PROCEDURES": "PROCEDURES", "OTHER_HISTORY": "ADDITIONAL HISTORY",
}  # fmt: skip


def radiology(data: Path) -> list[list[tuple[str, str]]]:
    found = []
    with tarfile.open(data / "iu_xray_reports" / "ecgen-radiology.tar.gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            try:
                (record,) = openi.read(Content(member.name, stream.read()), IngestSettings(passage_words=10_000))
            except UnreadableFile:
                continue
            found.append([(p.section or "", record.text[p.start : p.end]) for p in record.passages])
    return found


def cut_again(sections: list[tuple[str, str]], text: str) -> bool:
    again = [(name, " ".join(text[start:end].split())) for start, end, name, _ in report_sections(text)]
    return [(name, said.strip("*_ ")) for name, said in again] == [(name, " ".join(t.split())) for name, t in sections]


def rows(data: Path, path: str) -> list[dict[str, str]]:
    with (data / path).open(encoding="utf-8", errors="replace", newline="") as stream:
        return list(csv.DictReader(stream))


def main() -> None:
    data = Path(os.environ["WARDROUND_DATA"])
    reports = radiology(data)
    for title, layout in LAYOUTS.items():
        texts = [(sections, "".join(layout(*section) for section in sections)) for sections in reports]
        exact = sum(cut_again(sections, text) for sections, text in texts)
        typed = sum(report_type(text) == "radiology" for sections, text in texts if len(sections) > 1)
        many = sum(len(sections) > 1 for sections, _ in texts)
        print(f"Open-i, {title:30} exact {exact} of {len(texts)}; told as radiology {typed} of {many}")
    mts = rows(data, "mts_dialog/MTS-Dialog-TrainingSet.csv")
    counts = {0: [0, 0, 0], 1: [0, 0, 0]}
    for number in range(0, len(mts) - 10, 10):
        sections = [(SPELLED[row["section_header"]], row["section_text"].strip()) for row in mts[number : number + 10]]
        text = "\n".join(f"{name}:\n{said}\n" for name, said in sections)
        half = number // 10 % 2
        again = {(name, " ".join(text[a:b].split())) for a, b, name, _ in report_sections(text)}
        counts[half][0] += sum((name, " ".join(said.split())) in again for name, said in sections)
        counts[half][1] += len(sections)
        counts[half][2] += report_type(text) == "discharge"
    for half, (right, all_, typed) in counts.items():
        print(f"MTS-Dialog notes, {('looked at', 'reported')[half]}: {right} of {all_} sections exact, "
              f"{typed} of {all_ // 10} told as discharge")  # fmt: skip
    for title, texts_ in (
        ("MTS-Dialog sections", [row["section_text"] for row in mts]),
        ("MEDEC notes", [row["Text"] for row in rows(data, next(
            p.relative_to(data).as_posix() for p in (data / "medec").glob("*.csv")))]),
    ):  # fmt: skip
        marked = [t for t in texts_ if any(name for _, _, name, _ in report_sections(t))]
        print(f"{title}: headings found inside {len(marked)} of {len(texts_)} texts, e.g.:")
        for text in marked[:12]:
            print("    ", [name for _, _, name, _ in report_sections(text)], repr(text[:60]))


if __name__ == "__main__":
    main()
