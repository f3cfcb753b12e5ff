"""An upload's own dates: put right in what is said of it, and never half."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from assistant.ingest.deid import Deidentifier
from assistant.ingest.deid.own_dates import in_files_time, with_own_dates
from assistant.ingest.deid.text_dates import day_of, moved_date
from assistant.pseudonyms import KEY_BYTES, Pseudonyms
from assistant.records import Record
from assistant.settings import DeidSettings

LETTER = (
    "Discharge letter, 12 August 2024\nPatient: Anna Schmidt, born 4 May 1950\nAdmitted on 03.08.2024.\n"
    "Angiography (5 August): stenosis. Seen 08/07/2024. Follow-up in November 2024. Hypertension since 2015.\n"
)


KEY = Pseudonyms(bytes(range(KEY_BYTES)))  # 198 days for "one"; a drawn key may move it by as few as show nowhere


def read(text, case="one", **fields):
    deid = Deidentifier(KEY, DeidSettings()).of_case(case)
    return deid.record(Record("text", "DOC", "letter.txt", sha256="a", record_id="r1", text=text, **fields))[0]


@pytest.fixture
def record():
    return read(LETTER)


def test_the_whole_text_has_its_dates_again_and_nobodys_name(record):
    shown = record.shown_text(0, len(record.text))
    for written in ("12 August 2024", "03.08.2024", "(5 August)", "08/07/2024", "November 2024"):
        assert written in shown and written not in record.text
    assert "Schmidt" not in shown and "since 2015" in shown


def test_any_two_stretches_make_the_whole(record):
    whole = record.shown_text(0, len(record.text))
    for at in range(len(record.text) + 1):
        assert record.shown_text(0, at) + record.shown_text(at, len(record.text)) == whole


@pytest.mark.parametrize("start", [0, 40])
def test_a_place_of_what_is_shown_is_found_in_the_record(record, start):
    shown = record.shown_text(start, len(record.text))
    for word in ("Angiography", "stenosis", "Seen", "Hypertension since 2015"):
        at = shown.index(word)
        assert record.text[slice(*record.own_dates.in_record(start, (at, at + len(word))))] == word
    for first, last, own in record.own_dates.in_text:
        if first >= start:
            at = shown.index(own)
            assert record.own_dates.in_record(start, (at + 1, at + 2)) == (first, last)  # a date as a whole
            assert record.own_dates.in_record(start, (at, at + len(own))) == (first, last)


def test_a_sentence_quoted_or_put_otherwise_has_the_files_dates(record):
    (line,) = (line for line in record.text.splitlines() if line.startswith("Admitted"))
    assert with_own_dates(line, [record]) == "Admitted on 03.08.2024."
    moved = record.text[slice(*record.own_dates.in_text[0][:2])]  # of the letter itself, written out
    day = moved_date("2024-08-12", record.own_dates.shift_days)
    assert moved != "12 August 2024" and with_own_dates(f"Written on {day}.", [record]) == "Written on 2024-08-12."


def test_a_sentence_with_a_date_that_can_not_be_told_stays_as_it_is(record):
    (line,) = (line for line in record.text.splitlines() if line.startswith("Admitted"))
    assert with_own_dates(f"{line} Again on 01/02/2025.", [record]) is None  # the day or the month first
    assert with_own_dates(f"{line} Again in March 2031.", [record]) is None  # a month alone: moved by about as much
    archived = replace(record, record_id="r2", own_dates=None)
    assert with_own_dates("Seen on 3 March 2031.", [record, archived]) is None


def test_a_question_goes_into_the_files_time_and_back(record):
    asked = "What was done on 5 August 2024?"
    start, end = next((start, end) for start, end, stood in record.own_dates.in_text if stood == "5 August")
    assert in_files_time(asked, [record]) == f"What was done on {record.text[start:end]}?"  # as it stands there
    elsewhere = in_files_time("What was done on 9 August 2024?", [record])
    assert with_own_dates(elsewhere, [record]) == "What was done on 9 August 2024?"
    for written in ("2024-08-03", "3 August 2024", "August 3, 2024", "3.8.2024"):
        start, end, stood = record.own_dates.in_text[2]
        assert stood == "03.08.2024" and in_files_time(f"On {written}?", [record]) == f"On {record.text[start:end]}?"
    other = read(LETTER, case="two")
    assert in_files_time(asked, [record, other]) is None and in_files_time(asked, []) is None


@pytest.mark.parametrize("case", ["one", "two", "three", "four"])
def test_a_day_that_stands_with_and_without_its_year_is_one_day(case):
    letter = f"{LETTER}X-ray 12 March 2024: no effusion.\nLaboratory\n 5 March   12 March\nSodium 131 138\n"
    record = read(letter, case=case)
    with_year, without = (
        record.text[start:end] for start, end, stood in record.own_dates.in_text if stood.startswith("12 March")
    )
    assert day_of(with_year)[1:] == day_of(without)[1:]
    assert in_files_time("What was the sodium on 12 March?", [record]) == f"What was the sodium on {with_year}?"


@pytest.mark.parametrize("case", [f"case {n}" for n in range(8)])
def test_days_without_their_year_after_one_with_it_stay_as_far_apart_over_a_leap_day(case):
    """5 March 2024 and "6 March" were both moved to "24 May": the question for one was answered with both."""
    record = read(
        "Discharge letter\nBorn 14 May 1951\nOn 5 March 2024 she was admitted.\nOn 6 March she was operated.\n"
        "On 7 March an echocardiogram was done.\n",
        case=case,
    )
    moved = {stood: day_of(record.text[start:end]) for start, end, stood in record.own_dates.in_text}
    first = date(*moved["5 March 2024"])
    for apart, stood in ((1, "6 March"), (2, "7 March")):
        then = first + timedelta(days=apart)
        assert moved[stood] == (None, then.month, then.day)
    asked = in_files_time("What happened on 6 March?", [record])
    (line,) = [line for line in record.text.splitlines() if asked.removeprefix("What happened on ")[:-1] in line]
    assert line.endswith("she was operated.")


def test_what_an_archive_keeps_knows_no_own_dates(tmp_path):
    deid = Deidentifier(Pseudonyms.of(tmp_path), DeidSettings())
    kept, _ = deid.record(Record("text", "DOC", "letter.txt", sha256="a", text=LETTER, patient_id="P1"))
    assert kept.dates_moved and kept.own_dates is None


def test_neither_printing_nor_logging_a_record_tells_its_own_dates(record):
    assert "03.08.2024" not in repr(record)
