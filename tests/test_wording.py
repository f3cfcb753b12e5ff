"""Sentences that know their wording: filled in, joined, kept, and every field of every wording in the code is given."""

import ast
import json
import pickle
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from assistant.errors import UnreadableFile, WardroundError
from assistant.ingest.content import Content
from assistant.wording import Worded, from_json, joined, to_json, with_wordings, worded, worded_again

PACKAGE = Path(__file__).parent.parent / "assistant"
TAKE_VALUES = {"worded": 0, "refuse": 0, "set_aside": 1, "UnreadableFile": 1}


def test_a_sentence_is_a_string_that_knows_what_it_was_made_of():
    told = worded("page {number} of {name!r}", number=3, name="a.pdf")
    assert told == "page 3 of 'a.pdf'" and isinstance(told, Worded)
    assert (told.wording, told.values) == ("page {number} of {name!r}", {"number": 3, "name": "a.pdf"})
    assert worded("as it stands {here}") == "as it stands {here}"
    assert not isinstance(worded("nothing to fill in"), Worded)


def test_values_are_what_files_and_other_processes_take():
    told = worded("{count:,} of {where}, {share:.1f}", count=np.int64(1200), where=Path("a/b"), share=np.float32(0.25))
    assert told == "1,200 of a/b, 0.2" and isinstance(told, Worded)
    assert told.values == {"count": 1200, "where": "a/b", "share": 0.25}
    again = pickle.loads(pickle.dumps(told))
    assert again == told and again.wording == told.wording
    assert from_json(json.loads(json.dumps(to_json(told)))).values == told.values


def test_joined_sentences_keep_their_wordings():
    first = worded("page {number}", number=1)
    both = joined([first, "", "nothing there"])
    assert both == "page 1; nothing there" and isinstance(both, Worded)
    assert both.values == {"part1": first, "part2": "nothing there"}
    assert joined(["", first]) is first and joined([]) == ""


def test_a_document_keeps_its_wordings_beside_its_sentences():
    told = joined([worded("page {number}", number=1), "as written {x}"])
    kept = json.loads(json.dumps(with_wordings({"reason": told, "evidence": [{"why": told, "kept": True}], "n": 1})))
    assert kept["reason"] == "page 1; as written {x}" and set(kept) == {"reason", "evidence", "n", "messages"}
    again = worded_again(kept)
    assert again == {"reason": told, "evidence": [{"why": told, "kept": True}], "n": 1}
    assert again["evidence"][0]["why"].values["part1"].wording == "page {number}"
    assert with_wordings({"reason": "plain"}) == worded_again({"reason": "plain"}) == {"reason": "plain"}


def test_an_error_is_told_in_its_wording():
    error = UnreadableFile("a.dcm", "no frame {frame}: it has {frames}", frame=3, frames=2)
    assert str(error) == "a.dcm: no frame 3: it has 2" and error.reason.wording == "no frame {frame}: it has {frames}"
    assert error.told.values["reason"].values == {"frame": 3, "frames": 2}
    assert str(WardroundError("a {brace} stays")) == "a {brace} stays"


def test_where_an_object_lies_in_memory_is_nobodys_business():
    refused = Content("a.png", b"x").refuse("damaged ({error})", error=OSError("<_io.BytesIO object at 0x7f12ab> read"))
    assert refused.reason == "damaged ( read)"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_field_of_a_wording_is_given(path):
    for call in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = TAKE_VALUES.get(name, 0 if name.endswith(("Error", "Query", "Lost", "Busy", "Missing")) else None)
        if place is None or len(call.args) <= place or not call.keywords:
            continue
        wording = call.args[place]
        if isinstance(wording, ast.Constant) and isinstance(wording.value, str):
            fields = {field for _, field, _, _ in Formatter().parse(wording.value) if field is not None}
            assert fields == {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"
