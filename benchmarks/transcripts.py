"""Write docs/transcripts.md: what `wardround ask` answers, on openly licensed data, word for word.

    WARDROUND_DATA=… python benchmarks/transcripts.py [--workspace DIR]

MedQuAD (CC BY 4.0), the CC BY pictures of the COVID-19 Image Data Collection, LUDB (ODC-By 1.0), PTB-XL (CC BY 4.0)
and a BioMed Central article (CC BY 4.0). Nothing is edited: rerun it to see what has changed.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
from pathlib import Path

from assistant.assistant import Assistant
from assistant.records import Answer, Evidence, TextPlace

HERE = Path(__file__).parent
DATA = Path(os.environ["WARDROUND_DATA"])
PAGE = HERE.parent / "docs" / "transcripts.md"

HEAD = """# What it answers

Made by `python benchmarks/transcripts.py`; nothing is edited. The answerer is `quote`, the default, which only quotes
and counts evidence. A mark stands where a sentence is not supported.

Data: MedQuAD (Ben Abacha and Demner-Fushman 2019, CC BY 4.0); pictures under CC BY of the COVID-19 Image Data
Collection (Cohen et al. 2020), credited below each; LUDB (Kalyakulina et al. 2020, ODC-By 1.0); PTB-XL (Wagner et al.
2020, CC BY 4.0); Trials 2015 16:1 (CC BY 4.0, doi 10.1186/1745-6215-16-1).
"""

MEDQUAD = [
    "What is gestational diabetes?",
    "What are the symptoms of pneumonia?",
    "How is atrial fibrillation treated?",
    "Who won the 1998 football world cup?",
    "What is the boiling point of tungsten?",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="where the indexes are or will be built (default: a new one)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = chosen.workspace or Path(folder)
        PAGE.write_text(HEAD + "\n".join(transcripts(workspace)), encoding="utf-8")
    print(PAGE)


def transcripts(workspace: Path) -> list[str]:
    parts = []
    medquad = build(HERE / "recipes" / "medquad.toml", workspace, "medquad")
    parts += [part(f"{q}", medquad.ask(q), "MedQuAD") for q in MEDQUAD]

    chest, upload = open_chest(workspace)
    asked = chest.ask("What do similar studies show?", files=[upload])
    parts.append(part("What do similar studies show?", asked, "the CC BY pictures", f"`{upload.name}`, a chest X-ray"))

    build(HERE / "recipes" / "ludb_ecg.toml", workspace, "ludb_ecg")
    ludb = Assistant(workspace, ["ludb_ecg"])
    for record in ("HR06000", "HR06004"):
        file = DATA / "challenge2021_ecg" / "data" / f"{record}.hea"
        parts.append(
            part("What rhythm is this?", ludb.ask("What rhythm is this?", files=[file]), "LUDB", f"PTB-XL {record}")
        )

    article = DATA / "medical_pdf" / "trials_16_1_1.pdf"
    for question in (
        "How many participants were recruited?",
        "Which recruitment method was used in community settings?",
        "What dose of insulin was given?",
    ):
        parts.append(
            part(question, medquad.ask(question, files=[article]), "MedQuAD", f"`{article.name}`, uploaded just now")
        )
    return parts


def build(recipe: Path, workspace: Path, name: str) -> Assistant:
    Assistant.build(recipe, workspace=workspace)
    return Assistant(workspace, [name])


def open_chest(workspace: Path) -> tuple[Assistant, Path]:
    """An index of the CC BY pictures, one patient's left out, and a picture of that patient."""
    source = DATA / "covid_chestxray"
    folder = workspace / "cc-by-chest"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (source / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["license"] in ("CC BY", "CC BY 3.0", "CC BY 4.0")]
    asked = next(row for row in rows if row["modality"] == "X-ray" and row["finding"].startswith("COVID"))
    kept = [row for row in rows if row["patientid"] != asked["patientid"]]
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    for row in kept:
        shutil.copy(source / "images" / row["filename"], folder / row["filename"])
    recipe = workspace / "cc-by-chest.toml"
    recipe.write_text(
        'name = "cc-by-chest"\npatient_namespace = "cohen"\n[[source]]\npath = "cc-by-chest"\nmanifest = "rows.csv"\n'
        '[source.columns]\nid = "filename"\npath = "{filename}"\npatient_id = "patientid"\ntext = "clinical_notes"\n'
        'url = "url"\n[source.labels]\nfinding = "finding"\nview = "view"\n[source.defaults]\nmodality = "CR"\n'
    )
    return build(recipe, workspace, "cc-by-chest"), source / "images" / asked["filename"]


def part(question: str, answer: Answer, archive: str, upload: str = "") -> str:
    lines = ["", f"## {question}", f"Archive: {archive}." + (f" Upload: {upload}." if upload else ""), ""]
    if answer.abstained:
        lines.append(f"> **No answer.** {answer.reason}")
    numbers: dict[str, int] = {}
    for claim in answer.claims:
        cited = "".join(f"[{numbers.setdefault(key, len(numbers) + 1)}]" for key in claim.citations)
        mark = "" if claim.verdict == "supported" else f" **({claim.verdict}: {claim.error_kind})**"
        lines.append(f"> {claim.text} {cited}{mark}\n>")
    by_id = {evidence.id: evidence for evidence in answer.evidence}
    lines += ["", *(f"{number}. {source(by_id[key])}" for key, number in numbers.items() if key in by_id)]
    kept = sum(evidence.kept for evidence in answer.evidence)
    lines += ["", f"<sub>route: {'; '.join(answer.route)}; evidence: {kept} kept of {len(answer.evidence)}</sub>"]
    return "\n".join(lines)


def source(evidence: Evidence) -> str:
    page = evidence.place.page if isinstance(evidence.place, TextPlace) else None
    name = evidence.title or evidence.external_id or evidence.modality
    place = f", page {page}" if page else ""
    where = f" <{evidence.url}>" if evidence.url else ""
    labels = "; ".join(f"{key}: {value}" for key, value in evidence.labels.items() if value)
    return f"{evidence.relation}, {evidence.modality}: {name}{place}{where}" + (f" ({labels})" if labels else "")


if __name__ == "__main__":
    main()
