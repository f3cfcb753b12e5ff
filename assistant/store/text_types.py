"""Text as every database takes it: PostgreSQL refuses NUL, and no database half of a surrogate pair."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, Dialect, String, TypeDecorator
from sqlalchemy.types import TypeEngine

from assistant.wording import Worded, from_json, to_json

_WORDED = '{"wording": '  # as `to_json` begins


def storable(text: str) -> str:
    """The text with a space for each NUL and "?" for each lone surrogate, so that its offsets stay what they are."""
    text = text.replace("\0", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


def storable_json(value: Any) -> Any:
    """A JSON value with every text in it made storable."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(key)): storable_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable_json(inner) for inner in value]
        case _:
            return value


class Text(TypeDecorator[str]):
    """Text, compared byte by byte: as SQLite does, and whatever collation a PostgreSQL database was made with."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Sentence(TypeDecorator[str]):
    """A sentence with its wording (`assistant/wording.py`), where it has one."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return json.dumps(to_json(value)) if isinstance(value, Worded) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return from_json(json.loads(value)) if value and value.startswith(_WORDED) else value


class SentencePairs(TypeDecorator[Any]):
    """A list of pairs of sentences with their wordings."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return value and [[to_json(text) for text in pair] for pair in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return value and [[from_json(text) for text in pair] for pair in value]


class Json(TypeDecorator[Any]):
    """A JSON value."""

    impl = JSON
    cache_ok = True
    should_evaluate_none = True  # None is JSON's null, not a missing value

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return storable_json(value)
