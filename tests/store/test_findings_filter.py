"""A search may be bounded to studies whose own text states a finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from assistant import Assistant
from assistant.errors import BadQuery, IndexMissing
from assistant.store import build
from assistant.store.generations import IndexFolder
from assistant.store.sqlite import open_sqlite

REPORTS = {
    "left": "INDICATION: Cough.\n\nFINDINGS: Small left pleural effusion. No pneumothorax.",
    "clear": "INDICATION: Cough.\n\nFINDINGS: Heart size is normal. The lungs are clear. No pleural effusion.",
    "asked": "INDICATION: Rule out pneumonia.\n\nFINDINGS: Possible pneumonia in the right lower lobe.",
    "both": "INDICATION: Cough.\n\nFINDINGS: Large bilateral pleural effusions and consolidation.",
    "degree": "INDICATION: Cough.\n\nFINDINGS: No large pleural effusion.",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, report in REPORTS.items():
        (folder / f"{name}.txt").write_text(report)
    return folder


def found(workspace: Path, *findings: str) -> set[str]:
    result = Assistant.open(workspace).search("cough or opacity", findings=findings, k=50)
    texts = {e.record_id for e in result.evidence}
    records = [Assistant.open(workspace).record(record_id).text for record_id in texts]
    return {name for name, report in REPORTS.items() if report in records}


def test_a_search_finds_only_studies_that_state_the_finding(archive: Path, tmp_path: Path) -> None:
    Assistant.build(archive, workspace=tmp_path)
    assert found(tmp_path, "pleural effusion") == {"left", "both"}
    assert found(tmp_path, "left pleural effusion") == {"left", "both"}
    assert found(tmp_path, "right pleural effusion") == {"both"}
    assert found(tmp_path, "large pleural effusion") == {"both"}
    assert found(tmp_path, "no pleural effusion") == {"clear"}
    assert found(tmp_path, "possible pneumonia") == {"asked"}
    assert found(tmp_path, "pneumonia") == set()
    assert found(tmp_path, "pleural effusion", "consolidation") == {"both"}
    assert found(tmp_path, "lung opacity") == {"both"}
    assert found(tmp_path, "no consolidation") == {"clear"}


def test_a_filter_that_names_no_finding_is_refused(archive: Path, tmp_path: Path) -> None:
    Assistant.build(archive, workspace=tmp_path)
    with pytest.raises(BadQuery, match="near it are pleural effusion"):
        Assistant.open(tmp_path).search("cough", findings=["plural efusion"])
    with pytest.raises(BadQuery, match="several are named"):
        Assistant.open(tmp_path).search("cough", findings=["effusion and pneumothorax"])


def test_other_rules_read_the_texts_again_but_encode_nothing(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Assistant.build(archive, workspace=tmp_path)
    monkeypatch.setattr(build, "findings_version", lambda: "other rules")
    second = Assistant.build(archive, workspace=tmp_path)
    assert (second.generation, second.unchanged) == (first.generation + 1, len(REPORTS))
    assert found(tmp_path, "pleural effusion") == {"left", "both"}
    assert Assistant.build(archive, workspace=tmp_path).generation == second.generation


def test_an_index_without_findings_says_so(archive: Path, tmp_path: Path) -> None:
    Assistant.build(archive, workspace=tmp_path)
    assistant = Assistant.open(tmp_path)
    for index in assistant._open_indexes():
        index.meta.pop("findings")
    with pytest.raises(IndexMissing, match="before findings were kept"):
        assistant.search("cough", findings=["pleural effusion"])


def test_findings_go_with_their_record(archive: Path, tmp_path: Path) -> None:
    Assistant.build(archive, workspace=tmp_path)
    (archive / "both.txt").unlink()
    Assistant.build(archive, workspace=tmp_path)
    assert found(tmp_path, "pleural effusion") == {"left"}
    engine = open_sqlite(IndexFolder.of(tmp_path, "reports").open_current() / "catalogue.sqlite")
    with engine.connect() as connection:
        orphans = connection.execute(
            text("SELECT count(*) FROM finding WHERE record_pk NOT IN (SELECT pk FROM record)")
        ).scalar()
    assert orphans == 0
