"""Forgetting a patient reaches a run's documents, preference pairs and reasons to look, and spares everybody else's."""

import fcntl
import json
import shutil

import pytest
from scripted_server import scripted_server

from assistant.assistant import Assistant
from assistant.drafting.erase import erase_from_run
from assistant.drafting.output import LOCK, digest_of
from assistant.export import file_name
from assistant.forget import forget_patient
from assistant.pseudonyms import Pseudonyms
from assistant.settings import Settings
from assistant.studies import StudyRequest

GONE = "100"  # of a.png and b.png; the film of c.png is another patient's
OTHERS = ("c.png", "d.png", "e.png")
KINDS = {"fhir": ".json", "docx": ".docx", "pdf": ".pdf"}
TEXT = b"compressive atelectasis"


@pytest.fixture
def run(chest_workspace, tmp_path):
    """A workspace with a run of drafts of five studies and of two that could not be drafted; and the run's folder."""
    workspace = tmp_path / "workspace"
    shutil.copytree(chest_workspace, workspace)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    studies = ["a.png", "b.png", *OTHERS]
    broken = [StudyRequest(f"broken-{patient}", (tmp_path / "broken.png",), patient) for patient in (GONE, "200")]
    with scripted_server(lambda _: "## FINDINGS\nThere is an effusion [E1]. The aorta is torn [E1].") as (address, _):
        llm = {"name": "openai", "base_url": address, "model": "scripted", "context_tokens": 4_000}
        floors = {"image_floor": 0.0}  # so that each study is shown all the others, and cites them
        assistant = Assistant(workspace, settings=Settings(llm=llm, retrieve=floors))
        exports = (*KINDS, "preferences")
        list(assistant.draft([*map(StudyRequest, studies), *broken], out=tmp_path / "drafts", exports=exports))
    return workspace, tmp_path / "drafts"


def lines(folder, name="drafts.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]


def documents(folder):
    return {path.relative_to(folder).as_posix() for kind in KINDS for path in (folder / kind).iterdir()}


def test_documents_pairs_and_reasons_of_the_patient_go_and_all_others_stay(run):
    workspace, folder = run
    pseudonym = Pseudonyms.of(workspace).patient(GONE, "")
    before = {line["study_id"]: line for line in lines(folder)}
    assert set(before) == {"a.png", "b.png", *OTHERS}
    pairs = {pair["study_id"]: json.dumps(pair) for pair in lines(folder, "preferences.jsonl")}
    citing = {study for study, line in before.items() if pseudonym in json.dumps(line)}
    telling = [study for study, pair in pairs.items() if TEXT.decode() in pair and pseudonym not in pair]
    assert set(telling) & set(OTHERS), "another's pair shows the patient's text without saying whose it is"
    assert documents(folder) == {f"{kind}/{study}{suffix}" for study in before for kind, suffix in KINDS.items()}
    assert [line["study_id"] for line in lines(folder, "set_aside.jsonl")] == ["broken-100", "broken-200"]

    report = forget_patient(workspace, GONE)

    left = {line["study_id"] for line in lines(folder)}
    assert left == set(before) - citing - {"a.png", "b.png"}
    assert documents(folder) == {f"{kind}/{study}{suffix}" for study in left for kind, suffix in KINDS.items()}
    assert {pair["study_id"] for pair in lines(folder, "preferences.jsonl")} == set(pairs) & left
    assert [line["study_id"] for line in lines(folder, "set_aside.jsonl")] == ["broken-200"]
    assert report.drafts == [{"file": str(folder / "drafts.jsonl"), "lines": len(before) - len(left)}]
    assert report.not_cleaned == []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert TEXT not in content and pseudonym.encode() not in content, path
        assert path.name == LOCK or path.stat().st_mode & 0o077 == 0, path


def test_a_document_that_a_killed_run_left_without_a_draft_goes_too(run):
    workspace, folder = run
    (folder / "drafts.jsonl").write_text("")
    forget_patient(workspace, GONE)
    assert documents(folder) == set()


def test_a_dry_run_removes_nothing(run):
    workspace, folder = run
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    told = forget_patient(workspace, GONE, dry_run=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert told.drafts and told.drafts == forget_patient(workspace, GONE).drafts


def test_a_run_that_is_being_written_is_left_alone_and_named(run):
    workspace, folder = run
    before = (folder / "drafts.jsonl").read_bytes()
    with (folder / LOCK).open("r") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report = forget_patient(workspace, GONE)
    assert (folder / "drafts.jsonl").read_bytes() == before
    assert [problem["path"] for problem in report.not_cleaned] == [str(folder / "drafts.jsonl")]
    assert "a process drafts into it" in report.not_cleaned[0]["reason"]
    assert forget_patient(workspace, GONE).not_cleaned == []
    assert len(lines(folder)) < 5


def test_a_line_is_one_whatever_stands_in_its_texts(tmp_path):
    said = [json.dumps({"study_id": n, "text": f"{who}\u2028second line\x85"}, ensure_ascii=False)
            for n, who in (("1", "me"), ("2", "you"))]  # fmt: skip
    (tmp_path / "drafts.jsonl").write_text("".join(f"{line}\n" for line in said), encoding="utf-8")
    (tmp_path / "pdf").mkdir()
    for study in ("1", "2"):
        (tmp_path / "pdf" / f"{file_name(study)}.pdf").write_bytes(b"%PDF")
    assert erase_from_run(tmp_path, lambda line: '"me' in line, dry_run=False) == {digest_of(said[0])}
    assert (tmp_path / "drafts.jsonl").read_text(encoding="utf-8") == said[1] + "\n"
    assert documents_of(tmp_path) == ["2.pdf"]


def documents_of(folder):
    return sorted(path.name for path in (folder / "pdf").iterdir())
