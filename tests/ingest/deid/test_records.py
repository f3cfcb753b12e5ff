"""Records without what identifies their patient."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from assistant.ingest.content import Content
from assistant.ingest.deid import Deidentifier, Removed
from assistant.ingest.formats import read_content
from assistant.pseudonyms import MAX_SHIFT_DAYS, Pseudonyms
from assistant.records import Image, Known, Passage, Record
from assistant.settings import DeidSettings, IngestSettings

PSEUDONYMS = Pseudonyms(bytes(range(32)))
KNOWN = Known(names=("DOE^JANE",), ids=("MR00471108",), birth_date=date(1931, 2, 3))


def clean(record, **settings):
    return Deidentifier(PSEUDONYMS, DeidSettings(**settings)).record(record)


def text_record(text, *passages, **more):
    return Record(kind="text", modality="SR", uri="a", text=text, passages=passages, patient_id="MR00471108", **more)


def test_passages_keep_their_places_in_the_cleaned_text():
    text = "FINDINGS: Jane Doe has a nodule.\n\nIMPRESSION: Nodule. Call Doe, MR00471108, at once."
    cut = text.index("\n\n")
    passages = (Passage(10, cut, "FINDINGS"), Passage(cut + 14, len(text), "IMPRESSION"))
    record, removed = clean(text_record(text, *passages, known=KNOWN))
    first, second = (record.text[p.start : p.end] for p in record.passages)
    assert first.endswith("has a nodule.") and "Doe" not in first and "Jane" not in first
    assert second.startswith("Nodule. Call") and second.endswith(", at once.") and "[id]" in second
    assert [p.section for p in record.passages] == ["FINDINGS", "IMPRESSION"]
    assert removed.counts["id"] == 1 and removed.counts["name"] >= 2
    assert record.known == Known() and record.patient_id == "MR00471108", "the store makes the pseudonym"


def test_a_patients_dates_move_by_the_same_days_in_every_record():
    taken = datetime(2020, 3, 1, 9, 30)
    picture = Record(kind="image", modality="CR", uri="b", patient_id=" MR00471108 ", taken_at=taken)
    report = text_record("Compared with 2020-02-20.", taken_at=taken + timedelta(days=4))
    (one, _), (two, _) = clean(picture), clean(report)
    assert two.taken_at - one.taken_at == timedelta(days=4)
    days = (one.taken_at - taken).days
    assert -MAX_SHIFT_DAYS <= days < 0 and one.shift_days == days
    assert str(date(2020, 2, 20) + timedelta(days=days)) in two.text
    assert clean(picture, dates="keep")[0].taken_at == taken
    other = Deidentifier(Pseudonyms(bytes(32)), DeidSettings()).record(picture)[0]
    assert other.taken_at != one.taken_at, "another key moves by another number"


def test_dates_at_the_ends_of_the_calendar_are_left_out():
    record = Record(kind="image", modality="CR", uri="b", patient_id="1", taken_at=datetime(1, 1, 1))
    assert clean(record)[0].taken_at is None


def test_a_document_about_nobody_keeps_its_dates_and_a_letter_does_not():
    guideline = Record(
        kind="text", modality="DOC", uri="a", text="Published 2021-05-04.", taken_at=datetime(2021, 5, 4), study_id="s"
    )
    kept, removed = clean(guideline)
    assert kept.text == guideline.text and kept.taken_at == guideline.taken_at and kept.shift_days is None
    assert removed == Removed({})
    letter = Record(kind="text", modality="DOC", uri="a", text="DOB: 1931-02-03. Seen 2021-05-04.", study_id="s")
    moved = clean(letter)[0]
    assert "2021-05-04" not in moved.text and moved.shift_days is not None


def test_fields_and_labels_that_identify_go_and_old_ages_are_capped():
    record = Record(
        kind="image", modality="CR", uri="a", patient_id="MR00471108", known=KNOWN,
        fields={"age": 93, "sex": "F", "station_name": "ROOM7", "study_description": "Chest of Jane Doe", "width": 100},
        labels={"age": "91", "patient_name": "Jane Doe", "finding": "Effusion", "accession number": "A1"},
    )  # fmt: skip
    cleaned, removed = clean(record)
    assert cleaned.fields["age"] == "90+" and cleaned.labels["age"] == "90+"
    assert "station_name" not in cleaned.fields and set(cleaned.labels) == {"age", "finding"}
    assert "Doe" not in cleaned.fields["study_description"] and cleaned.fields["width"] == 100
    assert removed.counts["field"] == 3 and removed.counts["age"] == 2
    young = clean(Record(kind="image", modality="CR", uri="a", fields={"age": "045Y"}, labels={"age": "89"}))[0]
    assert young.fields["age"] == "045Y" and young.labels["age"] == "89"


def test_title_url_and_part_are_cleaned():
    record = text_record(
        "Clear lungs.", title="Report of Jane Doe, MR00471108", url="https://pacs.example/MR00471108", known=KNOWN,
        part="Jane Doe",
    )  # fmt: skip
    cleaned, _ = clean(record)
    assert cleaned.url is None and cleaned.title == "Report of [name], [id]"
    assert cleaned.part == PSEUDONYMS.part("Jane Doe")
    public = text_record("Clear lungs.", url="https://openi.nlm.nih.gov/detailedresult", part="text", known=KNOWN)
    assert clean(public)[0].url == public.url and clean(public)[0].part == "text"


@pytest.mark.parametrize(
    "title", ["Quillfeather MRN 80417733", "Letter Quillfeather, Marguerite", "MARGUERITE QUILLFEATHER"]
)
@pytest.mark.parametrize("body", ["Mrs. Marguerite Quillfeather was seen today.", "Mrs. Quillfeather was seen today."])
def test_a_person_named_in_a_text_vanishes_from_whatever_is_stored_beside_it(title, body):
    page = f"<html><head><title>{title}</title></head><body><p>{body} Lungs clear.</p></body></html>".encode()
    (read,) = read_content(Content("a.html", page), IngestSettings())
    assert read.title == title, "the page is read as it is"
    record = replace(
        read, fields={"comment": "Quillfeather again", "cyst": "Baker"}, labels={"note": "as Quillfeather's"},
        passages=(Passage(0, len(read.text), "About Quillfeather"),), url="https://wiki.example/quillfeather",
    )  # fmt: skip
    cleaned, _ = clean(record)
    told = (cleaned.text, cleaned.title, cleaned.fields, cleaned.labels, cleaned.passages, cleaned.url, cleaned.part)
    assert "quillfeather" not in repr(told).lower() and "80417733" not in repr(told)
    assert cleaned.fields["cyst"] == "Baker" and cleaned.passages[0].section == "About [name]"


def test_a_surname_that_is_also_an_eponym_stays_in_labels():
    record = text_record("Reported by Dr. Baker.", labels={"finding": "popliteal Baker cyst"})
    cleaned, _ = clean(record)
    assert "Baker" not in cleaned.text and cleaned.labels["finding"] == "popliteal Baker cyst"


def test_the_dates_of_a_text_that_names_somebody_move():
    text = "Report. Agatha Hollingberry. CT thorax 2024-01-02"
    named = Record(kind="text", modality="DOC", uri="a", sha256="5" * 64, text=text, taken_at=datetime(2024, 1, 2))
    cleaned, removed = clean(named)
    assert "2024-01-02" not in cleaned.text and "Hollingberry" not in cleaned.text and removed.counts["date"] == 2
    assert cleaned.taken_at == datetime(2024, 1, 2) + timedelta(days=cleaned.shift_days)
    nobody = replace(named, text="Guideline. CT thorax 2024-01-02")
    assert clean(nobody)[0] == nobody
    assert clean(named, dates="keep")[0].taken_at == named.taken_at


def test_short_ids_do_not_black_out_numbers_of_the_report():
    record = Record(kind="text", modality="SR", uri="a", patient_id="100", text="Heart rate 100, QT 400 ms.")
    assert clean(record)[0].text == record.text


def test_turned_off_everything_stays_but_what_was_known():
    record = text_record("Jane Doe, 2020-02-20.", known=KNOWN, image=None, taken_at=datetime(2020, 2, 20))
    cleaned, removed = clean(record, enabled=False)
    assert cleaned.text == record.text and cleaned.taken_at == record.taken_at and not removed.counts
    assert cleaned.known == Known()


def test_a_picture_that_states_text_says_so_where_nothing_is_masked():
    image = Image(np.full((64, 64), 30, np.uint8))
    record = Record(kind="image", modality="US", uri="a", image=image, fields={})
    assert clean(record)[0].fields["burned_in_text"] == "possible, not masked"
    assert "burned_in_text" not in clean(Record(kind="image", modality="CR", uri="a", image=image))[0].fields


def test_a_sealed_shift_opens_with_the_key_alone():
    sealed = [PSEUDONYMS.sealed(-17, f"r{n}") for n in range(200)]
    assert all(PSEUDONYMS.unsealed(seal, f"r{n}") == -17 for n, seal in enumerate(sealed))
    assert len(set(sealed)) == 200, "equal shifts look different in every record"
    other = Pseudonyms(bytes(32))
    assert sum(other.unsealed(seal, f"r{n}") is not None for n, seal in enumerate(sealed)) == 0
