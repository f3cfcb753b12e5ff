"""People's decisions on a draft: kept with what stood there before, changes checked, exported in every form."""

import io
import json
import shutil
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy import delete

from assistant.assistant import Assistant
from assistant.drafting.output import digest_of
from assistant.drafting.review import checked, concerned, decide, edited, pair_of, review, sections_of
from assistant.drafting.runs import RunFolder
from assistant.errors import WardroundError
from assistant.export import edited_pair, render
from assistant.export.layout import layout_of
from assistant.forget import forget_patient
from assistant.generate import Context, DraftTask
from assistant.records import Edit, Evidence, Section, SignalPlace, ValuePlace, counts_of, review_of
from assistant.store.edits import edited_drafts, last_actions
from assistant.store.opinions import Target, all_opinions, give
from assistant.store.workspace_tables import DraftEditRow


@pytest.fixture(scope="module")
def made(chest_workspace, tmp_path_factory):
    """A workspace with a folder of drafts by `quote`, from which each test takes a draft of its own."""
    home = tmp_path_factory.mktemp("reviews") / "workspace"
    shutil.copytree(chest_workspace, home)
    assistant = Assistant.open(home)
    list(assistant.draft(["a.png", "c.png", "e.png"], out=home / "drafts" / "night"))
    return assistant, RunFolder(home / "drafts" / "night")


@pytest.fixture
def draft(made, request):
    """A draft of two sentences about similar studies and its digest, anew for each test."""
    assistant, run = made
    drafted = run.drafts()[0]
    found = run.draft(drafted.digest)
    assert found.given == "chest X-ray" and found.template == "draft-cxr"
    digest = digest_of(request.node.name)  # decisions of one test are none of another's
    return assistant, digest, found


def test_every_decision_is_kept_with_what_stood_there(draft):
    assistant, digest, found = draft
    first, *_ = review(assistant, digest, found).sentences
    decide(assistant, digest, found, first.key, "accept")
    after = decide(assistant, digest, found, first.key, "change", "There is a  right pleural effusion.")
    decide(assistant, digest, found, first.key, "reject")
    now = next(s for s in review(assistant, digest, found).sentences if s.key == first.key)
    assert (now.state, now.claims, [edit.action for edit in now.history]) == (
        "rejected",
        (),
        ["accept", "change", "reject"],
    )
    assert now.history[1].before == (first.original,) and now.history[1].after == after == now.history[2].before
    assert after[0].text == "There is a right pleural effusion."
    with pytest.raises(WardroundError, match="restore it first"):
        decide(assistant, digest, found, first.key, "accept")
    decide(assistant, digest, found, first.key, "restore")
    now = review(assistant, digest, found).sentences[0]
    assert (now.state, now.claims, len(now.history)) == ("open", (first.original,), 4)


def test_a_sentence_changed_back_is_accepted(draft):
    assistant, digest, found = draft
    first = review(assistant, digest, found).sentences[0]
    decide(assistant, digest, found, first.key, "change", "Something else.")
    decide(assistant, digest, found, first.key, "change", first.text)
    now = review(assistant, digest, found).sentences[0]
    assert (now.state, now.claims) == ("accepted", (first.original,))


def test_a_change_is_checked_and_only_own_evidence_carries_what_is_said_of_the_patient(draft):
    assistant, _, found = draft
    (said,) = checked(assistant, found, "FINDINGS", "There is a large right pleural effusion.", ())
    assert (said.verdict, said.about) == ("unsupported", "patient")
    quoted = next(c for s in found.sections for c in s.claims if c.verdict == "supported")
    (same,) = checked(assistant, found, "FINDINGS", quoted.text, quoted.citations)
    assert (same.verdict, same.about) == ("supported", "similar")
    (alike,) = checked(assistant, found, "FINDINGS", "In the most similar study: “The lungs are clear.”", ())
    assert alike.verdict == "supported" and alike.citations  # evidence that carries it is found without being cited


@pytest.fixture(scope="module")
def of_af(made):
    """A draft whose own recording is measured: irregular, a QRS of 81 ms, no P wave; and its assistant."""
    assistant, run = made
    own = {
        "rate": (ValuePlace("heart_rate_bpm", 145, "beats/min"), "Heart rate 145 beats/min."),
        "qrs": (ValuePlace("qrs_ms", 81, "ms"), "QRS duration 81 ms, within the usual range below 120 ms."),
        "qt": (ValuePlace("qt_ms", 326, "ms"), "QT interval 326 ms."),
        "axis": (ValuePlace("axis_deg", 25, "°"), "Frontal QRS axis 25°, within the usual range −30 to 90°."),
        "rhythm": (SignalPlace("all", 0, 10), "Rhythm: irregularly irregular: consistent with atrial fibrillation."),
    }
    measured = tuple(
        Evidence(
            id, "r", "signal", "ECG", "own", text=text, place=place, score=1.0, kept=True, why="measured on the upload"
        )
        for id, (place, text) in own.items()
    )
    return assistant, replace(run.draft(run.drafts()[0].digest), evidence=measured)


def test_what_a_person_writes_stays_in_their_words_whatever_the_check_cuts_it_into(of_af):
    assistant, found = of_af
    for text in (
        "Atrial fibrillation with a ventricular rate of 145 beats/min.",
        "Sinus rhythm with normal PR interval.",
        "ST elevation in V2 to V4, consistent with acute anterior STEMI.",
        "No effusion, pneumothorax or consolidation.",
        "1. Compare with the prior",
    ):
        assert [claim.text for claim in checked(assistant, found, "FINDINGS", text, ())] == [text]
    told = checked(assistant, found, "FINDINGS", "Atrial fibrillation. QRS 81 ms.", ())
    assert [claim.text for claim in told] == ["Atrial fibrillation.", "QRS 81 ms."]
    assert [claim.verdict for claim in told] == ["supported", "supported"]


def test_the_worst_part_of_a_sentence_decides_and_is_named(of_af):
    assistant, found = of_af
    (both,) = checked(assistant, found, "FINDINGS", "Atrial fibrillation with a ventricular rate of 145 beats/min.", ())
    assert both.verdict == "supported" and set(both.citations) == {"rhythm", "rate"}
    (one,) = checked(assistant, found, "FINDINGS", "Atrial fibrillation with a ventricular rate of 85 beats/min.", ())
    assert (one.verdict, one.error_kind) == ("contradicted", "number")
    assert one.why.startswith("“A ventricular rate of 85 beats/min.”: ") and "145 beats/min" in one.why


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("QRS duration of 181 ms.", "qrs"),
        ("QT interval of 500 ms.", "qt"),
        ("The heart rate is 60.", "rate"),
        ("Axis 80 degrees.", "axis"),
        ("Sinus rhythm.", "rhythm"),
        ("Regular rhythm.", "rhythm"),
        ("The QRS complexes are wide.", "qrs"),
    ],
)
def test_what_is_measured_contradicts_what_a_person_adds(of_af, text, by):
    assistant, found = of_af
    (claim,) = checked(assistant, found, "FINDINGS", text, ())
    assert (claim.about, claim.verdict, claim.citations) == ("patient", "contradicted", (by,))
    assert claim.error_kind != "fabrication"


def test_what_only_the_person_knows_is_no_fabrication(of_af):
    assistant, found = of_af
    (claim,) = checked(assistant, found, "FINDINGS", "No prior ECG was available.", ())
    assert (claim.about, claim.verdict, claim.error_kind) == ("patient", "unsupported", None)
    assert claim.why == "nothing that this draft was made from says it"
    (claim,) = checked(assistant, found, "FINDINGS", "Infarction.", ("qrs",))
    assert (claim.verdict, claim.error_kind) == ("unsupported", None) and claim.why


def test_what_carries_nothing_of_a_changed_sentence_is_cited_no_more(of_af):
    assistant, found = of_af
    (claim,) = checked(assistant, found, "FINDINGS", "There is acute anterior STEMI.", ("qrs",))
    assert (claim.verdict, claim.citations) == ("unsupported", ())
    (claim,) = checked(assistant, found, "FINDINGS", "QRS duration of 181 ms.", ("qrs",))
    assert (claim.verdict, claim.citations) == ("contradicted", ("qrs",))  # what speaks against it stands there
    (claim,) = checked(assistant, found, "FINDINGS", "QRS duration of 81 ms.", ("qrs", "axis"))
    assert claim.verdict == "supported" and "qrs" in claim.citations


def test_added_sentences_stand_at_the_end_of_their_section_and_can_go_again(draft):
    assistant, digest, found = draft
    section = sections_of(assistant, found)[-1]
    decide(assistant, digest, found, section, "add", "Follow-up in two weeks.")
    decide(assistant, digest, found, section, "add", "No pneumothorax.")
    now = review(assistant, digest, found)
    keys = [s.key for s in now.sentences if s.section == section]
    assert keys[-2:] == [f"{section}/a1", f"{section}/a2"]
    assert now.edited().sections[-1].claims[-1].text == "No pneumothorax."
    decide(assistant, digest, found, f"{section}/a1", "reject")
    now = review(assistant, digest, found)
    assert now.counts["added"] == 1 and now.counts["rejected"] == 0
    assert "Follow-up in two weeks." not in [c.text for s in now.edited().sections for c in s.claims]
    decide(assistant, digest, found, f"{section}/a1", "restore")
    assert review(assistant, digest, found).counts["added"] == 2


def test_a_list_counts_as_the_review_does(draft):
    assistant, digest, found = draft
    sentences = review(assistant, digest, found).sentences
    section = sections_of(assistant, found)[0]
    steps = [
        (section, "add", "No pneumothorax."), (section, "add", "Clips."), (f"{section}/a1", "change", "No clips."),
        (f"{section}/a2", "reject", ""), (f"{section}/a2", "restore", ""), (f"{section}/a2", "reject", ""),
        (sentences[0].key, "reject", ""), (sentences[0].key, "restore", ""), (sentences[0].key, "accept", ""),
        (sentences[1].key, "change", "Something else."), (sentences[1].key, "reject", ""),
    ]  # fmt: skip
    for sentence, action, text in steps:
        decide(assistant, digest, found, sentence, action, text)
        counted = counts_of(len(sentences), last_actions(assistant.db, {digest})[digest])
        assert +Counter(counted) == +Counter(review(assistant, digest, found).counts), (sentence, action)


@pytest.mark.parametrize(
    ("sentence", "action", "text", "said"),
    [
        ("FINDINGS/0", "change", "  ", "the sentence is empty"),
        ("FINDINGS/0", "change", "x" * 2_001, "say it in 2000"),
        ("FINDINGS/99", "accept", "", "the draft has none of that name"),
        ("PLAN", "add", "Operate.", "the report has none of that name"),
        ("FINDINGS/0", "sign", "", "a sentence is accepted, changed"),
    ],
)
def test_what_can_not_be_decided_is_refused_and_not_kept(draft, sentence, action, text, said):
    assistant, digest, found = draft
    with pytest.raises(WardroundError, match=said):
        decide(assistant, digest, found, sentence, action, text)
    assert not review(assistant, digest, found).is_begun


def test_the_edited_report_is_exported_with_who_decided_what(draft):
    assistant, digest, found = draft
    sentences = review(assistant, digest, found).sentences
    decide(assistant, digest, found, sentences[0].key, "change", "The left lung has collapsed.")
    for sentence in sentences[1:]:
        decide(assistant, digest, found, sentence.key, "reject")
    now = review(assistant, digest, found)
    (edit,) = now.sentences[0].history
    report = edited(now)
    assert any(flag.startswith("unsupported: 1 sentence") for flag in report.flags)
    assert sentences[0].claims[0].citations and not layout_of(report, now).sources  # what it cited is no source of that
    files = render(report, (), assistant.record, ["docx", "fhir", "pdf"], now)
    told = json.loads(files["fhir"])
    assert told["status"] == "preliminary"
    claims = [
        {part["url"]: part.get("valueString") or part.get("valueCode") for part in claim["extension"]}
        for claim in told["extension"]
        if claim["url"] == "urn:wardround:fhir:claim"
    ]
    assert [(claim["text"], claim["decision"]) for claim in claims] == [
        ("The left lung has collapsed.", f"changed by {edit.by}")
    ]
    (section,) = (s.section for s in now.sentences[:1])
    assert told["conclusion"] == f"{section}: The left lung has collapsed. (unsupported; changed by {edit.by})"
    assert f"Gone through by</b>: {edit.by}, last on" in told["text"]["div"]
    word = zipfile.ZipFile(io.BytesIO(files["docx"]))
    text = word.read("word/document.xml").decode()
    assert "The left lung has collapsed." in text and "people have accepted, changed or rejected" in text
    assert "not yet read by a physician" not in text and f"changed by {edit.by}" in text
    assert "not signed by a physician" in word.read("word/footer1.xml").decode()
    assert sentences[1].text not in text
    assert files["pdf"].startswith(b"%PDF")
    properties = word.read("docProps/core.xml").decode()
    assert f"{datetime.now(UTC):%Y-}" in properties
    listed = now.to_json()
    assert listed["finished"] and listed["counts"]["changed"] == 1
    assert [d["before"][0]["text"] for d in listed["decisions"]] == [s.text for s in sentences]


def test_documents_tell_what_was_decided_from_what_was_not(draft):
    assistant, digest, found = draft
    first, second, *_ = review(assistant, digest, found).sentences
    untouched = render(found, (), assistant.record, ["docx"], review(assistant, digest, found))
    assert "not decided on" not in zipfile.ZipFile(io.BytesIO(untouched["docx"])).read("word/document.xml").decode()
    decide(assistant, digest, found, first.key, "accept")
    now = review(assistant, digest, found)
    by = now.sentences[0].history[0].by
    files = render(edited(now), (), assistant.record, ["docx", "fhir", "pdf"], now)
    lines = [paragraph.text for paragraph in Document(io.BytesIO(files["docx"])).paragraphs]
    (told,) = [line for line in lines if line.startswith(first.text)]
    assert told.endswith(f"(accepted by {by})")
    (told,) = [line for line in lines if line.startswith(second.text)]
    assert told.endswith("(not decided on)")
    pages = PdfReader(io.BytesIO(files["pdf"])).pages
    printed = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert f"(accepted by {by})" in printed and "(not decided on)" in printed
    assert "(not decided on)" in json.loads(files["fhir"])["text"]["div"]


def test_a_draft_gone_through_to_its_end_gives_a_preference_pair(draft):
    assistant, digest, found = draft
    first, *rest = review(assistant, digest, found).sentences
    decide(assistant, digest, found, first.key, "reject")
    if rest:
        assert pair_of(assistant, review(assistant, digest, found)) is None  # some are still open
    for sentence in rest:
        decide(assistant, digest, found, sentence.key, "accept")
    pair = pair_of(assistant, review(assistant, digest, found))
    assert first.text in pair["rejected"][0]["content"] and first.text not in pair["chosen"][0]["content"]
    assert "chest X-ray" in pair["prompt"][1]["content"] and pair["template"] == "draft-cxr@1"
    assert [one["text"] for one in pair["rejected_sentences"]] == [s.original.text for s in (first, *rest)]
    assert [one["citations"] for one in pair["chosen_sentences"]] == [list(s.claims[0].citations) for s in rest]
    for message in (pair["chosen"][0], pair["rejected"][0]):
        assert "[e" not in message["content"]  # evidence is cited by the label that the prompt gives it
    decide(assistant, digest, found, first.key, "restore")
    decide(assistant, digest, found, first.key, "accept")
    assert pair_of(assistant, review(assistant, digest, found)) is None  # nothing was changed


def test_a_pair_teaches_nothing_that_rests_on_evidence_which_its_prompt_does_not_show(draft):
    assistant, _, found = draft
    first = review_of(found).sentences[0]
    told = replace(first.original, text="Seen.", citations=("e1",))
    hidden = replace(first.original, text="2 of the 2 most similar studies mention effusion.", citations=("e1", "e2"))
    own = replace(first.original, text="As before.", citations=(), verdict="unsupported")
    made = replace(found, sections=(Section(first.section, (told, hidden, own)),))
    edit = Edit(f"{first.section}/2", "reject", "anna", datetime.now(UTC), (own,), ())
    seen = [
        Edit(f"{first.section}/{n}", "accept", "anna", datetime.now(UTC), (c,), (c,))
        for n, c in enumerate((told, hidden))
    ]
    pair = edited_pair(
        review_of(made, [*seen, edit]), DraftTask("chest X-ray", "draft-cxr"), Context("E1 …", {"E1": "e1"}, (), ()),
        assistant.workspace / "prompts",
    )  # fmt: skip
    assert "2 of the 2" not in pair["chosen"][0]["content"] + pair["rejected"][0]["content"]
    assert "Seen. [E1]" in pair["chosen"][0]["content"] and "As before." in pair["rejected"][0]["content"]


def test_what_people_write_goes_without_names_and_numbers(draft):
    assistant, digest, found = draft
    first = review(assistant, digest, found).sentences[0]
    (said, *_) = decide(
        assistant, digest, found, first.key, "change", "Discussed with Dr. Heinrich Obermeier, MRN 12345678."
    )
    assert "Obermeier" not in said.text and "12345678" not in said.text


def test_decisions_and_feedback_leave_with_the_patient(made, tmp_path):
    source, _ = made
    home = tmp_path / "workspace"
    shutil.copytree(source.workspace, home)
    assistant = Assistant.open(home)
    with assistant.db.session() as session, session.begin():
        session.execute(delete(DraftEditRow))
    list(assistant.draft(["a.png", "c.png"], out=home / "drafts" / "again"))
    again = RunFolder(home / "drafts" / "again")
    for drafted in again.drafts():
        found = again.draft(drafted.digest)
        sentence = review(assistant, drafted.digest, found).sentences[0]
        decide(assistant, drafted.digest, found, sentence.key, "reject")
        target = Target(None, drafted.digest, sentence.key)
        give(
            assistant.db, target, "wrong", said=sentence.claims[0].to_json(), concerns=concerned(found, sentence.claims)
        )
    elsewhere = replace(found, evidence=())  # of a folder that is gone: only what the row itself says leads there
    decide(assistant, "gone", elsewhere, sentence.key, "reject")
    kept = edited_drafts(assistant.db)
    assert len(kept) == 3
    told = forget_patient(home, "100")
    left = edited_drafts(assistant.db)
    digests = {drafted.digest for drafted in again.drafts()}
    assert left - {"gone"} == digests & kept
    assert told.draft_edits == len(kept) - len(left) > 0
    assert {opinion.draft for opinion in all_opinions(assistant.db)} == digests & kept
