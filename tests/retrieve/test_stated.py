"""Whether two texts are stated to be of one patient: on pairs that were looked at, and on pairs that were not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from assistant.ingest.deid.cleaned import found_in
from assistant.ingest.deid.stated import identity_of
from assistant.pseudonyms import Pseudonyms
from assistant.records import Identity, Known, Record

PSEUDONYMS = Pseudonyms(b"k" * 32)
HERE = Path(__file__).parent


def pairs(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))["pair"]
    return found


def identity(text: str) -> Identity:
    return identity_of(Record("text", "DOC", "a.txt", text=text), found_in(text, Known()), PSEUDONYMS)


def said_of(pair: dict[str, str]) -> str:
    one, other = identity(pair["a"]), identity(pair["b"])
    assert one.apart(other) == other.apart(one)
    return "different" if one.apart(other) else "same" if one.is_same(other) else "unknown"


@pytest.mark.parametrize("pair", pairs("stated_pairs"), ids=lambda pair: pair["name"])
def test_pairs_that_were_looked_at(pair: dict[str, str]) -> None:
    assert said_of(pair) == pair["expect"]


@pytest.mark.parametrize(
    "text",
    [
        "Doctor: Any allergies?  Patient: Nope, none.",
        "Patient: 58-year-old man with chest pain. Seen by Dr. Helen Stone, born in Leeds.",
        "Emergency contact:\nName: Simon Adams",
        "Mother: Laura Finch, DOB 02/03/1994, MRN 440011",
        "Referring physician: Dr. Anna Wright. RE: chest pain",
        "Sehr geehrter Herr Kollege Wagner, die Ehefrau, Frau Helga Krause, geb. 1.2.1955, wurde informiert.",
    ],
)
def test_whom_else_a_text_names_is_not_its_patient(text: str) -> None:
    assert not identity(text).names_somebody


@pytest.mark.parametrize("pair", pairs("stated_pairs_kept"), ids=lambda pair: pair["name"])
def test_pairs_that_were_not_looked_at(pair: dict[str, str]) -> None:
    assert said_of(pair) == pair["expect"]
