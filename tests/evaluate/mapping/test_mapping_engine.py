"""What a mapping may say, on sets of a few lines, and what is said of files that do not fit."""

import gzip
import io
import json
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from assistant.errors import RecipeError
from assistant.evaluate.dataset import load_suite
from assistant.evaluate.mapping import (
    archive_rows,
    find_mapping,
    is_development,
    load_mapping,
    map_cases,
    mapping_names,
)

HEAD = 'title = "T"\nsource = "https://example.org"\nlicence = "L"\nget = "download it"\nknown_from = "files"\n'
CASE = '[[case]]\n[case.make]\nid = "{id}"\nquestion = "{question}"\n'


def cases(folder: Path, toml: str, files: dict[str, str], kinds=()):
    data = folder / "data"
    for name, text in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)
    (folder / "set.toml").write_text(HEAD + toml)
    return map_cases(load_mapping(folder / "set.toml"), data, kinds)


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_rows_of_json_lie_at_a_path_and_keep_their_keys(tmp_path):
    toml = '[[rows]]\nfile = "a.json"\nformat = "json"\nat = "*.*"\n' + CASE.replace("{id}", "{_keys.0}-{_key}")
    found = cases(tmp_path, toml, {"a.json": json.dumps({"med": {"1": {"question": "a?"}, "2": {"question": "b?"}}})})
    assert [(case.id, case.question) for case in found] == [("med-1", "a?"), ("med-2", "b?")]


def test_a_table_without_a_header_and_one_with_tabs(tmp_path):
    toml = (
        '[[rows]]\nfile = "*_test.csv"\nformat = "csv"\nheader = ["question", "id"]\n'
        '[[rows]]\nfile = "b.tsv"\nformat = "tsv"\n' + CASE
    )
    found = cases(tmp_path, toml, {"x_test.csv": '"a, or b?",1\n', "b.tsv": "id\tquestion\n2\tc?\n"})
    assert [(case.id, case.question) for case in found] == [("1", "a, or b?"), ("2", "c?")]


def test_rows_of_xml_in_an_archive_by_xpath(tmp_path):
    (tmp_path / "data").mkdir()
    with tarfile.open(tmp_path / "data" / "reports.tgz", "w:gz") as archive:
        for name, text in {"b.xml": "<r id='2'><t>no\n effusion</t></r>", "a.xml": "<r id='1'/>", "x.txt": "-"}.items():
            info = tarfile.TarInfo(f"all/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    toml = (
        '[[rows]]\nfile = "*.tgz"\nmembers = "*.xml"\nformat = "xml"\n'
        '[rows.columns]\nid = "string(/r/@id)"\nsaid = "//t"\n'
        '[[case]]\nwhen = { said = true }\n[case.make]\nid = "{id}"\nquestion = "{said.0}"\n'
    )
    assert [(case.id, case.question) for case in cases(tmp_path, toml, {})] == [("2", "no effusion")]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.zip"])
def test_packed_rows_are_unpacked(tmp_path, name):
    (tmp_path / "data").mkdir()
    text = lines({"id": 1, "question": "a?"}).encode()
    if name.endswith(".gz"):
        (tmp_path / "data" / name).write_bytes(gzip.compress(text))
    else:
        with zipfile.ZipFile(tmp_path / "data" / name, "w") as archive:
            archive.writestr("in/a.jsonl", text)
            archive.writestr("in/notes.txt", "no rows")
    toml = f'[[rows]]\nfile = "{name}"\nmembers = "*.jsonl"\nformat = "jsonl"\n' + CASE
    assert [case.id for case in cases(tmp_path, toml, {})] == ["1"]


def test_a_damaged_archive_is_named(tmp_path):
    toml = '[[rows]]\nfile = "a.tgz"\nformat = "jsonl"\n' + CASE
    with pytest.raises(RecipeError, match=r"set: a\.tgz: not readable as jsonl"):
        cases(tmp_path, toml, {"a.tgz": "no archive"})


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="pyarrow is installed")
def test_parquet_says_what_it_needs(tmp_path):
    toml = '[[rows]]\nfile = "a.parquet"\nformat = "parquet"\n' + CASE
    with pytest.raises(RecipeError, match=r"a\.parquet: .*pip install pyarrow"):
        cases(tmp_path, toml, {"a.parquet": "PAR1"})


def test_a_side_table_is_joined_and_becomes_grades(tmp_path):
    toml = (
        '[[rows]]\nfile = "q.jsonl"\nformat = "jsonl"\n'
        '[[join]]\nfile = "qrels.tsv"\nformat = "tsv"\non = "{q}"\nto = "{id}"\nas = "judged"\n'
        '[fields]\ngrades = { each = "judged", pairs = ["{d}", "{score}"] }\n'
        + CASE
        + 'reference = { gold = "{grades}" }\n'
    )
    files = {
        "q.jsonl": lines({"id": "1", "question": "a?"}, {"id": "2", "question": "b?"}),
        "qrels.tsv": "q\td\tscore\n1\tx\t2\n1\ty\t0\n",
    }
    first, second = cases(tmp_path, toml, files)
    assert first.reference.grades == {"x": 2.0, "y": 0.0}
    assert second.reference.grades == {}


def test_one_row_gives_a_case_for_each_entry_with_the_rest_as_context(tmp_path):
    toml = (
        '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n'
        "[fields]\nparts = { from = \"{text}\", split = '\\n' }\n"
        '[[case]]\neach = "parts"\n'
        '[case.fields]\nwrong = { from = "{nth}", contains = "^{bad}$" }\n'
        'verdict = { from = "{wrong}", map = { yes = "unsupported", no = "supported" } }\n'
        '[case.make]\nid = "{id}-{nth}"\ntask = "check"\nclaim = "{each}"\ncontext = ["{rest}"]\n'
        'reference = { verdict = "{verdict}" }\n'
    )
    found = cases(tmp_path, toml, {"a.jsonl": lines({"id": "t", "text": "A.\nB.\nC.", "bad": 2})})
    assert [(case.claim, case.context, case.reference.verdict) for case in found] == [
        ("A.", ("B.", "C."), "supported"),
        ("B.", ("A.", "C."), "unsupported"),
        ("C.", ("A.", "B."), "supported"),
    ]


def test_another_rows_fields_are_those_of_the_next_that_is_apart(tmp_path):
    toml = (
        '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n[other]\napart = "{patient}"\n'
        '[[case]]\n[case.make]\nid = "{id}"\nquestion = "{other.id}"\n'
    )
    rows = lines({"id": 1, "patient": "p"}, {"id": 2, "patient": "p"}, {"id": 3, "patient": "q"})
    assert [case.question for case in cases(tmp_path, toml, {"a.jsonl": rows})] == ["3", "3", "1"]


def test_gold_are_rows_that_share_a_value_of_other_patients(tmp_path):
    toml = (
        '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n[[case]]\n[case.make]\nid = "{id}"\ntask = "search"\n'
        'question = "like this"\n'
        '[case.gold]\nshare = "labels"\nignore = ["none"]\napart = "{patient}"\nid = "{id}.png"\n'
    )
    rows = lines(
        {"id": 1, "patient": "p", "labels": ["effusion", "none"]},
        {"id": 2, "patient": "p", "labels": ["effusion"]},
        {"id": 3, "patient": "q", "labels": ["effusion", "mass"]},
        {"id": 4, "patient": "r", "labels": ["none"]},
    )
    found = cases(tmp_path, toml, {"a.jsonl": rows})
    assert [case.reference.gold for case in found] == [("3.png",), ("3.png",), ("1.png", "2.png"), ()]


def test_shuffled_choices_keep_the_right_one(tmp_path):
    toml = (
        '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n[[case]]\nshuffle = true\n[case.make]\nid = "{id}"\n'
        'task = "choose"\nquestion = "which?"\nchoices = ["right", "a", "b", "c"]\nreference = { choice = 0 }\n'
    )
    found = cases(tmp_path, toml, {"a.jsonl": lines(*({"id": number} for number in range(40)))})
    assert all(case.choices[case.reference.choice] == "right" for case in found)
    assert {case.reference.choice for case in found} == {0, 1, 2, 3}
    assert found == cases(tmp_path, toml, {})  # the same on every reading


def test_values_are_read_mapped_and_cut(tmp_path):
    toml = (
        '[[rows]]\nfile = "**/a.jsonl"\nformat = "jsonl"\npath = "{part}/a.jsonl"\n[fields]\n'
        "codes = { from = \"{raw}\", literal = true, without = ['x'], unique = true }\n"
        'report = { from = "{text}", section = "FINDINGS" }\n'
        'said = { from = "{report}", sentences = true }\n'
        'worst = { from = "{codes}", first_of = ["c", "b"], default = "none" }\n'
        'missing = { from = ["{nothing?}", "{raw?}"], first = 2 }\n'
        'age = { from = "{years}", number = true }\n'
        '[[case]]\n[case.make]\nid = "{part}-{worst}-{missing}"\nquestion = "q"\n'
        'reference = { statements = "{said}", values = { age = "{age}" } }\n'
    )
    row = {"raw": "['b', 'x', 'c', 'b']", "text": "FINDINGS: Clear. No effusion.\nIMPRESSION: Normal.", "years": "61.5"}
    (case,) = cases(tmp_path, toml, {"test/a.jsonl": lines(row)})
    assert case.id == "test-c-['"
    assert case.reference.statements == ("Clear.", "No effusion.")
    assert case.reference.values == {"age": 61.5}


def test_what_an_archive_holds_are_rows_with_text(tmp_path):
    toml = (
        '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n[archive]\ncolumns = { id = "{id}", text = "{findings?}" }\n'
        + CASE
    )
    rows = lines({"id": 1, "question": "q", "findings": "clear"}, {"id": 2, "question": "r"})
    cases(tmp_path, toml, {"a.jsonl": rows})
    held = list(archive_rows(load_mapping(tmp_path / "set.toml"), tmp_path / "data"))
    assert held == [{"id": "1", "text": "clear"}]


ROWS = '[[rows]]\nfile = "a.jsonl"\nformat = "jsonl"\n'


@pytest.mark.parametrize(
    ("toml", "text", "said"),
    [
        (ROWS + CASE, '{"id": 1}\n', r"set: a\.jsonl, row 1, case 'case': no field 'question' \(there are: .*id\)"),
        (ROWS + CASE, '{"id": 1, "question": "q"}\nnot json\n', r"set: a\.jsonl: not readable as jsonl: line 2"),
        (
            ROWS + CASE,
            lines({"id": 1, "question": "q"}, {"id": 1, "question": "q"}),
            r"row 2: id '1' was already used in a\.jsonl, row 1",
        ),
        (
            ROWS + '[fields]\nv = { from = "{id}", map = { a = 1 } }\n' + CASE,
            '{"id": "b", "question": "q"}\n',
            r"a\.jsonl, row 1: v: 'b' is not one of a",
        ),
        (
            ROWS + '[fields]\nv = { from = "{id}", match = "(" }\n' + CASE,
            '{"id": "b", "question": "q"}\n',
            r"a\.jsonl, row 1: .*unterminated",
        ),
        (ROWS + CASE + 'task = "choose"\n', '{"id": 1, "question": "q"}\n', "row 1, .*: a case of the task choose"),
        (
            ROWS + CASE + 'task = "choose"\nchoices = ["{a?}", "b", "c"]\n',
            '{"id": 1, "question": "q"}\n',
            "choice 1 is empty",
        ),
        (ROWS + CASE + 'quesiton = "x"\n', '{"id": 1, "question": "q"}\n', "quesiton: there is no such option"),
        (ROWS + CASE.replace("[[case]]", '[[case]]\nwhen = { id = "z" }'), '{"id": 1, "question": "q"}\n', "no row"),
        ('[[rows]]\nfile = "b.csv"\nformat = "csv"\n' + CASE, "", r"set: no file b\.csv below"),
        ('[[rows]]\nfile = "a.jsonl"\nformat = "json"\nat = "x"\n' + CASE, '{"y": 1}', "there is no 'x' in the top"),
        ('[[rows]]\nfile = "a.jsonl"\nformat = "csv"\n' + CASE, "id,question\n1\n", "line 2 has 1 columns"),
        ('[[rows]]\nfile = "a.jsonl"\nformat = "xml"\n' + CASE, "<a>", "not readable as xml"),
        (
            '[[rows]]\nfile = "a.jsonl"\nformat = "wfdb"\n' + CASE,
            "<a>",
            "not readable as wfdb: no WFDB header",
        ),
    ],
)
def test_files_that_do_not_fit_are_named_with_row_and_field(tmp_path, toml, text, said):
    with pytest.raises(RecipeError, match=said):
        cases(tmp_path, toml, {"a.jsonl": text})


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (CASE, "rows: is missing"),
        (ROWS, "case: is missing"),
        (ROWS + '[[case]]\n[case.make]\nquestion = "q"\n', "the case 'case' makes no id"),
        (ROWS.replace('"jsonl"', '"yaml"') + CASE, "format"),
        (ROWS + "fields = 3\n" + CASE, "rows.1.fields: there is no such option"),
    ],
)
def test_a_mapping_that_is_wrong_names_file_and_key(tmp_path, toml, said):
    (tmp_path / "bad.toml").write_text(HEAD + toml)
    with pytest.raises(RecipeError, match=f"bad.toml: .*{said}"):
        load_mapping(tmp_path / "bad.toml")


def test_the_workspaces_own_mapping_wins(tmp_path):
    (tmp_path / "eval" / "mappings").mkdir(parents=True)
    (tmp_path / "eval" / "mappings" / "medhallu.toml").write_text(HEAD + ROWS + CASE)
    assert find_mapping("medhallu", tmp_path).title == "T"
    assert find_mapping("medhallu", tmp_path / "elsewhere").title.startswith("MedHallu")
    with pytest.raises(RecipeError, match=r"no mapping 'nothing'; there are: .*medhallu"):
        find_mapping("nothing", tmp_path)
    assert "medhallu" in mapping_names(tmp_path)


def suite(folder: Path, text: str) -> Path:
    rows = lines(*({"id": n, "question": "q", "group": f"g{n // 2}"} for n in range(40)))
    (folder / "set").mkdir()
    (folder / "set" / "a.jsonl").write_text(rows)
    (folder / "eval" / "mappings").mkdir(parents=True)
    made = ROWS + CASE + 'group = "{group}"\ntags = { parity = "{id}" }\n'
    (folder / "eval" / "mappings" / "tiny.toml").write_text(HEAD + made)
    (folder / "x.toml").write_text(f'name = "x"\nmapping = "tiny"\n{text}')
    return folder / "x.toml"


def test_a_suite_takes_a_half_and_whole_groups_of_it(tmp_path):
    path = suite(tmp_path, 'data = "set"\nhalf = "reported"\nsample = { n = 6, seed = 3 }\n')
    dataset = load_suite(path, tmp_path)
    groups = [case.group for case in dataset.cases]
    assert len(groups) == 6
    assert all(groups.count(group) == 2 and not is_development(group) for group in groups)
    assert dataset.cases == load_suite(path, tmp_path).cases
    path.write_text(path.read_text().replace("seed = 3", "seed = 4"))
    assert dataset.cases != load_suite(path, tmp_path).cases


def test_the_halves_are_a_partition(tmp_path):
    path = suite(tmp_path, 'data = "set"\n')
    every = {case.id for case in load_suite(path, tmp_path).cases}
    halves = []
    for half in ("development", "reported"):
        path.write_text(f'name = "x"\nmapping = "tiny"\ndata = "set"\nhalf = "{half}"\n')
        halves.append({case.id for case in load_suite(path, tmp_path).cases})
    assert halves[0] | halves[1] == every
    assert not halves[0] & halves[1]


def test_data_that_are_not_there_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.delenv("WARDROUND_DATA", raising=False)
    path = suite(tmp_path, 'data = "gone"\n')
    with pytest.raises(RecipeError, match=r"WARDROUND_DATA is not set.*How to get it: download it \(https://example"):
        load_suite(path, tmp_path)
    monkeypatch.setenv("WARDROUND_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(RecipeError, match=r"looked for .*elsewhere/gone\)"):
        load_suite(path, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "set").rename(tmp_path / "elsewhere" / "gone")
    assert len(load_suite(path, tmp_path).cases) == 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('cases = "x.jsonl"\ndata = "set"\n', "either cases"),
        ("", "mapping and data belong together"),
        ('data = "set"\nindex = "a"\nrecipe = "b.toml"\n', "one of index"),
        ('data = "set"\nwhere = { parity = "none" }\n', "none of 40 cases"),
        ('data = "set"\nkinds = ["other"]\n', "no cases of kind 'other'; there are: case"),
    ],
)
def test_a_suite_of_a_mapping_that_is_wrong_says_so(tmp_path, text, said):
    with pytest.raises(RecipeError, match=said):
        load_suite(suite(tmp_path, text), tmp_path)
