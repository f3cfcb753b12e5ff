"""Numbers and dates as the visitor's language writes them: 1,204 and 1.204, 3 May 2019 and 3. Mai 2019.

Only the page's own figures: what evidence quotes stays as it was written.
"""

from __future__ import annotations

from datetime import date, datetime

from assistant.ui.language import say


def number(value: float, digits: int = 0, *, signed: bool = False) -> str:
    """A number with so many decimals; a true minus sign, and with `signed` a plus before what is positive."""
    plain = f"{value:{'+' if signed else ''},.{digits}f}"
    swapped = {",": say("figures.thousands"), ".": say("figures.decimal"), "-": "−"}
    return "".join(swapped.get(letter, letter) for letter in plain)


def percent(share: float, digits: int = 0) -> str:
    """A share in [0, 1] as a percentage."""
    return say("figures.percent", value=number(100 * share, digits))


def day(when: date) -> str:
    """A date, the month by its name: no reader takes the day for the month."""
    month = say("figures.months").split()[when.month - 1]
    return say("figures.day", day=when.day, month=month, year=when.year)


def moment(when: datetime) -> str:
    """Date and time to the minute."""
    return say("figures.moment", day=day(when), time=f"{when:%H:%M}")
