"""Fields made of other fields; what each step does is said at `scheme.Rule`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.evaluate.mapping.scheme import Rule
from assistant.evaluate.mapping.template import as_text, flat, is_empty, lookup, render, text


class BadValue(Exception):
    """A value that a rule can't be applied to; the message says why."""


def with_fields(scope: dict[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The scope and the fields that the rules make, in their order.

    Raises BadValue naming the field, FieldMissing for a template of a field that is not there.
    """
    scope = dict(scope)
    for name, rule in rules.items():
        try:
            scope[name] = apply(rule, scope)
        except BadValue as error:
            raise BadValue(f"{name}: {error}") from error
    return scope


def apply(rule: Rule, scope: Mapping[str, Any]) -> Any:
    value = _pairs(rule, scope) if rule.pairs else _taken(rule, scope)
    for step in _STEPS:
        value = step(rule, value, scope)
    return rule.default if is_empty(value) else value


def _taken(rule: Rule, scope: Mapping[str, Any]) -> Any:
    sources = (rule.from_,) if isinstance(rule.from_, str) else rule.from_
    if rule.each:
        return flat(_first(sources, inner) for inner in entries(rule.each, scope))
    return _first(sources, scope)


def _first(sources: tuple[str, ...], scope: Mapping[str, Any]) -> Any:
    for source in sources:
        value = render(source, scope)
        if not is_empty(value):
            return value
    return None


def entries(name: str, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A scope for every entry of a list: the entry as `each`, its place as `nth` (from 1), the other entries as `rest`,
    and its own fields."""
    found = lookup(name, scope)
    if found is None:
        return []
    if isinstance(found, dict):
        found = [{"_key": key, **value} if isinstance(value, dict) else value for key, value in found.items()]
    if not isinstance(found, list | tuple):
        raise BadValue(f"{name} is no list: {as_text(found)[:60]!r}")
    return [
        {**scope, **(entry if isinstance(entry, dict) else {}), "each": entry, "nth": at + 1, "rest": _rest(found, at)}
        for at, entry in enumerate(found)
    ]


def _rest(found: Sequence[Any], at: int) -> list[Any]:
    return [*found[:at], *found[at + 1 :]]


def _pairs(rule: Rule, scope: Mapping[str, Any]) -> dict[str, float]:
    assert rule.pairs is not None
    key, value = rule.pairs
    return {text(key, inner): _number(text(value, inner)) for inner in entries(rule.each, scope)}


def _literal(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.literal or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise BadValue(f"no literal: {value[:60]!r}") from None


def _section(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.section:
        return value
    from assistant.ingest.text.sections import report_sections

    wanted = {name.strip().upper() for name in rule.section.split("|")}

    def section(report: str) -> str:
        parts = [report[start:end] for start, end, name, _ in report_sections(report) if name in wanted]
        return " ".join(" ".join(parts).split())

    return _on_texts(value, section)


def _sentences(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.sentences:
        return value
    from assistant.findings.sentences import sentences

    return _on_texts(value, lambda said: [part.strip() for part in sentences(said) if re.search(r"\w", part)])


def _split(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.split:
        return value
    return _on_texts(value, lambda said: [part.strip() for part in re.split(rule.split, said) if part.strip()])


def _beginning(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    return value[: rule.first] if rule.first and isinstance(value, str) else value


def _match(rule: Rule, value: Any, scope: Mapping[str, Any]) -> Any:
    if not rule.match:
        return value
    pattern = re.compile(text_pattern(rule.match, scope), re.DOTALL)

    def found(said: str) -> Any:
        places = [place[1] if pattern.groups else place[0] for place in pattern.finditer(said)]
        return [place.strip() for place in places] if rule.all else places[0].strip() if places else None

    return _on_texts(value, found)


def _replace(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    def replaced(said: str) -> str:
        for pattern, substitute in rule.replace:
            said = re.sub(pattern, substitute, said)
        return said

    return _on_texts(value, replaced) if rule.replace else value


def _lower(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    return _on_texts(value, str.lower) if rule.lower else value


def _contains(rule: Rule, value: Any, scope: Mapping[str, Any]) -> Any:
    if not rule.contains:
        return value
    pattern = re.compile(text_pattern(rule.contains, scope), re.IGNORECASE)
    said = value if isinstance(value, list) else [value]
    return "yes" if any(pattern.search(as_text(part)) for part in said) else "no"


def _map(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.map or is_empty(value):
        return value

    def looked_up(said: Any) -> Any:
        key = as_text(said)
        if key not in rule.map and rule.default is None:
            raise BadValue(f"{key!r} is not one of {', '.join(rule.map)}")
        return rule.map.get(key, rule.default)

    return flat(map(looked_up, value)) if isinstance(value, list) else looked_up(value)


def _chosen(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    """`first_of`, `unique`, `without`, `at`."""
    if rule.first_of:
        said = {as_text(part) for part in (value if isinstance(value, list) else [value])}
        value = next((name for name in rule.first_of if name in said), None)
    if rule.unique and isinstance(value, list):
        value = list(dict.fromkeys(value))
    if rule.without and isinstance(value, list):
        value = [part for part in value if as_text(part) not in rule.without]
    if rule.at is not None and isinstance(value, list | tuple):
        value = value[rule.at] if -len(value) <= rule.at < len(value) else None
    return value


def _join(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if rule.join is None or not isinstance(value, list):
        return value
    return rule.join.join(as_text(part) for part in value)


def _numbers(rule: Rule, value: Any, _: Mapping[str, Any]) -> Any:
    if not rule.number or is_empty(value):
        return value
    return [_number(as_text(part)) for part in value] if isinstance(value, list) else _number(as_text(value))


def _number(said: str) -> float:
    try:
        found = float(said)
    except ValueError:
        raise BadValue(f"no number: {said[:60]!r}") from None
    return int(found) if found.is_integer() else found


def text_pattern(pattern: str, scope: Mapping[str, Any]) -> str:
    """A regular expression in which `{field}` stands for the field's own value as a regular expression.

    Counts such as `{4}` and `{2,3}` are left as they are.
    """
    return re.sub(r"\{([A-Za-z_][^{}]*)\}", lambda found: as_text(lookup(found[1], scope)), pattern)


def _on_texts(value: Any, do: Callable[[str], Any]) -> Any:
    if is_empty(value):
        return value
    if isinstance(value, list):
        return flat(do(as_text(part)) for part in value)
    return do(as_text(value))


Step = Callable[[Rule, Any, Mapping[str, Any]], Any]
_STEPS: tuple[Step, ...] = (
    _literal, _section, _sentences, _split, _beginning, _match, _replace, _lower, _contains, _map, _chosen, _join,
    _numbers,
)  # fmt: skip
