"""A matrix over a real index: a row a run, compared pair by pair; a model that is away leaves its row empty."""

import json

import pytest
from small_suite import CASES, Stub, build_workspace, write_suite

from assistant.errors import RecipeError
from assistant.evaluate.matrix import is_matrix, load_matrix, run_matrix
from assistant.evaluate.publish import publish_matrix, write_matrix

MATRIX = """
name = "two ways"
suites = ["tiny"]
vary = ["no-retrieval"]
metrics = ["answer_rate", "must_rate"]
[[model]]
name = "quote"
[[setting]]
name = "as it comes"
[[setting]]
name = "nothing is near enough"
[setting.settings.retrieve]
answer_chance = 1.0
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    home = build_workspace(tmp_path_factory.mktemp("workspace"))
    (home / "eval" / "two.toml").write_text(MATRIX)
    return home


@pytest.fixture(scope="module")
def result(workspace):
    return run_matrix(workspace / "eval" / "two.toml", workspace=workspace)


def test_a_row_a_run_each_compared(result):
    named = [(row.setting, row.variant) for row in result.rows]
    settings = ("as it comes", "nothing is near enough")
    assert named == [(setting, variant) for setting in settings for variant in (None, "no-retrieval")]
    first, without, strict, _ = result.rows
    rate = first.result.metrics["answer_rate"].value
    assert first.difference is None
    assert without.difference.metrics["answer_rate"].value == -rate
    assert strict.result.metrics["answer_rate"].value == 0.0
    assert strict.difference.run == first.result.run
    assert strict.difference.metrics["answer_rate"].value == -rate
    assert result.is_whole


def test_it_is_written_and_repeated_with_the_same_numbers(result, workspace):
    written = write_matrix(result, result.folder)
    assert [path.name for path in written] == ["matrix.html", "matrix.json", "matrix.md"]
    again = run_matrix(workspace / "eval" / "two.toml", workspace=workspace)
    assert again.folder == result.folder
    assert json.dumps(again.to_json()) == (json.dumps(json.loads(written[1].read_text())))
    table = written[2].read_text()
    assert "| quote · nothing is near enough · no-retrieval |" in table
    assert "`answer_rate` | `must_rate` |" in table


def test_what_is_published_holds_no_text(result, tmp_path):
    names = {path.name for path in publish_matrix(result, tmp_path)}
    assert {"matrix.md", "tiny-quote.html", "tiny-quote-nothing-is-near-enough.md"} <= names
    assert not [name for name in names if "no-retrieval" in name]  # a row of the matrix
    assert not [path for path in tmp_path.iterdir() if CASES[0]["question"] in path.read_text()]


def test_a_column_that_no_suite_reports_is_refused_before_anything_is_asked(workspace):
    path = workspace / "eval" / "columns.toml"
    path.write_text('name = "m"\nsuites = ["tiny"]\nmetrics = ["accurracy"]\n[[model]]\nname = "quote"\n')
    with pytest.raises(RecipeError, match="none of the suites reports 'accurracy'"):
        run_matrix(path, workspace=workspace, open_assistant=lambda _: Stub(workspace, fails_after=0))


def test_a_model_that_is_away_leaves_its_row_empty(workspace):
    write_suite(workspace, [CASES[0] | {"id": "never asked"}], name="away")
    path = workspace / "eval" / "away_matrix.toml"
    path.write_text('name = "away"\nsuites = ["away"]\n[[model]]\nname = "gone"\n')
    found = run_matrix(path, workspace=workspace, open_assistant=lambda _: Stub(workspace, fails_after=0))
    assert not found.is_whole
    assert "no answer from the server" in found.rows[0].reason
    assert "not run: no answer from the server" in write_matrix(found, found.folder)[0].read_text()


def test_the_models_settings_win_over_the_suites(workspace):
    write_suite(workspace, CASES, "[settings.retrieve]\nanswer_chance = 1.0\n", name="strict")
    path = workspace / "eval" / "wins.toml"
    path.write_text(
        'name = "wins"\nsuites = ["strict"]\n[[model]]\nname = "own"\n[model.settings.retrieve]\nanswer_chance = 0.19\n'
    )
    (row,) = run_matrix(path, workspace=workspace).rows
    assert row.result.metrics["answer_rate"].value > 0
    assert row.result.settings["retrieve"]["answer_chance"] == 0.19


def test_a_variant_that_touches_no_case_of_a_suite_leaves_its_row_empty(workspace):
    """Searches alone are not touched by the check; the rest of the table is made all the same."""
    searches = [{**case, "task": "search"} for case in CASES if case["reference"].get("gold")]
    write_suite(workspace, searches, name="searches")
    path = workspace / "eval" / "untouched.toml"
    path.write_text(
        'name = "untouched"\nsuites = ["searches"]\nvary = ["no-verification"]\n[[model]]\nname = "quote"\n'
    )
    found = run_matrix(path, workspace=workspace)
    plain, without = found.rows
    assert plain.result is not None and without.result is None and found.is_whole
    assert without.reason == "no case is touched by it"
    assert "no case is touched by it" in write_matrix(found, found.folder)[0].read_text()


def test_a_models_own_limit_and_the_comparison_over_the_cases_of_both(workspace):
    path = workspace / "eval" / "some.toml"
    path.write_text(
        'name = "some"\nsuites = ["tiny"]\nlimit = 3\n[[model]]\nname = "whole"\n[[model]]\nname = "part"\nlimit = 2\n'
    )
    whole, part = run_matrix(path, workspace=workspace).rows
    assert (len(whole.result.samples), len(part.result.samples)) == (3, 2)
    assert part.difference.cases == 2 and set(part.result.samples) < set(whole.result.samples)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "m"\nsuites = []\n[[model]]\nname = "a"\n', "suites"),
        ('name = "m"\nsuites = ["s"]\n[[model]]\nname = "a"\n[[model]]\nname = "a"\n', "same name"),
        ('name = "m"\nsuites = ["s"]\nmodels = 3\n[[model]]\nname = "a"\n', "models"),
    ],
)
def test_a_matrix_that_says_nothing_is_refused(tmp_path, text, said):
    (tmp_path / "m.toml").write_text(text)
    assert is_matrix(tmp_path / "m.toml")
    with pytest.raises(RecipeError, match=said):
        load_matrix(tmp_path / "m.toml")
    assert not is_matrix(tmp_path / "nothing.toml")
