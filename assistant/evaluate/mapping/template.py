"""Templates over the fields of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_FIELD = re.compile(r"\{([^{}]+)\}")


class FieldMissing(Exception):
    """A template names a field that the row lacks; the message names it and what there is."""


def render(template: Any, scope: Mapping[str, Any]) -> Any:
    """A template's value: of a text with its fields filled in, of a list or object each entry; others as they are.

    A text that is nothing but one field gives that field's own value, lists in lists are laid flat, and what is empty
    (None, "", no entries) is left out of lists and objects.
    """
    if isinstance(template, str):
        return _fill(template, scope)
    if isinstance(template, Mapping):
        made = {key: render(value, scope) for key, value in template.items()}
        return {key: value for key, value in made.items() if not is_empty(value)}
    if isinstance(template, Sequence):
        return flat(render(value, scope) for value in template)
    return template


def text(template: str, scope: Mapping[str, Any]) -> str:
    """A template's value as a text; None is empty."""
    return as_text(_fill(template, scope))


def lookup(name: str, scope: Mapping[str, Any]) -> Any:
    """The value of a field or path; one written with a "?" at its end may be missing (None). Raises FieldMissing.

    "@x" is the value of the field whose name stands in the field x.
    """
    path, optional = (name[:-1], True) if name.endswith("?") else (name, False)
    if path.startswith("@"):
        path = as_text(lookup(path[1:], scope))
    if path in scope:
        return scope[path]
    value: Any = scope
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            if optional:
                return None
            there = ", ".join(key for key in scope if key not in ("other", "each", "rest", "asked"))
            raise FieldMissing(f"no field {path!r} (there are: {there})") from None
    return value


def fields_of(template: str) -> list[str]:
    return _FIELD.findall(template)


def _fill(template: str, scope: Mapping[str, Any]) -> Any:
    whole = _FIELD.fullmatch(template)
    if whole:
        return lookup(whole[1], scope)
    return _FIELD.sub(lambda found: as_text(lookup(found[1], scope)), template).strip()


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return "\n".join(as_text(item) for item in value)
    return str(value).strip()


def flat(values: Any) -> list[Any]:
    """The entries with lists among them laid flat, empty ones left out."""
    found: list[Any] = []
    for value in values:
        found.extend(flat(value) if isinstance(value, list | tuple) else [] if is_empty(value) else [value])
    return found


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and len(value) == 0)
