"""The drafts page: begun, watched, gone through, exported; who may not see the archive behind a run sees none of it."""

import io
import json
import re
import shutil
import time
import zipfile
from dataclasses import replace

import pytest
from browsing import HOSTILE, ask, in_chromium, radiograph, shoot
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markupsafe import Markup
from PIL import Image as Pillow
from sqlalchemy import select

from assistant.assistant import Assistant
from assistant.drafting import DraftOptions
from assistant.drafting.review import decide, edited, review
from assistant.drafting.runs import new_run
from assistant.errors import NotAllowed
from assistant.export.layout import layout_of
from assistant.feedback import feedback_rows
from assistant.records import Claim, Section, SignalPlace, review_of
from assistant.retrieve.own import MEASURED, NOT_MEASURED
from assistant.store.opinions import Target, all_opinions
from assistant.store.workspace_tables import AccessRow
from assistant.ui.drafts.beside import beside_html, is_picture
from assistant.ui.drafts.desk import DraftsDesk, Where
from assistant.ui.drafts.downloads import downloads_router
from assistant.ui.drafts.jobs import Jobs
from assistant.ui.drafts.lists import PAGE, drafts_html
from assistant.ui.drafts.report import Opened, report_html
from assistant.ui.drafts.shelf import shelf_of
from assistant.ui.feedback import feedback_router, opinion_html
from assistant.ui.gate.seals import address
from assistant.ui.gate.visitor import Visitor, entering

ANNA = Visitor("anna", roles=frozenset({"author"}))
READER = Visitor("rita", roles=frozenset({"reader"}))
ELSEWHERE = Visitor("eli", roles=frozenset({"author"}), indexes=frozenset({"clinic"}))


@pytest.fixture(scope="module")
def archive(workspace, tmp_path_factory):
    """The ward's archive in a workspace of its own, with a run of two drafts of the command line."""
    home = tmp_path_factory.mktemp("drafts") / "workspace"
    shutil.copytree(workspace, home)
    assistant = Assistant.open(home)
    list(assistant.draft(["study-0", "study-3"], out=home.parent / "night"))
    return assistant


@pytest.fixture
def drafted(archive):
    with entering(ANNA):
        (run,) = [run for run in shelf_of(archive).runs() if run.folder.name == "night"]
    return run, run.folder.drafts()


@pytest.fixture
def client(archive):
    """The routes as whoever `client.who` is."""
    app = FastAPI()
    app.include_router(downloads_router(archive))
    app.include_router(feedback_router(archive, shelf_of(archive).said))
    app.add_exception_handler(NotAllowed, lambda request, error: _refusal())

    @app.middleware("http")
    async def enter(request, call_next):
        with entering(found.who):
            return await call_next(request)

    found = TestClient(app)
    found.who = ANNA
    return found


def _refusal():
    from fastapi.responses import JSONResponse

    return JSONResponse({}, 403)


def at(who, name, what):
    with entering(who):
        return address(name, what)


def test_a_draft_is_handed_out_as_it_stands_in_every_form(archive, client, drafted):
    run, (first, _) = drafted
    with entering(ANNA):
        sentence = review(archive, first.digest, run.folder.draft(first.digest)).sentences[0]
        decide(archive, first.digest, run.folder.draft(first.digest), sentence.key, "change", "The aorta is torn.")
    word = client.get(at(ANNA, first.digest, "draft.docx"))
    assert re.fullmatch(r'attachment; filename="[\w.-]+\.docx"', word.headers["content-disposition"])
    parts = zipfile.ZipFile(io.BytesIO(word.content))
    assert "The aorta is torn." in parts.read("word/document.xml").decode()
    assert [name for name in parts.namelist() if name.startswith("word/media/")]  # the study's own picture
    assert client.get(at(ANNA, first.digest, "draft.pdf")).content.startswith(b"%PDF")
    fhir = client.get(at(ANNA, first.digest, "draft.fhir.json"))
    assert fhir.headers["content-type"] == "application/fhir+json" and fhir.json()["status"] == "preliminary"
    (line,) = client.get(at(ANNA, first.digest, "draft.jsonl")).text.splitlines()
    assert json.loads(line)["review"]["decisions"][0]["action"] == "change"
    whole = client.get(at(ANNA, run.id, "run.drafts.jsonl")).text.splitlines()
    assert [json.loads(line)["study_id"] for line in whole] == ["study-0", "study-3"]
    assert client.get(at(ANNA, run.id, "run.preferences.jsonl")).text == ""  # none is gone through to its end
    for wrong in ("draft.exe", "draft.docx/../x", "run.keys.jsonl"):
        assert client.get(at(ANNA, first.digest, wrong)).status_code == 404


def test_an_address_serves_whom_it_was_shown_to_and_nobody_else(archive, client, drafted):
    run, (first, _) = drafted
    known = at(ANNA, first.digest, "draft.jsonl")
    assert client.get(known).status_code == 200
    for who, status in ((replace(ANNA, name="bert"), 404), (READER, 403), (ELSEWHERE, 404)):
        client.who = who
        assert client.get(known).status_code == status, who
    assert client.get(at(ELSEWHERE, first.digest, "draft.jsonl")).status_code == 404  # even if it were sealed for them
    assert client.get(at(ELSEWHERE, run.id, "run.drafts.jsonl")).status_code == 404


def test_who_may_not_see_the_archive_behind_a_run_sees_no_run(archive, drafted):
    run, (first, _) = drafted
    desk = DraftsDesk(archive)
    with entering(ELSEWHERE):
        assert shelf_of(archive).runs() == []
        runs, _, listed, report, beside, *_ = desk.draw(Where(run=run.id, draft=first.digest))
    assert "night" not in runs and not listed and not beside and first.digest not in report
    with entering(READER), pytest.raises(NotAllowed):
        desk.draw(Where())


def test_an_old_run_that_does_not_say_what_it_was_drafted_from_is_for_those_who_see_everything(archive, tmp_path):
    list(archive.draft(["study-1"], out=tmp_path / "old"))
    facts = json.loads((tmp_path / "old" / "run.json").read_text())
    del facts["indexes"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(facts))
    with entering(ANNA):
        assert "old" in [run.folder.name for run in shelf_of(archive).runs()]
    with entering(replace(ANNA, indexes=frozenset({"ward"}))):
        assert "old" not in [run.folder.name for run in shelf_of(archive).runs()]
    shutil.rmtree(tmp_path / "old")


def test_reading_a_draft_is_told_to_the_access_log(archive, drafted):
    run, (first, _) = drafted
    desk = DraftsDesk(archive)
    with entering(ANNA):
        now = desk._pressed(Where(run=run.id), {"act": "open", "draft": first.digest})
    seen = {piece.record_id for piece in run.folder.draft(first.digest).evidence if piece.kept}
    with archive.db.session() as session:
        logged = {row.record_id for row in session.scalars(select(AccessRow)) if row.action == "draft_read"}
    assert now.draft == first.digest and seen and seen <= logged


def test_what_was_typed_is_not_lost_where_it_is_refused(archive, drafted):
    run, (first, _) = drafted
    desk = DraftsDesk(archive)
    with entering(ANNA):
        opened = desk._pressed(Where(run=run.id), {"act": "open", "draft": first.digest})
        writing = desk._pressed(opened, {"act": "write", "sentence": opened.sentence})
        told = desk._pressed(writing, {"act": "change", "sentence": opened.sentence, "text": "x" * 2_500})
        _, _, _, report, *_ = desk.draw(told)
        assert "say it in 2000" in report and "x" * 2_500 in report
        back = desk._pressed(told, {"act": "cancel", "sentence": opened.sentence})
    assert back.editing is None and back.focus == f"{opened.sentence}-change"


def test_a_name_that_was_taken_out_of_what_somebody_wrote_is_told(archive, drafted):
    run, (first, _) = drafted
    desk, text = DraftsDesk(archive), "Discussed with Dr. Heinrich Obermeier."
    with entering(ANNA):
        opened = desk._pressed(Where(run=run.id), {"act": "open", "draft": first.digest})
        assert "was taken out" not in desk.draw(opened)[3]
        told = desk._pressed(opened, {"act": "change", "sentence": opened.sentence, "text": text})
        report = desk.draw(told)[3]
    assert "was taken out" in report and "Obermeier" not in report


def test_numbers_of_the_page_are_those_of_the_documents(archive, drafted):
    run, (first, _) = drafted
    draft = run.folder.draft(first.digest)
    before = review(archive, first.digest, draft)
    rejected, *left = [s for s in before.sentences if s.claims and s.claims[0].citations]
    decide(archive, first.digest, draft, rejected.key, "reject")
    found = review(archive, first.digest, draft)
    shown = Opened(first.digest, found, ["FINDINGS"]).numbered()
    printed = {source.evidence.id: source.number for source in layout_of(edited(found), found).sources}
    assert left and printed and {key: number for key, number in shown.items() if key in printed} == printed
    assert set(rejected.claims[0].citations) <= set(shown)


def test_hostile_text_is_shown_as_text(archive, drafted):
    run, (first, second) = drafted
    draft = run.folder.draft(second.digest)
    claims = tuple(Claim(HOSTILE, "patient", "unsupported", None, (), 0.0, HOSTILE) for _ in range(2))
    hostile = replace(draft, study_id=HOSTILE, sections=(Section(HOSTILE, claims),), flags=(HOSTILE,), given=HOSTILE)
    with entering(ANNA):
        opened = Opened("d1", review_of(hostile), [HOSTILE], editing=f"{HOSTILE}/1", typed=HOSTILE)
        drawn = report_html(opened)
        listed = [replace(first, study_id=HOSTILE, external_id=None, given=HOSTILE)]
        line = DraftsDesk(archive)._line(run)
        drawn += drafts_html(replace(line, aside=[(HOSTILE, HOSTILE)]), listed, {}, "all", 0, None)
    assert "<script" not in drawn and "<img" not in drawn and "&lt;script&gt;" in drawn


def test_a_long_list_is_shown_in_pages_and_filtered(archive, drafted):
    run, (first, _) = drafted
    line = DraftsDesk(archive)._line(run)
    many = [replace(first, digest=f"d{n}", external_id=f"study {n}", flags=("x",) * (n % 2)) for n in range(PAGE + 5)]
    counts = {"d0": {"accepted": 5}, "d1": {"accepted": 1, "open": 4}}
    with entering(ANNA):
        shown = drafts_html(line, many, counts, "all", 99, None)
        assert shown.count('data-act="open"') == 5 and "Page 2 of 2" in shown
        assert drafts_html(line, many, counts, "look", 0, None).count('data-act="open"') == (PAGE + 5) // 2
        still_open = drafts_html(line, many, counts, "open", 0, None)
    assert 'data-draft="d0"' not in still_open and 'data-draft="d1"' in still_open


def test_the_list_flags_a_draft_by_its_sentences_as_they_stand(archive, tmp_path):
    list(archive.draft(["study-2"], out=tmp_path / "mended"))
    desk = DraftsDesk(archive)
    with entering(ANNA):
        (run,) = [run for run in desk.shelf.runs() if run.folder.name == "mended"]
        (drafted,) = run.folder.drafts()
        draft = run.folder.draft(drafted.digest)
        where = Where(run=run.id, draft=drafted.digest)

        def listed(show):
            return desk._list(desk._line(run), replace(where, show=show))

        before = listed("all").count("⚑")
        assert before == bool(drafted.flags)
        key = review(archive, drafted.digest, draft).sentences[0].key
        decide(archive, drafted.digest, draft, key, "change", "The aorta is torn.")
        assert "⚑" in listed("all") and drafted.digest in listed("look")
        for sentence in review(archive, drafted.digest, draft).sentences:
            decide(archive, drafted.digest, draft, sentence.key, "restore")
        assert listed("all").count("⚑") == before
    shutil.rmtree(tmp_path / "mended")


def test_a_rejected_sentence_keeps_its_evidence_beside_it(archive, drafted):
    run, (_, second) = drafted
    desk = DraftsDesk(archive)
    with entering(ANNA):
        draft = run.folder.draft(second.digest)
        opened = desk._pressed(Where(run=run.id), {"act": "open", "draft": second.digest})
        *_, last = review(archive, second.digest, draft).sentences
        assert last.key != opened.sentence and last.claims[0].citations
        after = desk._pressed(opened, {"act": "reject", "sentence": last.key})
        *_, beside, _, _, _ = desk.draw(after)
        assert after.sentence == last.key and after.evidence == last.claims[0].citations[0]
        assert "<h2>" in beside and str(Markup.escape(last.text)) in beside.partition("</h2>")[0]
        decide(archive, second.digest, draft, last.key, "restore")


def test_evidence_that_does_not_carry_a_changed_sentence_is_shown_as_that_of_the_one_before(archive, drafted):
    run, (_, second) = drafted
    desk = DraftsDesk(archive)
    with entering(ANNA):
        draft = run.folder.draft(second.digest)
        opened = desk._pressed(Where(run=run.id), {"act": "open", "draft": second.digest})
        *_, last = (s for s in review(archive, second.digest, draft).sentences if s.claims[0].citations)
        told = {"act": "change", "sentence": last.key, "text": "There is acute anterior STEMI."}
        after = desk._decide(opened, *told.values())
        _, _, _, report, beside, *_ = desk.draw(after)
        (now,) = (s for s in review(archive, second.digest, draft).sentences if s.key == last.key)
        assert (now.state, now.claims[0].citations) == ("changed", ())
        sentence = report.partition(f'data-sentence="{last.key}"')[2].partition("</p>")[0]
        assert "STEMI" in sentence and "wr-cite" not in sentence
        title = beside.partition("<h2>")[2].partition("</h2>")[0]
        assert title == f"Evidence for the sentence as it was: “{Markup.escape(last.text)}”"
        assert after.evidence == last.original.citations[0]
        decide(archive, second.digest, draft, last.key, "restore")


def test_a_sentence_is_changed_beside_its_own_evidence_and_not_what_was_looked_at_before(archive, drafted):
    run, (_, second) = drafted
    desk = DraftsDesk(archive)
    with entering(ANNA):
        draft = run.folder.draft(second.digest)
        cited = [s for s in review(archive, second.digest, draft).sentences if s.claims[0].citations]
        first = cited[0]
        last = cited[-1]
        other = next(piece.id for piece in draft.evidence if piece.id != first.claims[0].citations[0])
        opened = desk._pressed(Where(run=run.id), {"act": "open", "draft": second.digest})
        shown = {"act": "cite", "sentence": last.key, "evidence": other}
        writing = desk._pressed(desk._pressed(opened, shown), {"act": "write", "sentence": first.key})
        assert (writing.sentence, writing.evidence) == (first.key, first.claims[0].citations[0])
        assert desk._pressed(writing, {"act": "cancel"}).evidence == writing.evidence
        adding = desk._pressed(desk._pressed(opened, shown), {"act": "write", "sentence": f"+{first.section}"})
        assert adding.evidence == opened.evidence


def test_a_run_goes_on_behind_the_page_ends_when_told_to_and_goes_on_again(archive):
    path = new_run(archive.workspace, "long", ["study-0", "study-1", "study-2", "study-3"], (), {"by": "anna"})
    jobs, options = Jobs(), DraftOptions(workers=1)
    job = jobs.start(archive, path, options, ANNA)
    assert jobs.start(archive, path, options, ANNA) is job  # not twice
    _wait(lambda: job.done >= 1 or not job.is_running)
    jobs.stop(path)
    _wait(lambda: not job.is_running)
    assert not job.error
    again = jobs.start(archive, path, options, ANNA)
    _wait(lambda: not again.is_running)
    lines = (path / "drafts.jsonl").read_text().splitlines()
    assert [json.loads(line)["study_id"] for line in lines] == ["study-0", "study-1", "study-2", "study-3"]
    assert (again.done, again.total, again.error) == (4, 4, "")


def test_why_a_run_ended_is_told(archive):
    path = new_run(archive.workspace, "no template", ["study-0"], (), {})
    jobs = Jobs()
    job = jobs.start(archive, path, DraftOptions(template="nonsense"), ANNA)
    _wait(lambda: not job.is_running)
    assert "template 'nonsense': there is none of that name" in job.error
    waiting = new_run(archive.workspace, "waiting", ["study-0"], (), {})
    jobs._turn.acquire()
    late = jobs.start(archive, waiting, DraftOptions(), ANNA)
    assert late.waits and late.is_running
    jobs.stop_all(archive)
    assert not late.is_running and not (waiting / "drafts.jsonl").exists()


def _wait(until, seconds=60):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_studies_are_found_by_what_is_written_on_them_and_by_what_they_show(archive):
    listed, total = archive.studies()
    assert [study.external_id for study in listed] == [f"study-{n}" for n in range(4)] and total == 4
    assert [study.external_id for study in archive.studies("STUDY-2")[0]][:1] == ["study-2"]
    assert archive.studies(modality="ECG") == ([], 0)
    assert archive.studies(limit=2)[1] == 4 and len(archive.studies(limit=2)[0]) == 2
    found, _ = archive.studies("atelectasis of a lobe")  # stands in reports alone
    assert found and {study.modality for study in found} == {"CR"}
    assert archive.studies("%")[0] == []  # a sign, not a pattern


def test_a_chosen_study_keeps_its_line_when_something_else_is_looked_for(archive):
    desk = DraftsDesk(archive)
    with entering(ANNA):
        chosen, every, lines, _ = desk.find("study-2", "", [], {})
        (study_id,) = lines
        assert lines[study_id].startswith("study-2 · ") and every.visible
        chosen, every, lines, _told = desk.find("study-0", "", [study_id], lines)
        assert [name for name, _ in chosen.choices] == [lines[study_id], *(lines[s] for s in lines if s != study_id)]
        assert lines[study_id].startswith("study-2 · ") and len(lines) == 2 and chosen.value == [study_id]
        _, every, lines, _ = desk.find("%", "", [], lines)
        assert not lines and not every.visible


def test_preference_pairs_are_offered_once_there_can_be_one(archive, drafted):
    run, listed = drafted
    line = DraftsDesk(archive)._line(run)
    for counts, offered in (
        ({}, False),
        ({"accepted": 3}, False),
        ({"accepted": 1, "changed": 1, "open": 1}, False),
        ({"accepted": 1, "rejected": 1}, True),
        ({"accepted": 2, "added": 1}, True),
    ):
        with entering(ANNA):
            drawn = drafts_html(line, listed, {listed[0].digest: counts} if counts else {}, "all", 0, None)
        assert ("run.preferences.jsonl" in drawn) == offered, counts
        assert ("Preference pairs come once" in drawn) != offered and "run.drafts.jsonl" in drawn


def test_the_studys_own_recording_is_one_tab_and_what_is_told_of_it_is_named(archive, drafted):
    run, (first, _) = drafted
    draft = run.folder.draft(first.digest)
    whole = SignalPlace("all", 0.0, 10.0)
    pieces = [
        replace(draft.evidence[0], id=f"e{n}", kind="signal", modality="ECG", relation="own", place=whole, text=text,
                why=why, kept=True)
        for n, (text, why) in enumerate(
            [("Uploaded ECG, 10 s", "uploaded signal"), ("Rhythm: regular.", MEASURED),
             ("PR interval not measured: no P wave that precedes the QRS regularly.", NOT_MEASURED)]
        )
    ]  # fmt: skip
    with entering(ANNA):
        opened = Opened("d1", review_of(replace(draft, evidence=tuple(pieces))), ["FINDINGS"])
        drawn = beside_html(opened, lambda _: None, [])
    assert [is_picture(piece) for piece in pieces] == [True, False, False]
    names = re.findall(r"<b>\d*</b> ([^<]+)<small>", drawn)
    assert names == ["ECG", "Rhythm", "PR interval"]


def test_feedback_is_kept_only_of_what_was_shown_to_whom_and_by_whom(archive, client, drafted):
    run, (first, _) = drafted
    with entering(ANNA):
        sentences = review(archive, first.digest, run.folder.draft(first.digest)).sentences
        key = next(s.key for s in sentences if s.claims and s.claims[0].citations)
        html = opinion_html(Target(None, first.digest, key), None)
    sealed = re.search(r'data-target="([^"]+)"', html)[1]
    told = "wrong side, says Mr. Miller, 0171 1234567"
    kept = client.post("/wr/opinion", json={"target": sealed, "judgement": "harmful", "comment": told})
    assert kept.status_code == 200
    (opinion,) = [o for o in all_opinions(archive.db) if o.draft == first.digest]
    assert opinion.judgement == "harmful" and opinion.said["section"] == "FINDINGS" and opinion.said["evidence"]
    assert opinion.comment == kept.json()["comment"] == "wrong side, says Mr. [name], [phone]"
    (row,) = [row for row in feedback_rows(archive.db) if row["draft"] == first.digest]
    assert (row["run"], row["study_id"]) == (opinion.said["run"], first.study_id) and row["run"]
    assert client.post("/wr/opinion", json={"target": sealed, "judgement": "nice"}).status_code == 422
    forged = sealed.replace(first.digest, "0" * 32)
    assert client.post("/wr/opinion", json={"target": forged, "judgement": "right"}).status_code == 404
    client.who = replace(ANNA, name="bert")
    assert client.post("/wr/opinion", json={"target": sealed, "judgement": "right"}).status_code == 404
    client.who = ANNA
    assert client.post("/wr/opinion", json={"target": sealed, "judgement": None}).status_code == 200
    assert not [o for o in all_opinions(archive.db) if o.draft == first.digest]
    assert client.get("/wr/feedback.csv").status_code == 403
    client.who = replace(ANNA, roles=frozenset({"auditor"}))
    assert client.get("/wr/feedback.csv").headers["content-type"].startswith("text/csv")
    assert client.get("/wr/feedback.exe").status_code == 404


@in_chromium[0]
@in_chromium[1]
def test_drafts_are_begun_gone_through_and_exported_and_an_answer_is_judged(page, server, tmp_path):
    Pillow.fromarray(radiograph(0.25, 77)).save(tmp_path / "handed.png")
    page.goto(server.url + "/drafts")
    page.get_by_role("button", name="New drafts").click()
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#wr-dr-chosen input[type=checkbox]").nth(3).wait_for()
    page.locator("#wr-dr-chosen input[type=checkbox]").first.check()
    page.locator("#wr-dr-files input[type=file]").set_input_files(tmp_path / "handed.png")
    page.locator("#wr-dr-files", has_text="handed").wait_for()
    page.locator("#wr-dr-files").get_by_role("button", name="Upload files").wait_for()  # not Gradio's bare key
    page.fill("#wr-dr-name :is(input, textarea)", "Monday 9:00")
    shoot(page, "drafts-new")
    page.click("#wr-dr-begin")
    page.locator(".wr-dr-list .wr-dr-item").nth(1).wait_for()
    assert "Monday 9:00" in page.locator("#wr-dr-runs").inner_text()
    for _ in range(100):  # it lies with its drafts now, and soon nowhere else
        if not (left := [*server.folder.rglob("handed.png")]):
            break
        page.wait_for_timeout(100)
    assert not left
    page.locator(".wr-dr-list .wr-dr-item", has_text="handed").click()
    page.locator('.wr-view[data-kind="image"]').wait_for()  # the study's own picture, of a file that was handed over
    assert "this study" in page.locator(".wr-view .wr-relation").inner_text()
    page.locator(".wr-dr-list .wr-dr-item", has_text="study-0").click()
    page.locator(".wr-dr-report h2:focus", has_text="study-0").wait_for()  # the keyboard goes where one reads on

    page.locator(".wr-cite").first.click()
    page.locator(".wr-view .wr-relation", has_text="another patient").wait_for()
    page.locator(".wr-dr-accept").first.click()
    page.locator("[data-state=accepted]", has_text="Accepted by").wait_for()
    page.locator("[data-state=open] .wr-dr-reject").first.click()
    page.locator("[data-state=rejected]").wait_for()
    before = page.locator("[data-state=open] .wr-text").first.inner_text()
    page.locator("[data-state=open] .wr-dr-change").first.focus()
    page.keyboard.press("Enter")
    page.locator(".wr-dr-form textarea").wait_for()
    assert page.evaluate("document.activeElement.value") == before  # where one types at once
    page.keyboard.press("Control+A")
    page.keyboard.type("There is a large right pleural effusion.")
    page.keyboard.press("Control+Enter")
    changed = page.locator("[data-state=changed]")
    changed.wait_for()
    assert "not supported" in changed.inner_text() and "Changed by" in changed.inner_text()
    page.wait_for_function("document.activeElement.dataset.key?.endsWith('-change')")
    changed.locator(".wr-dr-history summary").click()
    assert before in changed.locator(".wr-dr-history del").inner_text()
    page.get_by_role("button", name="Add a sentence").last.click()
    page.locator(".wr-dr-form textarea").fill("Follow-up in two weeks.")
    page.get_by_role("button", name="Save and check").click()
    page.locator("[data-state=added]", has_text="Follow-up in two weeks.").wait_for()
    page.locator("#wr-dr-middle").evaluate("middle => middle.scrollTo(0, 0)")
    shoot(page, "drafts")

    with page.expect_download() as saved:
        page.get_by_role("link", name="DOCX").click()
    text = zipfile.ZipFile(saved.value.path()).read("word/document.xml").decode()
    assert "There is a large right pleural effusion." in text and "Follow-up in two weeks." in text
    page.locator("wr-opinion button").first.click()
    page.locator("wr-opinion").first.get_by_label("wrong").check()
    page.locator("wr-opinion textarea").fill("wrong side")
    page.get_by_role("button", name="Keep").click()
    page.locator("wr-opinion .wr-opinion-open[data-judgement=wrong]").wait_for()

    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.locator(".wr-dr-list .wr-dr-item", has_text="study-0").click()
    page.locator("[data-state=changed]", has_text="There is a large right pleural effusion.").wait_for()
    assert page.locator("wr-opinion .wr-opinion-open[data-judgement=wrong]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".wr-cite").first.click()
    page.locator(".wr-dr-back button").click()
    page.wait_for_function("document.querySelector('#wr-dr-report').contains(document.activeElement)")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Delete these drafts").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("#wr-dr-runs", has_text="There are no drafts yet.").wait_for()
    page.goto(server.url)
    page.wait_for_selector("#wr-box textarea")
    turn = ask(page, "Is there a pleural effusion?")
    turn.locator("wr-opinion button").first.click()
    turn.locator("wr-opinion").first.get_by_label("harmful").check()
    turn.get_by_role("button", name="Keep").click()
    turn.locator(".wr-opinion-open[data-judgement=harmful]").wait_for()
    shoot(page, "feedback")
