"""Variants and the cache: what each ablation takes away, what is asked again and what is not, finished runs."""

import json
from dataclasses import replace

import pytest
from small_suite import CASES, REPORTS, Stub, build_workspace, write_suite

from assistant.errors import RecipeError
from assistant.evaluate import run_suite
from assistant.evaluate.finished import find_run, read_run
from assistant.evaluate.log import Sample, read_log
from assistant.evaluate.publish import publish
from assistant.evaluate.run import some_of
from assistant.evaluate.variants import find_variant, variants
from assistant.evaluate.variants.ablation import as_checked, as_written, own_knowledge_told
from assistant.records import Answer, Claim, Draft, Section


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return build_workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def varied(workspace):
    return run_suite(
        "tiny", workspace=workspace, vary=["no-retrieval", "no-selection", "no-verification", "text-only", "quote"]
    )


def of(result, name):
    return next(varied for varied in result.varied if varied.variant.name == name)


def test_without_retrieval_nothing_is_answered_by_quote(varied):
    without = of(varied, "no-retrieval")
    assert without.result.metrics["abstention_rate"].value == 1.0
    assert without.comparison.metrics["answer_rate"].value == -varied.metrics["answer_rate"].value < 0
    assert all(not sample.answer.evidence for sample in without.result.samples.values())
    was_answered = {name for name, sample in varied.samples.items() if not sample.answer.abstained}
    told = {(d.case, c.before, c.after) for d in without.comparison.diffs for c in d.changes if c.kind == "answered"}
    assert told == {(name, "answered", "not answered") for name in was_answered}


def test_without_selection_everything_ranked_is_handed_on(varied):
    kept = {
        name: sum(piece.kept for piece in sample.answer.evidence)
        for name, sample in of(varied, "no-selection").result.samples.items()
    }
    assert kept["fibrillation"] > sum(p.kept for p in varied.samples["fibrillation"].answer.evidence)
    found = of(varied, "no-selection").result.samples
    assert all(number == len(found[name].answer.evidence) for name, number in kept.items())


def test_without_verification_nothing_is_asked_again_and_nothing_judged_is_compared(varied):
    without = of(varied, "no-verification")
    own = {name: sample.key for name, sample in varied.samples.items()}
    assert {name: sample.key for name, sample in without.result.samples.items()} == own
    assert "hallucination_rate" not in without.result.metrics
    assert "citation_precision" not in without.comparison.metrics
    assert without.comparison.metrics["must_rate"].value == 0.0  # quotations are as right unchecked as checked
    assert "seconds" not in without.comparison.metrics, "nothing was timed"
    assert "seconds" in of(varied, "no-retrieval").comparison.metrics


def test_the_json_has_each_variant_and_its_difference(varied):
    found = json.loads((varied.folder / "scorecard.json").read_text())["variants"]["no-retrieval"]
    assert found["difference"]["answer_rate"]["value"] == -varied.metrics["answer_rate"].value
    assert found["metrics"]["answer_rate"]["value"] == 0.0
    assert "With one thing changed" in (varied.folder / "scorecard.html").read_text()


CLAIMS = (
    Claim("Effusion on the left.", "general", "supported", None, ("a",), 0.9, "", ("a", "E9")),
    Claim("Effusion on the right.", "general", "unsupported", "laterality", ("b",), 0.1, "", ("b",)),
)


def sample_with(claims, **options):
    answer = Answer("q", claims, (), False, "", "model", None)
    return Sample("case", answer=replace(answer, **options))


def test_read_unchecked_every_sentence_stands_with_its_citations_as_written():
    read = as_written(sample_with(CLAIMS, abstained=True, reason="Only 1 of the 2 sentences is supported.")).answer
    assert not read.abstained
    assert {claim.verdict for claim in read.claims} == {"supported"}
    assert [claim.citations for claim in read.claims] == [("a", "E9"), ("b",)]


def test_read_checked_only_supported_sentences_are_left_with_what_carries_them():
    (claim,) = as_checked(sample_with(CLAIMS)).answer.claims
    assert (claim.text, claim.written) == ("Effusion on the left.", ("a",))
    assert as_checked(sample_with(CLAIMS[1:])).answer.abstained


def test_drafts_are_read_as_answers_are():
    draft = Draft("s", (Section("Findings", CLAIMS), Section("Impression", CLAIMS[1:])), (), (), "model", None)
    sample = Sample("case", draft=draft)
    assert [len(section.claims) for section in as_checked(sample).draft.sections] == [1, 0]
    told = [claim for section in as_written(sample).draft.sections for claim in section.claims]
    assert [claim.citations for claim in told] == [("a", "E9"), ("b",), ("b",)]


def test_a_models_own_knowledge_is_read_as_an_answer_without_support():
    read = own_knowledge_told(sample_with((), abstained=True, reason="r", own_knowledge=("Rest.", "Sleep."))).answer
    assert [(claim.text, claim.verdict, claim.citations) for claim in read.claims] == [
        ("Rest.", "unsupported", ()), ("Sleep.", "unsupported", ()),
    ]  # fmt: skip
    nothing = sample_with((), abstained=True, reason="r")
    assert own_knowledge_told(nothing) == nothing


def test_an_unknown_variant_and_one_that_touches_no_case_are_refused(workspace):
    with pytest.raises(RecipeError, match="there are no-retrieval"):
        run_suite("tiny", workspace=workspace, vary=["no-model"])
    only_checks = [{"id": "c", "task": "check", "claim": "No effusion.", "context": ["No effusion is seen."]}]
    suite = write_suite(workspace, only_checks, name="checks")
    with pytest.raises(RecipeError, match="no case of checks is touched"):
        run_suite(suite, workspace=workspace, vary=["no-retrieval"])
    assert all(variant.words.endswith(".") for variant in variants().values())
    assert find_variant("text-only").takes(run_suite("tiny", workspace=workspace).dataset.cases[0])


def test_a_changed_reference_is_scored_anew_without_asking(workspace, varied):
    changed = [CASES[0] | {"reference": {"answerable": True, "gold": ["r4"], "must": ["43"]}}, *CASES[1:]]
    counting = Stub(workspace)
    suite = write_suite(workspace, changed, name="references")
    (workspace / "eval" / "references.toml").write_text(
        suite.read_text().replace('name = "references"', 'name = "tiny"')
    )
    result = run_suite(suite, workspace=workspace, open_assistant=lambda _: counting)
    assert counting.asked == 0
    assert result.run != varied.run
    assert (varied.metrics["must_rate"].value, result.metrics["must_rate"].value) == (1.0, 0.0)


def test_a_changed_question_alone_is_asked_again(workspace, varied):
    changed = [CASES[0], CASES[1] | {"question": "Is there fluid in the pleural space?"}, CASES[2]]
    counting = Stub(workspace)
    run_suite(write_suite(workspace, changed, name="questions"), workspace=workspace, open_assistant=lambda _: counting)
    assert counting.asked == 1


def test_a_share_of_the_cases_is_always_the_same_and_grows(varied):
    many = varied.dataset.model_copy(
        update={"cases": tuple(varied.dataset.cases[0].model_copy(update={"id": f"c{n}"}) for n in range(50))}
    )
    ten, twenty = ({case.id for case in some_of(many, limit).cases} for limit in (10, 20))
    assert len(ten) == 10
    assert ten < twenty
    assert ten != {f"c{n}" for n in range(10)}
    with pytest.raises(RecipeError, match="at least one case"):
        some_of(many, 0)


def test_a_finished_run_is_read_back_and_compared_without_asking(workspace, varied):
    again = read_run(varied.run, workspace)
    assert {n: i.to_json() for n, i in again.metrics.items()} == {n: i.to_json() for n, i in varied.metrics.items()}
    other = of(varied, "no-retrieval").result.run
    compared = read_run(varied.run, workspace, other).comparison
    assert compared.metrics["answer_rate"].value == varied.metrics["answer_rate"].value
    assert compared.cases == 3
    assert find_run(other[:16], workspace).run == other
    with pytest.raises(RecipeError, match="several begin so"):
        find_run("tiny", workspace)


def test_a_run_of_an_older_version_says_so(workspace, varied, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text('{"cases": {}}')
    with pytest.raises(RecipeError, match="older version"):
        read_run(str(tmp_path / "old"), workspace)


def test_the_log_names_what_shaped_each_case(varied):
    keys = json.loads((varied.folder / "run.json").read_text())["keys"]
    assert {name: sample.key for name, sample in read_log(varied.folder).items()} == keys


def test_what_is_published_holds_no_text_of_the_cases(varied, tmp_path):
    compared = replace(varied, comparison=of(varied, "no-retrieval").comparison)
    written = publish(compared, tmp_path / "out")
    assert {path.name for path in written} >= {"tiny.html", "tiny.json", "tiny.md", "tiny-no-retrieval.html"}
    told = {"Atrial fibrillation", "atrial fibrillation", "pleural effusion", "41 percent", "world cup"}
    texts = {case["question"] for case in CASES} | set(REPORTS.values()) | told
    for path in written:
        said = path.read_text()
        assert "football" in said or path.suffix == ".md"  # the case's id
        assert not [text for text in texts if text in said], path.name
        assert str(varied.folder) not in said
    figures = (tmp_path / "out" / "tiny.json").read_text()
    assert json.loads(figures)["by_case"].keys() == compared.samples.keys()
    assert sum(line.startswith('  "football": {') for line in figures.splitlines()) == 1  # a case is a line


def test_whether_unsupported_sentences_are_removed_changes_the_figures_and_asks_nothing(workspace, varied):
    counting = Stub(workspace)
    suite = write_suite(workspace, CASES, '[settings.verify]\nunsupported = "remove"\n', name="removing")
    suite.write_text(suite.read_text().replace('name = "removing"', 'name = "tiny"'))
    result = run_suite(suite, workspace=workspace, open_assistant=lambda _: counting)
    assert counting.asked == 0
    assert result.run != varied.run


def test_an_upload_counts_by_its_content_not_its_name(workspace, tmp_path):
    (tmp_path / "one.txt").write_text("The heart is enlarged. There is a right pleural effusion.")
    case = {"id": "upload", "question": "Is there an effusion?", "files": [str(tmp_path / "one.txt")]}
    counting = Stub(workspace)
    for text, name, asked in (
        ("The heart is enlarged. There is a right pleural effusion.", "one.txt", 1),
        ("The heart is enlarged. There is a right pleural effusion.", "renamed.txt", 1),
        ("The heart is enlarged. There is a left pleural effusion.", "renamed.txt", 2),
    ):
        (tmp_path / name).write_text(text)
        suite = write_suite(workspace, [case | {"files": [str(tmp_path / name)]}], name="uploads")
        run_suite(suite, workspace=workspace, open_assistant=lambda _: counting)
        assert counting.asked == asked
