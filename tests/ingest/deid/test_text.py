"""Identifiers in free text."""

from datetime import date

from assistant.ingest.deid.text import Known, Span, find, replace


def cleaned(text: str, days: int | None = 10, known: Known | None = None) -> str:
    return replace(text, find(text, known or Known()), days).text


def test_a_report_without_its_identifiers() -> None:
    text = (
        "Patient: Doe, Jane\nMRN: 12345678\nSeen by Dr. Amy Stone on 01/25/2024 at 10:32, tel. (555) 123-4567.\n"
        "93-year-old woman of 12 Oak Street, Springfield, IL 62704. jane.doe@example.org"
    )
    assert cleaned(text) == (
        "Patient: [name]\nMRN: [id]\nSeen by Dr. [name] on 02/04/2024 at 10:32, tel. [phone].\n"
        "[age over 89]-year-old woman of [address]. [email]"
    )


def test_what_the_header_knows_vanishes_in_any_way_of_writing() -> None:
    known = Known(names=("DOE^JANE",), ids=("0012-345",), places=("Oak Ward",), birth_date=date(1950, 3, 4))
    assert cleaned("jane doe, 12345, oak ward", known=known) == "[name], [id], [address]"


def test_an_offset_of_the_old_text_is_found_in_the_new() -> None:
    text = "Dr. Amy Stone saw a nodule."
    done = replace(text, (Span(4, 13, "name"),), None)
    assert done.text == "Dr. [name] saw a nodule."
    assert done.text[done.moved(text.index("nodule")) :] == "nodule."
    assert done.moved(0) == 0
    assert done.moved(8) == 4
