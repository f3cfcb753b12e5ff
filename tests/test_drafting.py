"""Drafting in batch: what goes in, what comes out, what an interruption and a bad study do."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from small_archive import build_small_archive, draw

from assistant.assistant import Assistant
from assistant.errors import WardroundError, WorkspaceBusy
from assistant.studies import StudyRequest, read_studies


@pytest.fixture(scope="module")
def assistant(chest_workspace):
    return Assistant.open(chest_workspace)


def write_studies(folder, names):
    from PIL import Image as Picture

    lines = ["study_id,patient_id,files"]
    for seed, name in enumerate(names):
        Picture.fromarray(draw(100 + seed, (160, 200))).save(folder / f"{name}.png")
        lines.append(f"{name},p{seed},{name}.png")
    path = folder / "studies.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_csv_and_a_folder_give_the_same_studies(tmp_path):
    listed = read_studies(write_studies(tmp_path, ["s1", "s2"]))
    assert listed == [
        StudyRequest("s1", (tmp_path / "s1.png",), "p0"),
        StudyRequest("s2", (tmp_path / "s2.png",), "p1"),
    ]
    (tmp_path / "studies.csv").unlink()
    assert [(s.study_id, s.files) for s in read_studies(tmp_path)] == [(s.study_id, s.files) for s in listed]


def test_a_list_that_cannot_be_used_says_where(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_text("study,files\n1,a.png\n")
    with pytest.raises(WardroundError, match=r"no column 'study_id' \(there are: study, files\)"):
        read_studies(path)
    path.write_text("study_id,files\n1,a.png\n,b.png\n")
    with pytest.raises(WardroundError, match="line 3: study_id is empty"):
        read_studies(path)


def test_drafts_say_only_what_similar_studies_show_and_leave_out_the_own_study(assistant, chest_workspace):
    request = StudyRequest("mine", (chest_workspace / "data" / "a.png",), "100")
    (draft,) = assistant.draft([request])
    assert draft.study_id == "mine"
    assert draft.sections
    assert not any(e.external_id in ("a.png", "b.png") for e in draft.evidence)  # patient 100's
    for section in draft.sections:
        for claim in section.claims:
            assert claim.verdict == "supported", claim
            assert claim.about == "similar", claim


def test_an_indexed_study_is_drafted_without_its_own_report(assistant):
    (draft,) = assistant.draft(["a.png"])
    assert draft.sections
    own = [e for e in draft.evidence if e.relation == "own"]
    assert [(e.external_id, e.kind) for e in own] == [("a.png", "image")]  # the picture; never its note or labels
    assert not own[0].labels
    assert not any(e.external_id in ("a.png", "b.png") for e in draft.evidence if e.relation != "own")


def test_a_bad_study_is_named_and_the_rest_goes_on_in_order(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1", "s2", "s3"])
    (tmp_path / "s2.png").write_bytes(b"")
    problems = []
    drafts = list(assistant.draft(path, workers=2, out=tmp_path / "out", on_problem=lambda *p: problems.append(p)))
    assert [d.study_id for d in drafts] == ["s1", "s3"]
    assert problems[0][0] == "s2"
    assert "empty" in problems[0][1]
    lines = [json.loads(line) for line in (tmp_path / "out" / "drafts.jsonl").read_text().splitlines()]
    assert [line["study_id"] for line in lines] == ["s1", "s3"]
    assert set(lines[0]) >= {"study_id", "sections", "evidence", "flags"}


def test_resume_does_each_study_once_after_a_line_was_cut_short(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1", "s2", "s3"])
    out = tmp_path / "out"
    list(assistant.draft(path, out=out))
    whole = (out / "drafts.jsonl").read_bytes()
    with pytest.raises(WardroundError, match="--resume"):
        list(assistant.draft(path, out=out))
    (out / "drafts.jsonl").write_bytes(whole[: len(whole) - 50])
    again = [d.study_id for d in assistant.draft(path, out=out, resume=True)]
    assert again == ["s3"]
    lines = (out / "drafts.jsonl").read_text().splitlines()
    assert [json.loads(line)["study_id"] for line in lines] == ["s1", "s2", "s3"]


def test_a_line_that_is_no_draft_is_named_and_nothing_is_cut_off(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1", "s2"])
    list(assistant.draft(path, out=tmp_path / "out"))
    drafts = tmp_path / "out" / "drafts.jsonl"
    first, second = drafts.read_text().splitlines(keepends=True)
    drafts.write_text(first + "oops\n" + second)
    with pytest.raises(WardroundError, match=r"drafts\.jsonl, line 2: is no draft"):
        list(assistant.draft(path, out=tmp_path / "out", resume=True))
    assert drafts.read_text() == first + "oops\n" + second


def test_one_folder_holds_drafts_of_one_kind_from_one_process(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1", "s2"])
    out = tmp_path / "out"
    running = assistant.draft(path, out=out)
    next(running)
    with pytest.raises(WorkspaceBusy, match="another process drafts into it"):
        list(assistant.draft(path, out=out, resume=True))
    assert [draft.study_id for draft in running] == ["s2"]
    with pytest.raises(WardroundError, match="made with template None, and now 'draft-free' is asked for"):
        list(assistant.draft(path, out=out, resume=True, template="draft-free"))
    with pytest.raises(WardroundError, match=r"made with exports \[\], and now \['pdf'\] is asked for"):
        list(assistant.draft(path, out=out, resume=True, exports=["pdf"]))
    assert list(assistant.draft(path, out=out, resume=True)) == []


def test_what_was_set_aside_is_listed_and_tried_again(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1", "s2"])
    whole = (tmp_path / "s2.png").read_bytes()
    (tmp_path / "s2.png").unlink()
    told = []
    list(assistant.draft(path, out=tmp_path / "out", on_progress=lambda *p: told.append(p)))
    (line,) = (tmp_path / "out" / "set_aside.jsonl").read_text().splitlines()
    patient = json.loads(line).pop("patient_id", "")
    assert patient.startswith("P-"), "by which it is found again when the patient is to be forgotten"
    assert json.loads(line) == {
        "study_id": "s2", "reason": "s2.png: No such file or directory", "patient_id": patient
    }  # fmt: skip
    assert told == [(0, 2), (1, 2), (2, 2)]
    (tmp_path / "s2.png").write_bytes(whole)
    told.clear()
    again = assistant.draft(path, out=tmp_path / "out", resume=True, on_progress=lambda *p: told.append(p))
    assert [draft.study_id for draft in again] == ["s2"]
    assert told == [(1, 2), (2, 2)]
    assert (tmp_path / "out" / "set_aside.jsonl").read_text() == ""


def test_documents_lie_beside_the_drafts_whatever_the_ids(assistant, tmp_path):
    names = ["../up/s1", "ward 3/ä"]
    (tmp_path / "x.png").write_bytes((write_studies(tmp_path, ["seen"]).parent / "seen.png").read_bytes())
    requests = [StudyRequest(name, (tmp_path / "x.png",)) for name in names]
    list(assistant.draft(requests, out=tmp_path / "out", exports=["fhir", "docx", "pdf"]))
    for kind, suffix in (("fhir", ".json"), ("docx", ".docx"), ("pdf", ".pdf")):
        files = sorted((tmp_path / "out" / kind).iterdir())
        assert [file.suffix for file in files] == [suffix, suffix]
        assert all(file.stat().st_size > 500 and file.stat().st_mode & 0o077 == 0 for file in files)
    assert {json.loads(f.read_text())["identifier"][0]["value"] for f in (tmp_path / "out" / "fhir").iterdir()} == {
        *names
    }


def test_a_long_list_is_read_by_processes_that_a_bad_file_cannot_stop(assistant, tmp_path):
    path = write_studies(tmp_path, [f"s{n}" for n in range(18)])
    (tmp_path / "s3.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "s9.png").unlink()
    problems = {}
    drafts = list(assistant.draft(path, on_problem=problems.__setitem__))
    assert set(problems) == {"s3", "s9"}
    assert problems["s3"].startswith("s3.png: ") and problems["s9"].startswith("s9.png: ")
    assert [d.study_id for d in drafts] == [f"s{n}" for n in range(18) if n not in (3, 9)]


def test_the_access_log_tells_what_drafts_are_made_from(tmp_path):
    from sqlalchemy import select

    from assistant.store.workspace_tables import AccessRow

    build_small_archive(tmp_path)
    assistant = Assistant.open(tmp_path)
    (draft,) = assistant.draft(["a.png"])
    seen = {e.record_id for e in draft.evidence if e.kept}
    with assistant.db.session() as session:
        logged = {row.record_id for row in session.scalars(select(AccessRow)) if row.action == "draft"}
    assert seen and logged == seen


def test_an_unknown_template_or_model_ends_the_run_before_it_begins(assistant, tmp_path):
    path = write_studies(tmp_path, ["s1"])
    for wrong, said in (
        ({"template": "nonsense"}, "template 'nonsense': there is none of that name"),
        ({"llm": "nobody"}, "llm.name is 'nobody'"),
    ):
        with pytest.raises(WardroundError, match=said):
            list(assistant.draft(path, out=tmp_path / "out", **wrong))
    assert not (tmp_path / "out").exists()


def test_a_study_listed_twice_is_refused(assistant):
    with pytest.raises(WardroundError, match="'a' is listed twice"):
        list(assistant.draft([StudyRequest("a"), StudyRequest("a")]))


def test_kill_and_resume_lose_nothing(tmp_path):
    build_small_archive(tmp_path)
    names = [f"s{n}" for n in range(30)]
    studies = tmp_path / "studies"
    studies.mkdir()
    path = write_studies(studies, names)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "assistant.cli", "draft", str(path), "--out", str(out), "--resume"]
    command += ["--workspace", str(tmp_path), "--fhir"]
    for lines_before_kill in (3, 9):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and _lines(out) < lines_before_kill:
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, capture_output=True).returncode == 0
    drafted = [json.loads(line)["study_id"] for line in (out / "drafts.jsonl").read_text().splitlines()]
    assert drafted == names
    assert {path.stem for path in (out / "fhir").iterdir()} == set(names)


def _lines(out):
    path = out / "drafts.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_an_excluded_patient_is_never_drafted_from(assistant, chest_workspace):
    request = StudyRequest("mine", (chest_workspace / "data" / "c.png",))
    (draft,) = assistant.draft([request])
    assert {"a.png", "b.png"} & {e.external_id for e in draft.evidence}
    (walled,) = assistant.draft([request], exclude_patient="100")
    assert not {"a.png", "b.png"} & {e.external_id for e in walled.evidence}


def test_why_a_study_was_not_drafted_is_kept_without_its_id_and_file_names(tmp_path):
    build_small_archive(tmp_path)
    (tmp_path / "Obermeier_Gunther.dcm").write_bytes(b"")
    studies = [StudyRequest("MRN-8812345", (tmp_path / "Obermeier_Gunther.dcm",)), StudyRequest("MRN-8812346")]
    told = []
    list(
        Assistant.open(tmp_path).draft(
            studies, out=tmp_path / "drafts", on_problem=lambda study, reason: told.append((study, reason))
        )
    )
    assert [study for study, _ in told] == ["MRN-8812345", "MRN-8812346"]
    assert "Obermeier_Gunther.dcm" in told[0][1]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("workspace.db*"))
    assert b"8812345" not in kept and b"8812346" not in kept and b"Obermeier" not in kept
    assert b"the file is empty" in kept
