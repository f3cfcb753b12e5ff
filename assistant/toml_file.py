"""TOML files that people write: read, checked against a model, and what is wrong told with the file and the key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import RecipeError, WardroundError

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path, absent: str, error: type[WardroundError] = RecipeError) -> dict[str, Any]:
    """The tables of a file. Raises `error` naming the file: `absent` where there is none ("no such suite")."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error("{path}: {absent}", path=path, absent=absent) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise error("{path}: not valid TOML: {fault}", path=path, fault=fault) from fault
    except IsADirectoryError:
        raise error("{path}: a folder, not a TOML file", path=path) from None
    except OSError as fault:
        raise error("{path}: can't be read: {fault}", path=path, fault=fault.strerror) from None


def load_toml(path: Path, model: type[M], absent: str, **more: Any) -> M:
    """A file as its model, with `more` fields beside those written. Raises RecipeError naming the file and the key."""
    return checked(path, model, {**read_toml(path, absent), **more})


def checked(path: Path, model: type[M], values: dict[str, Any]) -> M:
    """What was read of a file as its model. Raises RecipeError naming the file and the key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RecipeError("{path}: {fault}", path=path, fault=first_fault(error)) from error


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, with its key: "source.1.colour: there is no such option". Entries count from 1."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
    plain = {"extra_forbidden": "there is no such option", "missing": "is missing"}
    message = plain.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{place}: {message}" if place else message
