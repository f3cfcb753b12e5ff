"""Folders of drafts as the page lists them, and new ones with their lists of studies."""

import json
import shutil
from contextvars import ContextVar

import pytest
from small_archive import draw

from assistant.acting import Acting
from assistant.assistant import Assistant
from assistant.drafting.output import DRAFTS, HANDED_OVER, STUDIES
from assistant.drafting.review import decide
from assistant.drafting.runs import RunFolder, delete_run, folders_of, new_run, unfinished
from assistant.errors import WardroundError, WorkspaceBusy
from assistant.forget import forget_patient
from assistant.records import stored_draft
from assistant.store.edits import edited_drafts
from assistant.store.opinions import Target, all_opinions, give

acting: ContextVar = ContextVar("acting")


@pytest.fixture
def assistant(chest_workspace, tmp_path):
    shutil.copytree(chest_workspace, tmp_path / "workspace")
    return Assistant.open(tmp_path / "workspace")


def handed(tmp_path, names, table=None):
    """Uploads as they come: in a folder of their own, under their own names."""
    from PIL import Image as Picture

    folder = tmp_path / "received"
    folder.mkdir()
    for seed, name in enumerate(names):
        Picture.fromarray(draw(100 + seed, (160, 200))).save(folder / name)
    if table:
        (folder / "list.csv").write_text(table)
    return sorted(folder.iterdir())


def test_a_list_of_uploads_is_drafted_goes_on_and_is_known_again(assistant, tmp_path):
    files = handed(tmp_path, ["x.png", "y.png"], "study_id,patient_id,files\ns1,4711-8,x.png\ns2,,pictures/y.png\n")
    path = new_run(assistant.workspace, "Monday 9:00", ["c.png"], files, {"by": "anna"})
    run = RunFolder(path)
    assert path.parent == assistant.workspace / "drafts" and path.stat().st_mode & 0o077 == 0
    assert [study.study_id for study in unfinished(run)] == ["s1", "s2", "c.png"]
    assert not any(file.exists() for file in files)  # they were moved
    assert {f.name for f in (path / HANDED_OVER).iterdir()} == {"x.png", "y.png", STUDIES}
    assert folders_of(assistant.workspace, assistant.db)[0][0] == path
    drafts = assistant.draft(path / HANDED_OVER / STUDIES, out=path, resume=True)
    next(drafts)
    drafts.close()
    assert [study.study_id for study in unfinished(run)] == ["s2", "c.png"]
    list(assistant.draft(path / HANDED_OVER / STUDIES, out=path, resume=True))
    assert [drafted.study_id for drafted in run.drafts()] == ["s1", "s2", "c.png"]
    assert run.asked()["by"] == "anna" and run.asked()["indexes"] == ["chest"] and run.asked()["template"] is None
    assert run.files_of("s2") == (path / HANDED_OVER / "y.png",)
    for drafted, line in zip(run.drafts(), (path / DRAFTS).read_text().splitlines(), strict=True):
        assert run.draft(drafted.digest) == stored_draft(json.loads(line))
    report = forget_patient(assistant.workspace, "4711-8")
    assert [study.study_id for study in run.requests()] == ["s2", "c.png"]
    assert not (path / HANDED_OVER / "x.png").exists() and (path / HANDED_OVER / "y.png").exists()
    assert [drafted.study_id for drafted in run.drafts()] == ["s2", "c.png"]
    assert report.drafts[0]["lines"] == 1 and not report.not_cleaned


def test_without_a_table_each_file_is_a_study(assistant, tmp_path):
    path = new_run(assistant.workspace, "two", (), handed(tmp_path, ["x.png", "y.png"]), {})
    assert [study.study_id for study in RunFolder(path).requests()] == ["x", "y"]


@pytest.mark.parametrize(
    ("table", "studies", "said"),
    [
        ("study_id,files\ns1,z.png\n", (), "study 's1': z.png was not handed over with the table"),
        ("study,files\ns1,x.png\n", (), "^list.csv: no column 'study_id'"),
        ("study_id,files\ns1,x.png\n", ("s1",), "'s1' is listed twice"),
    ],
)
def test_a_list_that_can_not_be_used_leaves_nothing_behind(assistant, tmp_path, table, studies, said):
    with pytest.raises(WardroundError, match=said):
        new_run(assistant.workspace, "bad", studies, handed(tmp_path, ["x.png"], table), {})
    assert not (assistant.workspace / "drafts" / "bad").exists()


def test_a_name_is_given_once_and_leads_nowhere_else(assistant, tmp_path):
    path = new_run(assistant.workspace, "../../up", ["c.png"], (), {})
    assert path.parent == assistant.workspace / "drafts"
    with pytest.raises(WardroundError, match="choose another name"):
        new_run(assistant.workspace, "../../up", ["c.png"], (), {})
    with pytest.raises(WardroundError, match="no study is chosen"):
        new_run(assistant.workspace, "none", (), (), {})


def test_a_run_that_never_began_is_found_when_a_patient_is_forgotten(assistant, tmp_path):
    files = handed(tmp_path, ["x.png", "y.png"], "study_id,patient_id,files\ns1,4711-8,x.png\ns2,,y.png\n")
    path = new_run(assistant.workspace, "never begun", (), files, {})
    forget_patient(assistant.workspace, "4711-8", dry_run=True)
    assert len(RunFolder(path).requests()) == 2
    assert not forget_patient(assistant.workspace, "4711-8").not_cleaned
    assert [study.study_id for study in RunFolder(path).requests()] == ["s2"]
    assert {file.name for file in (path / HANDED_OVER).iterdir()} == {"y.png", STUDIES}


def test_only_a_run_of_the_page_is_deleted_with_all_that_was_said_of_it(assistant, tmp_path):
    path = new_run(assistant.workspace, "gone soon", ["c.png"], handed(tmp_path, ["x.png"]), {})
    running = assistant.draft(path / HANDED_OVER / STUDIES, out=path, resume=True)
    next(running)
    with pytest.raises(WorkspaceBusy, match="try again when it ended"):
        delete_run(assistant.workspace, assistant.db, RunFolder(path))
    list(running)
    list(assistant.draft(["c.png"], out=tmp_path / "own"))
    for folder in (path, tmp_path / "own"):
        drafted = RunFolder(folder).drafts()[-1]
        draft = RunFolder(folder).draft(drafted.digest)
        decide(assistant, drafted.digest, draft, "IMPRESSION/0", "reject")
        give(assistant.db, Target(None, drafted.digest, "IMPRESSION/0"), "wrong", said={"text": "x"})
    with pytest.raises(WardroundError, match="its owner's to delete"):
        delete_run(assistant.workspace, assistant.db, RunFolder(tmp_path / "own"))
    delete_run(assistant.workspace, assistant.db, RunFolder(path))
    assert not path.exists() and edited_drafts(assistant.db) == {drafted.digest}
    assert [opinion.draft for opinion in all_opinions(assistant.db)] == [drafted.digest]


def test_a_file_that_grows_or_is_replaced_is_read_as_it_is(assistant, tmp_path):
    out = tmp_path / "out"
    list(assistant.draft(["a.png", "c.png"], out=out))
    whole = (out / DRAFTS).read_bytes()
    first, second = whole.splitlines(keepends=True)
    (out / DRAFTS).write_bytes(first + second[:50])
    run = RunFolder(out)
    (one,) = run.drafts()
    with (out / DRAFTS).open("ab") as file:
        file.write(second[50:] + b'{"study_id": "x"}\n')
    assert [drafted.study_id for drafted in run.drafts()] == ["a.png", "c.png"]
    (out / "new").write_bytes(second)
    (out / "new").replace(out / DRAFTS)
    assert [drafted.study_id for drafted in run.drafts()] == ["c.png"]
    with pytest.raises(WardroundError, match="no longer there"):
        run.draft(one.digest)
    (out / DRAFTS).unlink()
    assert run.drafts() == []
    assert out not in [folder for folder, _ in folders_of(assistant.workspace, assistant.db)]


def test_what_a_visitor_may_not_see_is_drafted_from_by_no_thread(assistant, tmp_path):
    assistant.act_for(lambda: acting.get(Acting()))
    token = acting.set(Acting("anna", frozenset()))
    problems = []
    try:
        list(assistant.draft(["a.png"], on_problem=lambda study, reason: problems.append(reason)))
    finally:
        acting.reset(token)
    assert problems and "not in" in problems[0]


def test_a_study_that_nobody_asks_about_is_named_in_the_log(assistant, tmp_path, caplog):
    assert list(assistant.draft(["nowhere"])) == []
    assert "study nowhere was not drafted" in caplog.text and "no files are given" in caplog.text
    caplog.clear()
    list(assistant.draft(["nowhere"], on_problem=lambda study, reason: None))
    list(assistant.draft(["nowhere"], out=tmp_path / "run"))
    assert "nowhere" not in caplog.text  # it is told, and stands in the folder
