"""What an open archive gives to look around: a timeline, more like a record, a search within what is chosen."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import select

sys.path.append(str(Path(__file__).parent / "ui"))
from looking import build_ward

from assistant.acting import Acting
from assistant.assistant import Assistant
from assistant.errors import BadQuery, UnreadableFile, WardroundError
from assistant.store.workspace_tables import AccessRow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ward")
    build_ward(folder)
    return folder


@pytest.fixture
def assistant(home):
    return Assistant.open(home)


def keys(found):
    return [piece.external_id for piece in found]


def test_a_timeline_holds_one_patient_s_studies_and_the_log_hears_of_each(assistant):
    before = len(seen(assistant))
    found = assistant.timeline(patient="ward-7")
    assert [{r.external_id for r in study.records} for study in found.studies] == [{"third"}, {"second"}, {"first"}]
    assert [study.days_before for study in found.studies] == [0, 368, 469]
    logged = seen(assistant)[before:]
    assert [(row.action, row.patient_id) for row in logged] == [("timeline", found.patient_id)] * 3
    same = assistant.timeline(record_id=found.studies[2].records[0].record_id)
    assert same == found
    guide = assistant.search("amiodarone", indexes=["guides"]).evidence[0]
    for whose in ({"record_id": guide.record_id}, {"patient": "nobody"}):
        with pytest.raises(BadQuery, match="no timeline"):
            assistant.timeline(**whose)


def seen(assistant):
    with assistant.db.session() as session:
        return list(session.scalars(select(AccessRow).order_by(AccessRow.access_id)))


def test_whoever_may_not_see_an_index_gets_nothing_of_it(assistant):
    record = assistant.timeline(patient="ward-7").studies[0].records[0]
    page = assistant.search("amiodarone", indexes=["guides"]).evidence[0]
    assistant.act_for(lambda: Acting("ben", frozenset({"guides"})))
    assert assistant.modalities()["image"] == {} and set(assistant.modalities()["text"]) == {"DOC"}
    with pytest.raises(BadQuery, match="no timeline"):
        assistant.timeline(patient="ward-7")
    with pytest.raises(WardroundError, match="not in guides"):
        assistant.timeline(record_id=record.record_id)
    with pytest.raises(BadQuery, match="index 'ward': it is none of guides"):
        assistant.query("effusion", indexes=["ward"])
    assistant.act_for(lambda: Acting("eve", frozenset({"ward"})))
    with pytest.raises(WardroundError, match="not in ward"):
        assistant.page_drawing(page.record_id, 2)


def test_more_like_a_picture_leaves_its_own_study_out(assistant):
    picture = assistant.search("effusion", kinds=["image"]).evidence[0]
    record = assistant.record(picture.record_id)
    found = assistant.search_batch([assistant.query(like=[record], kinds=["image"])])[0].evidence
    assert found and picture.study_id not in {piece.study_id for piece in found}
    assert {piece.kind for piece in found} == {"image"}
    mixed = assistant.search_batch([assistant.query("but without effusion", like=[record])])[0]
    assert any("without" in step or "no " in step for step in mixed.route)
    with pytest.raises(BadQuery, match="nothing to search for"):
        assistant.query("")


def test_an_answer_about_chosen_studies_rests_on_no_other(assistant):
    chosen = {piece.study_id for piece in assistant.search("effusion", patient="ward-7").evidence if piece.study_id}
    answer = assistant.ask("Is there a pleural effusion?", studies=chosen)
    assert answer.claims and {piece.study_id for piece in answer.evidence} <= chosen
    nodule = assistant.ask("Is there a nodule of 12 mm?", studies=chosen)  # another has one, these clear lungs
    assert [claim.text for claim in nodule.claims] == ["One of the chosen studies states that there is no nodule."]
    assert {piece.study_id for piece in nodule.evidence} <= chosen
    assert assistant.ask("Is there a hip prosthesis?", studies=chosen).abstained


def test_a_page_is_drawn_from_the_indexed_file_and_from_an_upload(assistant, home):
    pytest.importorskip("pypdfium2", reason="draws pages: pip install 'wardround[ocr]'")
    cited = assistant.search("loading dose of amiodarone", indexes=["guides"]).evidence[0]
    drawn = assistant.page_drawing(cited.record_id, cited.place.page, (cited.place.start, cited.place.end))
    assert drawn.png.startswith(b"\x89PNG") and len(drawn.lit) == 1 and drawn.hidden == 0
    (upload,) = assistant.read_upload(home / "guides" / "guide.pdf")
    assert assistant.page_drawing(upload.record_id, 2).lit == ()
    report = assistant.search("nodule", kinds=["text"], indexes=["ward"]).evidence[0]
    with pytest.raises(UnreadableFile):
        assistant.page_drawing(report.record_id, 1)
