"""What a mapping file may say.

```toml
title = "…"                                  # what it is, where it comes from, on which terms, how one gets it
source = "https://…"
licence = "…"
get = "…"
known_from = "files"                         # "files" (read here), "documentation", or "hearsay" (not verified)

[[rows]]                                     # where the rows are; of several blocks those whose files exist are read
file = "**/batch_*.json"                     # a glob below the data folder, or several; an archive may be one
members = "*.xml"                            # the files inside a .tar.gz or .zip
format = "json"                              # json, jsonl, csv, tsv, parquet, xml, text, wfdb
at = "samples"                               # json: the path to the rows; "*" goes into each entry (its key: `_key`)
header = ["question", "A", "answer"]         # csv, tsv: the columns, where the file does not name them
element = "//QAPair"                         # xml: an XPath to the rows (default: the whole document)
columns = { id = "string(@pid)" }            # xml: XPaths from there; nodes give a list
annotations = true                           # wfdb: intervals from the wave marks of each lead (`marks`)
path = "groups/{group}/{name}"               # parts of the path that become columns; "{name}" takes no slash

[[join]]                                     # a side table whose rows are added where the keys are equal (the same
                                             # constant on both sides: all of its rows)
file = "qrels.tsv"
format = "tsv"
on = "{query-id}"                            # of the side table
to = "{_id}"                                 # of the row
as = "judged"                                # a list of the side's rows; without it the columns of the only one

[fields]                                     # further fields, in order; see `Rule`
label = { each = "annotations", from = "{label}", first_of = ["Unwanted", "Benign"], default = "Consistent" }

[archive]                                    # texts of the set that a suite may search (`archive = true`)
columns = { id = "{uid}", patient_id = "{uid}", text = "{findings}" } # as in a recipe; rows without text are left out
modality = "SR"

[other]                                      # `{other.x}`: a field of the next row that is apart from this one
apart = "{pmid}"

[[asked]]                                    # constants, each offered to the cases with `each = "asked"`
name = "pleural effusion"

[[case]]                                     # a case a row; several blocks give several
kind = "own"                                 # suites choose by it
when = { label = ["a", "b"], text = true }   # equal to one of; true: there; { not = [...] }; { matches = "regex" }
each = "statements"                          # a case for every entry of a list: `{each}`, its place `{nth}`, `{rest}`
[case.fields]                                # rules again, with `each` in sight
[case.make]                                  # the case itself, as in `assistant.evaluate.case`: templates
id = "{pmid}-true"
task = "check"
claim = "{ground_truth}"
context = ["{knowledge}"]
group = "{pmid}"
reference = { verdict = "supported" }
tags = { difficulty = "{difficulty}" }
[case.gold]                                  # instead of reference.gold: other rows that share a value
share = "labels"
apart = "{patient}"
id = "{filename}"
```

A template is a text with `{field}`; a path (`{snippets.0.text}`) goes into lists and objects, `{@x}` is the field whose
name stands in the field x. One that is nothing but a
field keeps its type; a list in a list is laid flat. A field that the row lacks is an error that names it, unless it is
written `{field?}`. What comes out empty is left out of the case.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from assistant.evaluate.case import Strict
from assistant.toml_file import load_toml

RowFormat = Literal["json", "jsonl", "csv", "tsv", "parquet", "xml", "text", "wfdb"]
Known = Literal["files", "documentation", "hearsay"]
Condition = bool | str | list[str] | dict[Literal["not", "matches"], str | list[str]]


class Table(Strict):
    """Files of one layout; the keys are described above."""

    file: str | tuple[str, ...]
    format: RowFormat
    members: str = "*"
    at: str = ""
    header: tuple[str, ...] = ()
    element: str = "."
    columns: dict[str, str] = Field(default_factory=dict)
    annotations: bool = False
    path: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        return (self.file,) if isinstance(self.file, str) else self.file


class Join(Table):
    on: str
    to: str
    as_list: str | None = Field(None, alias="as")
    optional: bool = False


class Rule(Strict):
    """How a field is made; the steps that are named are done in this order. Of a list each entry is done by itself.

    `from` is a template or several, of which the first that is not empty counts; with `each` it is filled for every
    entry of that list, whose own fields are then in sight (`{each}` is the entry itself). Then:
    `literal` reads a Python or JSON literal; `section` takes a section of a report ("FINDINGS|FINDING"); `sentences`
    cuts into sentences, `split` at a regular expression; `first` keeps so many characters from the beginning; `match`
    keeps what a regular expression finds (its first group, where it has one; nothing where it finds nothing), with
    `all` every place; `replace` lists pairs of a regular expression and its substitute; `lower`; `contains` turns the
    whole into "yes" or "no": whether it is found in the text, or in one of the list; `map` looks up: what is not listed
    becomes `default`, and without one is an error; `first_of` takes the first of these that is among the list;
    `unique`; `without` drops entries; `at` takes one entry; `join` makes one text; `number` makes a number.
    `pairs` makes of `each` an object, key → number, in place of `from`. `default` stands for what came out empty.
    """

    from_: str | tuple[str, ...] = Field("{each}", alias="from")
    each: str = ""
    literal: bool = False
    section: str = ""
    sentences: bool = False
    split: str = ""
    first: int = 0
    match: str = ""
    all: bool = False
    replace: tuple[tuple[str, str], ...] = ()
    lower: bool = False
    contains: str = ""
    map: dict[str, Any] = Field(default_factory=dict)
    first_of: tuple[str, ...] = ()
    unique: bool = False
    without: tuple[str, ...] = ()
    at: int | None = None
    join: str | None = None
    number: bool = False
    pairs: tuple[str, str] | None = None
    default: Any = None


class Gold(Strict):
    """Other rows that are relevant to this one: those that share a value of the field `share` (but for those in
    `ignore`) and differ in `apart`."""

    share: str
    apart: str
    id: str
    ignore: tuple[str, ...] = ()


class Apart(Strict):
    apart: str


class Archive(Strict):
    """What of each row is indexed, by the fields of a recipe's columns; what a case asks for must not be among it."""

    columns: dict[Literal["id", "patient_id", "study_id", "title", "url", "text"], str]
    modality: str = "DOC"


class CaseRule(Strict):
    kind: str = "case"
    when: dict[str, Condition] = Field(default_factory=dict)
    each: str = ""
    fields: dict[str, Rule] = Field(default_factory=dict)
    make: dict[str, Any]
    gold: Gold | None = None
    shuffle: bool = Field(False, description="mix the choices, where a set always has the right one first")


class Mapping(Strict):
    """A mapping as written; `name` is its file's."""

    name: str
    title: str
    source: str
    licence: str
    get: str
    known_from: Known
    known_note: str = ""
    rows: tuple[Table, ...] = Field(min_length=1)
    join: tuple[Join, ...] = ()
    fields: dict[str, Rule] = Field(default_factory=dict)
    archive: Archive | None = None
    other: Apart | None = None
    asked: tuple[dict[str, str], ...] = ()
    case: tuple[CaseRule, ...] = Field(min_length=1)

    @field_validator("case")
    @classmethod
    def _with_ids(cls, rules: tuple[CaseRule, ...]) -> tuple[CaseRule, ...]:
        for rule in rules:
            if "id" not in rule.make:
                raise ValueError(f"the case {rule.kind!r} makes no id")
        return rules

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rule.kind for rule in self.case))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; RecipeError names the file, the key and what is wrong with it."""
    return load_toml(path, Mapping, "no such mapping", name=path.stem)
