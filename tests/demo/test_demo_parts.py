"""The parts of the demonstration archive, made from small stand-ins for the packages' files."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from assistant.demo import citations, dicoms, ecgs, reports


def manifest(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


# --- citations --------------------------------------------------------------------------------------


def article(pmid: int, title: str, abstract: str = "<AbstractText>Text.</AbstractText>", language: str = "eng") -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><Journal><JournalIssue><PubDate>'
        f"<Year>2021</Year></PubDate></JournalIssue><ISOAbbreviation>J Test</ISOAbbreviation></Journal>"
        f"<ArticleTitle>{title}</ArticleTitle><Abstract>{abstract}</Abstract><Language>{language}</Language>"
        f"</Article></MedlineCitation></PubmedArticle>"
    )


def test_citations_are_read_with_their_headings_and_without_markup(tmp_path: Path) -> None:
    abstract = (
        '<AbstractText Label="BACKGROUND">QT <i>prolongation</i> is\n  common.</AbstractText>'
        '<AbstractText Label="RESULTS">QTc was 450 ms &lt; 480 ms.</AbstractText>'
    )
    source = tmp_path / "pubmed.xml.gz"
    document = "<PubmedArticleSet>" + article(7, "The ECG in <b>sepsis</b>.", abstract) + "</PubmedArticleSet>"
    source.write_bytes(gzip.compress(document.encode()))
    citations.make(source, tmp_path)
    (row,) = manifest(tmp_path)
    assert row == {
        "id": "7",
        "title": "The ECG in sepsis",
        "text": "Background: QT prolongation is common.\n\nResults: QTc was 450 ms < 480 ms.",
        "url": "https://pubmed.ncbi.nlm.nih.gov/7/",
        "taken_at": "2021",
        "journal": "J Test",
    }


def test_subjects_take_turns() -> None:
    flood = [article(number, f"COVID-19 in hospital {number}") for number in range(50)]
    rare = [article(100, "Pleural effusion after surgery"), article(101, "Sepsis bundles")]
    chosen = citations.choose(flood + rare, count=4)
    assert len(chosen) == 4
    assert rare[0] in chosen
    assert rare[1] in chosen


@pytest.mark.parametrize(
    "left_out",
    [
        article(1, "Atrial fibrillation in mice"),
        article(2, "Vorhofflimmern und atrial fibrillation", language="ger"),
        article(3, "Pneumonia", abstract=""),
        article(4, "Crop rotation"),
    ],
)
def test_what_is_no_clinical_abstract_is_left_out(left_out: str) -> None:
    kept = article(9, "Atrial fibrillation in adults")
    assert citations.choose([left_out, kept]) == [kept]


# --- reports ----------------------------------------------------------------------------------------


def collection(path: Path, texts: dict[int, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for number, xml in texts.items():
            member = tarfile.TarInfo(f"ecgen-radiology/{number}.xml")
            member.size = len(xml)
            archive.addfile(member, io.BytesIO(xml.encode()))
    return path


def test_reports_are_taken_unchanged_and_empty_ones_left(tmp_path: Path) -> None:
    texts = {
        number: f'<eCitation><uId id="CXR{number}"/><AbstractText Label="FINDINGS">Clear {number}.</AbstractText>'
        f'<parentImage id="CXR{number}_IM-1"></parentImage></eCitation>'
        for number in range(1, 6)
    }
    texts[9] = (
        '<eCitation><AbstractText Label="INDICATION">Cough.</AbstractText><AbstractText Label="FINDINGS"/></eCitation>'
    )
    reports.make(collection(tmp_path / "reports.tgz", texts), tmp_path)
    rows = manifest(tmp_path)
    assert [row["id"] for row in rows] == ["CXR1", "CXR2", "CXR3", "CXR4", "CXR5"]
    assert (tmp_path / "CXR3.xml").read_text() == texts[3]
    assert rows[0]["url"].endswith("img=CXR1_IM-1")
    assert len({row["patient_id"] for row in rows}) == 5, "no two reports are said to be one patient's"


def test_the_choice_of_reports_is_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "REPORTS", 3)
    texts = {
        n: f'<eCitation><AbstractText Label="IMPRESSION">Normal {n}.</AbstractText></eCitation>' for n in range(20)
    }
    chosen = []
    for name, order in (("a", 1), ("b", -1)):
        (tmp_path / name).mkdir()
        shuffled = dict(list(texts.items())[::order])
        reports.make(collection(tmp_path / f"{name}.tgz", shuffled), tmp_path / name)
        chosen.append([row["id"] for row in manifest(tmp_path / name)])
    assert len(chosen[0]) == 3
    assert chosen[0] == chosen[1]


# --- ECGs and pictures --------------------------------------------------------------------------------


def test_diagnoses_of_the_challenge_are_put_into_words(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "made"
    source.mkdir()
    folder.mkdir()
    header = "A0001 1 500 5\nA0001.mat 16 1000/mV 16 0 0 0 0 I\n# Age: 74\n# Sex: Male\n# Dx: 59118001,426783006\n"
    (source / "A0001.hea").write_text(header)
    (source / "A0001.mat").write_bytes(bytes(10))
    (source / "A0001.csv").write_text("left where it is")
    ecgs.make_challenge(source, folder)
    (row,) = manifest(folder)
    assert row["diagnosis"] == "right bundle branch block, sinus rhythm"
    assert row["text"] == (
        "Reference diagnosis of this ECG: right bundle branch block, sinus rhythm. Patient: male, 74 years."
    )
    assert sorted(path.name for path in folder.iterdir()) == ["A0001.hea", "A0001.mat", "manifest.jsonl"]


def test_pictures_that_this_pydicom_lacks_are_left_out(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "made"
    source.mkdir()
    folder.mkdir()
    (source / "MR_small.dcm").write_bytes(b"picture")
    dicoms.make(source, folder)
    assert [row["path"] for row in manifest(folder)] == ["MR_small.dcm"]
    assert (folder / "MR_small.dcm").read_bytes() == b"picture"
