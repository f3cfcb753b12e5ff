"""Days as questions and letters write them."""

import pytest

from assistant.retrieve.days import Day, days_named


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on 12 March", [Day(12, 3, None)]),
        ("the 3rd of May 2021,", [Day(3, 5, 2021)]),
        ("March 12, 2024", [Day(12, 3, 2024)]),
        ("am 5.3. und 12.03.24", [Day(5, 3, None), Day(12, 3, 24)]),
        ("05/02/2024", [Day(5, 2, 2024), Day(2, 5, 2024)]),
        ("2024-03-12", [Day(12, 3, 2024)]),
        ("Potassium 3.4 4.6, 142/86 mmHg, you may 10 mg take", []),
    ],
)
def test_the_days_that_a_text_names(text, days):
    assert days_named(text) == days


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        (Day(12, 3, None), Day(12, 3, 2024), True),
        (Day(12, 3, 24), Day(12, 3, 2024), True),
        (Day(12, 3, 2023), Day(12, 3, 2024), False),
        (Day(2, 3, None), Day(12, 3, None), False),
    ],
)
def test_a_day_without_its_year_may_be_that_of_any(one, other, may_be):
    assert one.may_be(other) is other.may_be(one) is may_be
