"""Identifiers in free text: found, replaced, and clinical words left alone."""

from datetime import date

import pytest

from assistant.ingest.deid.text import Known, Span, find, replace


def cleaned(text: str, days: int | None = 10, known: Known | None = None) -> str:
    return replace(text, find(text, known or Known()), days).text


def test_a_report_without_its_identifiers() -> None:
    text = (
        "Patient: Doe, Jane\nMRN: 12345678\nSeen by Dr. Amy Stone on 01/25/2024 at 10:32, tel. (555) 123-4567.\n"
        "93-year-old woman of 12 Oak Street, Springfield, IL 62704. jane.doe@example.org\n"
        "Electronically signed by: John Q. Public, MD"
    )
    assert cleaned(text) == (
        "Patient: [name]\nMRN: [id]\nSeen by Dr. [name] on 02/04/2024 at 10:32, tel. [phone].\n"
        "[age over 89]-year-old woman of [address]. [email]\n"
        "Electronically signed by: [name], MD"
    )


def test_a_german_report_without_its_identifiers() -> None:
    text = (
        "Herr Müller, geb. 04.03.1950, Hauptstraße 12, 79106 Freiburg, Fallnummer 4455667, Tel.: 0761 / 270-12345.\n"
        "Kein Pleuraerguss, kein Infiltrat. Herz nicht vergrößert. gez. Prof. Dr. med. Ulrike von Hagen, 12. März 2021"
    )
    assert cleaned(text) == (
        "Herr [name], geb. 14.03.1950, [address], Fallnummer [id], Tel.: [phone].\n"
        "Kein Pleuraerguss, kein Infiltrat. Herz nicht vergrößert. gez. Prof. Dr. med. [name], 22. März 2021"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Swan-Ganz catheter in the right pulmonary artery. Kerley B lines. Port-A-Cath and Dobhoff tube in place.",
        "Chilaiditi sign, Bochdalek hernia, Hodgkin lymphoma, May-Thurner syndrome, Wolff-Parkinson-White pattern.",
        "Down syndrome. Color Doppler, Foley catheter. Austin Flint murmur, Graham Steell murmur, Marcus Gunn pupil.",
        "Grade 3/6 systolic murmur, pain 3/10, strength 5/5, T2/FLAIR, L4/5 and C5/6, BP 120/80, 2/3 of the lobe.",
        "1-2 cm nodule, 12 x 14 x 16 mm, EF 55-60%, pH 7.31, SpO2 98 %, T 104 F, series 3 image 45, 12 Fr drain.",
        "Metoprolol 25 mg, Lipitor, Lasix 40 mg and Valacyclovir. Platelets 250000 per microliter.",
        "XXXX year old with XXXX pain since ___, seen by Dr. [**Last Name (STitle) 123**] on [**2101-3-4**].",
        "Transferred to ICU, then transferred to Cardiology. Flew to Mexico. GREENFIELD FILTER. MARCUS GUNN PUPIL.",
        "Seen by Dr. [name] on [date], MRN [id].",
        "Kein Hinweis auf Pneumonie. Herzgröße normal. Beurteilung: Unauffälliger Thorax.",
        "Emphysema since 1998. QRS 92 ms, QTc (Bazett) 410 ms. The patient is 89 years old.",
    ],
)
def test_clinical_text_stays_as_it_is(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("written", "ten_days_later"),
    [
        ("01/25/2024", "02/04/2024"), ("2024-01-31", "2024-02-10"), ("on 2024-01-31T10:22:05",
        "on 2024-02-10T10:22:05"),
        ("20240131", "20240210"), ("20240131103000", "20240210103000"), ("Jan 31, 2024", "Feb 10, 2024"),
        ("3rd of March 2021", "13th of March 2021"), ("22nd December, 2019", "1st January, 2020"), ("31-Jan-2024",
        "10-Feb-2024"),
        ("Mar-2021", "Mar-2021"), ("12/2020", "12/2020"), ("01/02/03", "01/12/03"), ("31/01/24", "10/02/24"),
        ("12. März 2021", "22. März 2021"), ("25. Dez. 2020", "4. Jan. 2021"), ("1.2.2024", "11.2.2024"),
        ("vom 12.-15.03.2021", "vom 22.-25.03.2021"), ("Monday, March 2, 2020", "Thursday, March 12, 2020"),
        ("on 3/14", "on 3/24"), ("29.02.2024", "10.03.2024"), ("MARCH 3, 2021", "MARCH 13, 2021"),
        ("12 de marzo de 2021", "22 de marzo de 2021"), ("in 1998", "in 1998"),
    ],
)  # fmt: skip
def test_dates_are_moved_in_their_own_format(written: str, ten_days_later: str) -> None:
    assert cleaned(f"{written} ok") == f"{ten_days_later} ok"


def test_days_come_first_where_another_date_of_the_text_shows_it() -> None:
    assert cleaned("31/12/2023 and 05/02/2023") == "10/01/2024 and 15/02/2023"
    assert cleaned("12/31/2023 and 05/02/2023") == "01/10/2024 and 05/12/2023"


@pytest.mark.parametrize(
    ("written", "ten_days_later"),
    [
        ("Values 5 March 12 March", "Values 15 March 22 March"), ("March 5 March 12 ok", "March 15 March 22 ok"),
        ("5 March 12 March 19 March 2023.", "15 March 22 March 29 March 2023."), ("5 March 12 ok", "15 March 12 ok"),
        ("12. März 15. März 2021", "22. März 25. März 2021"), ("Mar 5, 2023 Mar 12, 2023", "Mar 15, 2023 Mar 22, 2023"),
        ("2 may 3 may ok", "2 may 3 may ok"), ("5 March 12 March 13 ok", "[date] ok"),
    ],
)  # fmt: skip
def test_days_that_stand_side_by_side_are_days_of_their_own(written: str, ten_days_later: str) -> None:
    assert cleaned(written) == ten_days_later


def test_a_day_without_its_year_is_moved_in_the_year_that_the_text_tells() -> None:
    assert cleaned("Admitted 20 February 2024. On 25 February fever.") == (
        "Admitted 1 March 2024. On 6 March fever."  # 2024 has a 29 February
    )
    assert cleaned("On 25 February fever.") == "On 7 March fever."
    assert cleaned("Admitted 28 December 2023, seen 3 January 2024. On 30 December fever.", 60) == (
        "Admitted 26 February 2024, seen 3 March 2024. On 28 February fever."
    )
    assert cleaned("Born 25 February 1951. Admitted 4 March 2024, fever since 25 February.", 4) == (
        "Born 1 March 1951. Admitted 8 March 2024, fever since 29 February."
    )
    assert cleaned("Fever on 29 February.", 1) == "Fever on 1 March."


def test_dates_that_cannot_be_moved_are_taken_out() -> None:
    assert cleaned("Seen 01/25/2024.", days=None) == "Seen [date]."
    assert cleaned("12.-25.03.2021 on leave") == "[date] on leave"  # the second day would lie in the next month
    assert cleaned("Seen 01/25/2024.", days=10**7) == "Seen [date]."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NHS number 943 476 5919", "id"), ("Please see 943 476 5919", "id"), ("SSN 219-09-9999", "id"),
        ("IBAN DE89 3704 0044 0532 0130 00", "id"), ("Study 1.2.840.113619.2.55.3.604688.433", "id"),
        ("Accession #: CR-24-0031001", "id"), ("Pat.-Nr.: 778812", "id"), ("Versichertennummer A123456780", "id"),
        ("Fax: 0761/270-9999", "fax"), ("faxed to (555) 123-4567", "fax"), ("call +44 20 7946 0958", "phone"),
        ("pager 4471", "phone"), ("see https://pacs.example.org/a?b=1.", "url"), ("from 10.2.3.4", "ip"),
        ("at fe80::1:2", "ip"),
        ("10 Downing Street, London SW1A 2AA", "address"), ("P.O. Box 123", "address"), ("lives in Springfield",
        "address"),
        ("seen at Mercy General Hospital", "institution"), ("aged 101", "age"), ("92 y/o", "age"), ("94-jährige",
        "age"),
    ],
)  # fmt: skip
def test_each_kind_is_named(text: str, kind: str) -> None:
    assert [span.kind for span in find(text)] == [kind]


@pytest.mark.parametrize(
    "name",
    [
        "Discussed with <Priyanka Iyer> by phone.", "<Thomas Young> presented with cough.", "Patient: <SMITH, JOHN A>",
        "pt name: <john smith>", "<Amy Stone>, MD", "Dr. <Hodgkin> was paged.",
        "Referring physician: <Pieter de Vries>",
        "PN <DOE^JANE^^^MD>", "Mr. <O'Brien> has pain.", "DICTATED BY: <AMY STONE>", "His wife <Susan> called.",
        "<SUSAN CLARK> CALLED", "spoke to <susan clark> yesterday", "Seen with <Ranjit Singh Dhaliwal> today.",
        "Frau <Schäfer-Lindqvist> wurde untersucht.",
    ],
)  # fmt: skip
def test_names_are_found_whole(name: str) -> None:
    start, end = name.index("<"), name.index(">") - 1
    text = name.replace("<", "").replace(">", "")
    assert find(text) == (Span(start, end, "name"),)


def test_what_the_header_knows_vanishes_in_any_way_of_writing() -> None:
    known = Known(names=("DOE^JANE",), ids=("0012-345",), places=("Oak Ward",), birth_date=date(1950, 3, 4))
    assert cleaned("jane doe, 12345, oak ward", known=known) == "[name], [id], [address]"
    assert cleaned("Doe's cough; 4.3.50; 04031950; JNAE", None, Known(("Doe^Jane",), birth_date=date(1950, 3, 4))) == (
        "[name]'s cough; [date]; [date]; JNAE"  # a slip is looked for in names of six letters or more
    )
    assert cleaned("Johnathan came.", known=Known(names=("SMITH^JONATHAN",))) == "[name] came."


def test_a_birth_that_tells_an_age_over_89_is_taken_out() -> None:
    assert cleaned("DOB 07/14/1931, seen 11/03/2023.") == "DOB [date], seen 11/13/2023."
    assert cleaned("DOB 07/14/1951, seen 11/03/2023.") == "DOB 07/24/1951, seen 11/13/2023."


def test_letterhead_and_initials() -> None:
    text = "ST. ELSEWHERE MEDICAL CENTER\nNo pneumothorax.\nTechnologist: KLM\nDictated by: JS/ab"
    assert cleaned(text) == "[institution]\nNo pneumothorax.\nTechnologist: [name]\nDictated by: [name]"


def test_a_known_name_that_is_a_word_spares_the_word() -> None:
    known = Known(names=("WHITE^AMY",))
    assert cleaned("White matter is normal; white count 5. Ms. White, and Amy White.", known=known) == (
        "White matter is normal; white count 5. Ms. [name], and [name]."
    )


def test_an_offset_of_the_old_text_is_found_in_the_new() -> None:
    text = "Dr. Amy Stone saw a nodule."
    done = replace(text, (Span(4, 13, "name"),), None)
    assert done.text == "Dr. [name] saw a nodule."
    assert done.text[done.moved(text.index("nodule")) :] == "nodule."
    assert done.moved(0) == 0
    assert done.moved(8) == 4


def test_a_second_run_finds_nothing_more() -> None:
    text = "Patient: Doe, Jane, MRN 12345678, tel. 555-123-4567, by Dr. Amy Stone, 1 May 2020, Mercy General Hospital"
    once = replace(text, find(text), None).text
    assert find(once) == ()


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "piece",
    ["1", "a.", "12-", "1/", "A ", "Mr. A", "Smith, ", "1 Jan ", "a@", "1:", "X", "^A", "de la ", "MRN ", "(0 ", "\n"],
)
def test_hostile_repetition_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    assert all(0 <= span.start < span.end <= len(text) for span in find(text))


@pytest.mark.parametrize("code", ["SNOMED CT 312468003", "SNOMED CT 9434765919", "RxNorm 1049502", "LOINC 2823-3"])
def test_codes_of_terminologies_are_no_ids_unless_the_header_knows_them(code):
    assert find(f"Potassium ({code}) is high.") == ()
    number = code.rpartition(" ")[2]
    known = find(f"Potassium ({code}) is high.", Known(ids=(number,)))
    assert [span.kind for span in known] == ["id"]
    if number.isdigit():
        assert find(f"Potassium, patient {number}.") != ()
