"""From the rows of a set to its cases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.errors import RecipeError
from assistant.evaluate.case import Case
from assistant.evaluate.mapping.rows import Row, read_rows
from assistant.evaluate.mapping.rules import BadValue, entries, text_pattern, with_fields
from assistant.evaluate.mapping.scheme import CaseRule, Condition, Gold, Join, Mapping
from assistant.evaluate.mapping.template import FieldMissing, as_text, is_empty, lookup, render, text
from assistant.toml_file import first_fault

_TEXTS = ("id", "task", "question", "claim", "study", "index", "patient", "exclude_patient", "group", "pair")
_LISTS = ("files", "context", "choices")
_REFERENCE_LISTS = ("must", "statements", "findings", "labels")
_FAULTS = (FieldMissing, BadValue, re.error)


def map_cases(mapping: Mapping, folder: Path, kinds: Sequence[str] = ()) -> list[Case]:
    """The cases that a mapping makes of the files below a folder, of some kinds or all, in the order of the files.

    RecipeError names the set, the file, the row and the field of the first thing that does not fit.
    """
    if unknown := [kind for kind in kinds if kind not in mapping.kinds]:
        raise RecipeError(f"{mapping.name}: no cases of kind {unknown[0]!r}; there are: {', '.join(mapping.kinds)}")
    rules = [rule for rule in mapping.case if not kinds or rule.kind in kinds]
    rows = _with_all_fields(mapping, folder)
    relevant = {id(rule): _Relevant(rule.gold, rows, mapping.name) for rule in rules if rule.gold is not None}
    cases: list[Case] = []
    seen: dict[str, Row] = {}
    for row in rows:
        for rule in rules:
            with _Place(mapping.name, row, rule.kind):
                made = list(_cases(mapping, rule, row.values, relevant.get(id(rule))))
            for case in made:
                if case.id in seen:
                    first = seen[case.id]
                    raise RecipeError(
                        f"{mapping.name}: {row.file}, row {row.number}: id {case.id!r} was already used in "
                        f"{first.file}, row {first.number}"
                    )
                seen[case.id] = row
                cases.append(case)
    if not cases:
        raise RecipeError(f"{mapping.name}: no row of the files below {folder} makes a case")
    return cases


def archive_rows(mapping: Mapping, folder: Path) -> Iterator[dict[str, str]]:
    """What the mapping's archive holds, a row for each text; raises as `map_cases` does."""
    assert mapping.archive is not None
    for row in _with_all_fields(mapping, folder):
        with _Place(mapping.name, row, "archive"):
            made = {str(column): text(template, row.values) for column, template in mapping.archive.columns.items()}
        if made.get("text"):
            yield made


class _Place:
    """Turns what a rule stumbles over into an error that names the set, the file and the row."""

    def __init__(self, name: str, row: Row, kind: str) -> None:
        self._where = f"{name}: {row.file}, row {row.number}" + (f", case {kind!r}" if kind else "")

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ValidationError):
            raise RecipeError(f"{self._where}: {first_fault(error)}") from error
        if isinstance(error, _FAULTS):
            raise RecipeError(f"{self._where}: {error}") from error


def _with_all_fields(mapping: Mapping, folder: Path) -> list[Row]:
    sides = [_Side(join, folder, mapping.name) for join in mapping.join]
    rows = []
    for row in read_rows(mapping.rows, folder, mapping.name):
        with _Place(mapping.name, row, ""):
            values = dict(row.values)
            for side in sides:
                values.update(side.of(values))
            rows.append(Row(row.file, row.number, with_fields(values, mapping.fields)))
    if mapping.other is not None:
        _add_others(rows, mapping.other.apart, mapping.name)
    return rows


def _add_others(rows: list[Row], apart: str, name: str) -> None:
    """To each row as `other` the next one, the first after the last, that differs in `apart`."""
    units = [text(apart, row.values) for row in rows]
    for at, row in enumerate(rows):
        after = ((at + step) % len(rows) for step in range(1, len(rows)))
        place = next((other for other in after if units[other] != units[at]), None)
        if place is None:
            raise RecipeError(f"{name}: every row has the same {apart}: there is no other one")
        row.values["other"] = {key: value for key, value in rows[place].values.items() if key != "other"}


class _Side:
    """A side table, its rows by key."""

    def __init__(self, join: Join, folder: Path, name: str) -> None:
        self._join = join
        self._by_key: dict[str, list[dict[str, Any]]] = {}
        if join.optional and not any(folder.glob(pattern) for pattern in join.patterns):
            return
        for row in read_rows((join,), folder, name):
            with _Place(name, row, ""):
                self._by_key.setdefault(text(join.on, row.values), []).append(row.values)

    def of(self, values: dict[str, Any]) -> dict[str, Any]:
        found = self._by_key.get(text(self._join.to, values), [])
        if self._join.as_list is not None:
            return {self._join.as_list: found}
        return {key: value for key, value in (found[0] if found else {}).items() if key not in values}


class _Relevant:
    """For each value of a field the rows that have it: (id, what it must be apart from)."""

    def __init__(self, gold: Gold, rows: Sequence[Row], name: str) -> None:
        self._gold = gold
        self._of: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            with _Place(name, row, ""):
                entry = text(gold.id, row.values), text(gold.apart, row.values)
                for value in self._values(row.values):
                    self._of.setdefault(value, []).append(entry)

    def to(self, values: dict[str, Any]) -> list[str]:
        mine = text(self._gold.apart, values)
        found = (entry for value in self._values(values) for entry in self._of[value])
        return list(dict.fromkeys(name for name, apart in found if apart != mine))

    def _values(self, values: dict[str, Any]) -> list[str]:
        found = lookup(self._gold.share, values)
        said = [as_text(value) for value in (found if isinstance(found, list) else [found]) if not is_empty(value)]
        return [value for value in dict.fromkeys(said) if value not in self._gold.ignore]


def _cases(mapping: Mapping, rule: CaseRule, values: dict[str, Any], relevant: _Relevant | None) -> Iterator[Case]:
    scope = {**values, "asked": list(mapping.asked)}
    late = {name: condition for name, condition in rule.when.items() if name.split(".")[0].rstrip("?") in rule.fields}
    early = {name: condition for name, condition in rule.when.items() if name not in late}
    for inner in entries(rule.each, scope) if rule.each else [scope]:
        if not all(_holds(name, condition, inner) for name, condition in early.items()):
            continue  # before its fields are made, which a row of another sort may lack
        made = with_fields(inner, rule.fields)
        if all(_holds(name, condition, made) for name, condition in late.items()):
            case = _case(rule, made, relevant)
            yield _shuffled(case) if rule.shuffle else case


def _holds(name: str, condition: Condition, scope: dict[str, Any]) -> bool:
    value = lookup(name, scope)
    if isinstance(condition, bool):
        return condition != (is_empty(value) or value is False)
    said = {as_text(part) for part in value} if isinstance(value, list) else {as_text(value)}
    if isinstance(condition, dict):
        if "matches" in condition:
            pattern = re.compile(text_pattern(str(condition["matches"]), scope), re.IGNORECASE)
            return any(pattern.search(part) for part in said)
        return said.isdisjoint(condition["not"])
    return not said.isdisjoint([condition] if isinstance(condition, str) else condition)


def _case(rule: CaseRule, scope: dict[str, Any], relevant: _Relevant | None) -> Case:
    made: dict[str, Any] = render(rule.make, scope)
    reference = dict(made.get("reference", {}))
    if relevant is not None:
        reference["gold"] = relevant.to(scope)
    for name in _REFERENCE_LISTS:
        if name in reference:
            reference[name] = _texts(reference[name])
    if "gold" in reference and not isinstance(reference["gold"], dict):
        reference["gold"] = _texts(reference["gold"])
    for name in ("answer", "report"):
        if name in reference:
            reference[name] = as_text(reference[name])
    shown: dict[str, Any] = {name: as_text(made[name]) for name in _TEXTS if name in made}
    if isinstance(made.get("group"), str):
        shown["group"] = made["group"]  # as it stands: the halves are told by a hash of it
    shown |= {name: _texts(made[name]) for name in _LISTS if name in made}
    if "choices" in rule.make:
        shown["choices"] = _choices(rule.make["choices"], scope)
    tags = {name: as_text(value) for name, value in made.get("tags", {}).items()}
    return Case.model_validate({**made, **shown, "reference": reference, "tags": {"kind": rule.kind, **tags}})


def _texts(value: Any) -> list[str]:
    return [as_text(part) for part in (value if isinstance(value, list) else [value]) if as_text(part)]


def _choices(templates: Any, scope: dict[str, Any]) -> list[str]:
    """The choices in their places; only the last may be left empty, since the right one is named by its place."""
    made = [render(template, scope) for template in (templates if isinstance(templates, list) else [templates])]
    choices = [as_text(part) for value in made for part in (value if isinstance(value, list) else [value])]
    while choices and not choices[-1]:
        choices.pop()
    if "" in choices:
        raise BadValue(f"choice {choices.index('') + 1} is empty")
    return choices


def _shuffled(case: Case) -> Case:
    """The choices in an order that depends on the case's id alone."""
    order = sorted(
        range(len(case.choices)), key=lambda at: hashlib.sha256(f"{case.id}:{case.choices[at]}:{at}".encode()).digest()
    )
    right = case.reference.choice
    reference = case.reference.model_copy(update={"choice": None if right is None else order.index(right)})
    return case.model_copy(update={"choices": tuple(case.choices[at] for at in order), "reference": reference})
