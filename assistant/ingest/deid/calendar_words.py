"""Names of months and weekdays in the languages whose dates are moved: English, German, French, Spanish, Italian,
Portuguese, Dutch."""

from __future__ import annotations

_MONTH_LISTS = """
January February March April May June July August September October November December
Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec
Januar Februar März April Mai Juni Juli August September Oktober November Dezember
Jänner Feber März April Mai Juni Juli August September Oktober November Dezember
Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez
Jan Feb Mrz Apr Mai Jun Jul Aug Sept Okt Nov Dez
Januar Februar Maerz April Mai Juni Juli August September Oktober November Dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
janv févr mars avr mai juin juil août sept oct nov déc
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
"""
MONTHS: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _MONTH_LISTS.strip().splitlines())
GERMAN_MONTHS = MONTHS[3:8]

_WEEKDAY_LISTS = """
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
Mon Tue Wed Thu Fri Sat Sun
Mon Tues Wed Thur Fri Sat Sun
Mon Tues Weds Thurs Fri Sat Sun
Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag
Montag Dienstag Mittwoch Donnerstag Freitag Sonnabend Sonntag
Mo Di Mi Do Fr Sa So
lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo
"""
WEEKDAYS: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _WEEKDAY_LISTS.strip().splitlines())


def any_of(lists: tuple[tuple[str, ...], ...]) -> str:
    """A regular expression of every word of the lists, longest first."""
    return "|".join(sorted({word for words in lists for word in words}, key=lambda word: (-len(word), word)))


def other_word(word: str, index: int, lists: tuple[tuple[str, ...], ...]) -> str:
    """The word at `index` of the list in which `word` stands, written in `word`'s case."""
    lowered = word.lower()
    for words in lists:
        at = [entry.lower() for entry in words]
        if lowered in at:
            new = words[index]
            if word.isupper():
                return new.upper()
            return new.lower() if word.islower() else new[:1].upper() + new[1:]
    raise ValueError(f"{word!r} is in no list")


def index_of(word: str, lists: tuple[tuple[str, ...], ...]) -> int:
    """The place of `word` in the list that has it, from 0."""
    lowered = word.lower()
    for words in lists:
        for index, entry in enumerate(words):
            if entry.lower() == lowered:
                return index
    raise ValueError(f"{word!r} is in no list")
