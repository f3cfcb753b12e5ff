"""What "correct" means, case by case, and what it adds to the metrics."""

import pytest

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.correct import FAMILY, contains, correctness, parse_yes_no
from assistant.evaluate.score.stated import states
from assistant.evaluate.score.told import in_a_row
from assistant.records import Answer, Claim, Judgement
from assistant.settings import Settings

BENCH = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
REMOVING = Bench(BENCH.suite, BENCH.judge, BENCH.settings, removes=True)


def sample(*claims: str | Claim, **fields) -> Sample:
    """An answer of supported claims; none: an abstention."""
    read = tuple(c if isinstance(c, Claim) else Claim(c, "general", "supported") for c in claims)
    return Sample("x", answer=Answer("?", read, (), not claims, "", "test", None), **fields)


def asked(**reference) -> Case:
    return Case(id="x", question="?", reference=Reference(**reference))


def scores(case: Case, given: Sample, bench: Bench = BENCH) -> dict[str, tuple[float, float]]:
    return dict(FAMILY.mark(case, given, bench).scores)


def unsupported(text: str) -> Claim:
    return Claim(text, "general", "unsupported", "fabrication")


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["Yes, there is a small effusion.", "It is on the left."], "yes"),
        (["No, the lungs are clear."], "no"),
        (["No.", "There is no effusion."], "no"),
        (["The answer is: maybe."], "maybe"),
        (["No pleural effusion."], None),
        (["Noting this, yes."], None),
        (["Yes.", "No."], None),
        ([], None),
    ],
)
def test_yes_and_no_are_read_strictly(texts, word):
    assert parse_yes_no(texts) == word


def test_a_number_is_not_found_in_a_longer_one():
    assert contains("Heart rate 61 beats/min, Sinus rhythm.", "61")
    assert contains("Heart rate 61.", "61")
    assert contains("SINUS rhythm", "sinus")
    assert not contains("Heart rate 161 beats/min.", "61")
    assert not contains("0.35 %", "0.3")
    assert not contains("1,200 patients", "200")


def test_yes_or_no_right_wrong_unparsed_and_abstained():
    case = asked(answer="Yes")
    right = scores(case, sample("Yes, it does."))
    assert right["accuracy"] == right["accuracy_answered"] == right["correct_and_supported"] == (1, 1)
    assert right["unparsed_rate"] == (0, 1)
    assert scores(case, sample("No, it does not."))["accuracy"] == (0, 1)
    unparsed = scores(case, sample("It does so in most patients."))
    assert unparsed["accuracy"] == unparsed["accuracy_answered"] == (0, 1)
    assert unparsed["unparsed_rate"] == (1, 1)
    abstained = scores(case, sample())
    assert abstained["accuracy"] == (0, 1)
    assert "accuracy_answered" not in abstained and "unparsed_rate" not in abstained


def test_a_wrong_answer_is_one_that_was_given():
    case = asked(answer="Yes")
    told = {text: scores(case, sample(*text))["wrong_answer_rate"] for text in (("Yes.",), ("No.",), ("It may.",), ())}
    assert told == {("Yes.",): (0, 1), ("No.",): (1, 1), ("It may.",): (1, 1), (): (0, 1)}
    assert scores(asked(answerable=False), sample("Ten of them."))["wrong_answer_rate"] == (1, 1)
    assert scores(asked(answerable=False), sample())["wrong_answer_rate"] == (0, 1)


def test_correct_without_support_is_set_apart():
    case = asked(must=("aspirin",))
    half = sample("Aspirin relieves pain.", unsupported("It cures cancer."))
    assert scores(case, half) == {
        "accuracy": (1, 1),
        "accuracy_answered": (1, 1),
        "wrong_answer_rate": (0, 1),
        "correct_and_supported": (0, 1),
        "correct_unsupported": (1, 1),
        "must_rate": (1, 1),
    }
    left = scores(case, half, REMOVING)
    assert left["correct_and_supported"] == (1, 1) and left["correct_unsupported"] == (0, 1)
    assert scores(case, sample(unsupported("Aspirin.")), REMOVING)["accuracy"] == (0, 1)


def test_an_unanswerable_question_is_right_when_not_answered():
    case = asked(answerable=False)
    assert scores(case, sample()) == {
        "accuracy": (1, 1),
        "wrong_answer_rate": (0, 1),
        "correct_and_supported": (1, 1),
        "correct_unsupported": (0, 1),
    }
    assert scores(case, sample("Something."))["accuracy"] == (0, 1)


def test_required_strings_are_counted_one_by_one_and_correct_takes_all():
    case = asked(must=("61", "Sinus", "axis"))
    given = scores(case, sample("Heart rate 61 beats/min, sinus rhythm."))
    assert given["must_rate"] == (2, 3) and given["accuracy"] == (0, 1)
    assert scores(case, sample())["must_rate"] == (0, 3)


def test_a_short_answer_is_looked_for_in_whole_words():
    assert correctness(asked(answer="Left lung"), sample("The opacity is in the left lung."), BENCH).correct
    assert not correctness(asked(answer="lung"), sample("It is in the lungs."), BENCH).correct
    assert correctness(asked(answer="One of more than six words is nobody's."), sample("x"), BENCH) is None
    assert scores(asked(), sample("Anything.")) == {}


def test_findings_are_compared_in_normal_form():
    assert states("There is a small left effusion.", "Pleural effusion.") == ("stated",)
    assert states("The lungs are clear.", "No consolidation.") == ("stated",)
    assert states("The lungs are clear.", "Consolidation.") == ("contradicted",)
    assert states("Possible effusion.", "No pleural effusion.") == ("silent",)
    assert (
        states("The heart is normal.", "Possible effusion.")
        == states("No effusion.", "Possible effusion.")
        == ("silent",)
    )
    assert states("The lungs are clear.", "Nothing to read here.") == ()
    case = asked(findings=("Pleural effusion.", "No pneumothorax."))
    assert correctness(case, sample("Left pleural effusion, no pneumothorax."), BENCH).correct
    assert not correctness(case, sample("Left pleural effusion."), BENCH).correct
    assert correctness(asked(findings=("Nothing to read here.",)), sample("x"), BENCH) is None


def test_statements_are_covered_contradicted_or_neither():
    """Three statements: one stands in the answer, one is denied by it, one is not spoken of."""
    case = asked(statements=("There is a left pleural effusion.", "There is a pneumothorax.", "The heart is enlarged."))
    given = scores(case, sample("There is a left pleural effusion.", "There is no pneumothorax."))
    assert given["statement_coverage"] == (1, 3)
    assert given["statement_contradicted_rate"] == (1, 3)
    assert given["complete_rate"] == (0, 1)
    assert "accuracy" not in given  # that would rest on the judge
    assert given["correct_and_supported"] == (0, 1)
    short = asked(answer="No pneumothorax.", statements=case.reference.statements)
    assert correctness(short, sample("No pneumothorax."), BENCH).by == "statements"
    nothing = scores(case, sample())
    assert nothing["statement_coverage"] == nothing["statement_contradicted_rate"] == (0, 3)


def test_a_choice_right_wrong_unparsed_or_none():
    case = Case(id="x", task="choose", question="?", choices=("a", "b"), reference=Reference(choice=1))
    assert scores(case, Sample("x", choice=1))["accuracy"] == (1, 1)
    assert scores(case, Sample("x", choice=1))["correct_and_supported"] == (0, 1)  # no claim carries it
    assert scores(case, Sample("x", choice=0))["accuracy"] == (0, 1)
    unparsed = scores(case, Sample("x", unparsed=True))
    assert unparsed["accuracy_answered"] == (0, 1) and unparsed["unparsed_rate"] == (1, 1)
    abstained = scores(case, Sample("x"))
    assert abstained["accuracy"] == (0, 1) and "accuracy_answered" not in abstained


@pytest.mark.parametrize(("told", "right"), [("supported", 0), ("contradicted", 1), ("unsupported", 1)])
def test_a_check_is_right_where_it_tells_supported_from_not(told, right):
    case = Case(id="x", task="check", claim="c", reference=Reference(verdict="unsupported"))
    given = scores(case, Sample("x", judgement=Judgement(told, 0.5)))
    assert given == {"accuracy": (right, 1)}


def test_a_case_that_failed_is_neither_right_nor_wrong():
    assert correctness(asked(must=("x",)), Sample("x", error="broken"), BENCH) is None


def test_a_sentence_without_a_stop_does_not_run_into_the_next():
    said = in_a_row(["No pleural effusion", "The heart is enlarged.", "Stable?"])
    assert said == "No pleural effusion. The heart is enlarged. Stable?"
    assert states("No pleural effusion Cardiomegaly", "Cardiomegaly.") == ("contradicted",)
    assert states(in_a_row(["No pleural effusion", "Cardiomegaly"]), "Cardiomegaly.") == ("stated",)
