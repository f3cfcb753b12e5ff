"""Picking a choice: how a reply is read, what a choice says as a statement, and picks over a small archive."""

import json
from dataclasses import replace

import pytest

from assistant import Assistant
from assistant.evaluate import run_suite
from assistant.evaluate.solve.choosing import lettered, parse_choice
from assistant.evaluate.solve.propositions import affirmed, asks_for_exception, proposition
from assistant.records import Claim

DRUGS = ("Protamine", "Vitamin K", "Protamine sulfate", "Idarucizumab")
YES_NO = ("yes", "no", "maybe")


@pytest.mark.parametrize(
    ("reply", "choices", "place"),
    [
        ("B. Vitamin K", DRUGS, 1),
        ("(D)", DRUGS, 3),
        ("The correct answer is B.", DRUGS, 1),
        ("Answer: D, since it binds dabigatran.", DRUGS, 3),
        ("It is reversed by vitamin K.", DRUGS, 1),
        ("Protamine sulfate.", DRUGS, 2),  # not 0, whose word is a part of it
        ("A patient with bleeding needs idarucizumab.", DRUGS, 3),  # "A" before a noun is no letter
        ("B. Idarucizumab", DRUGS, None),  # letter and words disagree
        ("E. None of these", DRUGS, None),
        ("Vitamin K or idarucizumab.", DRUGS, None),
        ("I can't tell.", DRUGS, None),
        ("", DRUGS, None),
        ("Yes, it does.", YES_NO, 0),
        ("No effusion is seen.", YES_NO, 1),
        ("Maybe.", YES_NO, 2),
        ("Maybe.", ("yes", "no"), None),
        ("The evidence says yes.", YES_NO, None),
    ],
)
def test_a_reply_is_read_strictly(reply, choices, place):
    assert parse_choice(reply, choices) == place


def test_choices_are_lettered():
    assert lettered("Which?", ("x", "y")).splitlines()[:3] == ["Which?", "A. x", "B. y"]
    assert lettered("Is it?", ("yes", "no")).splitlines() == ["Is it?", "Answer with one word first: yes, no."]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Is Baloxavir effective for influenza?", "Baloxavir is effective for influenza."),
        ("Does aspirin prevent stroke?", "aspirin prevent stroke."),
        ("Is there a pleural effusion?", "There is a pleural effusion."),
        ("Double balloon enteroscopy: is it safe?", "Double balloon enteroscopy: it is safe."),
        ("Syncope during bathing, an urticaria?", "Syncope during bathing, an urticaria."),
    ],
)
def test_a_question_affirmed(question, said):
    assert affirmed(question) == said


@pytest.mark.parametrize(
    ("question", "choice", "said"),
    [
        ("What is the antidote of heparin?", "Protamine", "The antidote of heparin is Protamine."),
        ("Which of the following drugs can lower potassium?", "Insulin", "Insulin can lower potassium."),
        ("The lesion will cause ipsilateral", "paralysis.", "The lesion will cause ipsilateral paralysis."),
        ("A fusion occurs at the:", "telomeres.", "A fusion occurs at the telomeres."),
        ("How often is it given?", "Daily", "How often is it given: Daily."),
    ],
)
def test_a_choice_as_a_statement(question, choice, said):
    assert proposition(question, choice) == said


def test_questions_for_the_exception_are_told():
    assert asks_for_exception("All are true EXCEPT:")
    assert not asks_for_exception("Which is true of another note?")


TEXTS = {
    "r1": "FINDINGS: There is a small left pleural effusion. No pneumothorax. IMPRESSION: Left pleural effusion.",
    "r2": "The antidote of heparin is protamine. It is given slowly.",
}
CASES = [
    {"id": "present", "question": "Is there a pleural effusion?", "choices": ["yes", "no"],
     "context": ["FINDINGS: There is a right pleural effusion. IMPRESSION: Effusion."], "reference": {"choice": 0}},
    {"id": "absent", "question": "Is there a pneumothorax?", "choices": ["no", "yes"],
     "context": ["FINDINGS: The lungs are clear. No pneumothorax. IMPRESSION: Normal."], "reference": {"choice": 0}},
    {"id": "antidote", "question": "What is the antidote of heparin?", "choices": ["Vitamin K", "Protamine"],
     "reference": {"choice": 1}},
    {"id": "elsewhere", "question": "Who won the football world cup of 1998?", "choices": ["France", "Brazil"],
     "reference": {"choice": 0}},
]  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    home = tmp_path_factory.mktemp("choices")
    (home / "indexes" / "data").mkdir(parents=True)
    rows = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items())
    (home / "indexes" / "data" / "rows.jsonl").write_text(rows)
    (home / "indexes" / "small.toml").write_text(
        'name = "small"\n[[source]]\npath = "data"\nmanifest = "rows.jsonl"\n'
        '[source.columns]\nid = "id"\ntext = "text"\n'
    )
    Assistant.build(home / "indexes" / "small.toml", workspace=home)
    return home


def suite(home, cases, extra=""):
    (home / "c.jsonl").write_text("".join(json.dumps({"task": "choose", **case}) + "\n" for case in cases))
    (home / "c.toml").write_text(f'name = "c"\ncases = "c.jsonl"\nindex = "small"\n{extra}')
    return home / "c.toml"


def test_choices_are_picked_by_what_the_evidence_supports(workspace):
    samples = run_suite(suite(workspace, CASES), workspace=workspace).samples
    assert {name: sample.error for name, sample in samples.items() if sample.error} == {}
    assert {name: sample.choice for name, sample in samples.items()} == {
        "present": 0, "absent": 0, "antidote": 1, "elsewhere": None
    }  # fmt: skip
    assert not any(sample.unparsed for sample in samples.values())
    assert samples["antidote"].choice_scores[1] > samples["antidote"].choice_scores[0]


class Replies:
    """Says what it is told to, as a model would; asked for by `open_assistant`."""

    def __init__(self, real, reply):
        self.real, self.reply, self.questions = real, reply, []

    def search(self, *given, **options):
        return self.real.search(*given, **options)

    def ask(self, question, **options):
        self.questions.append(question)
        answer = self.real.ask(question, **options)
        claims = (Claim(self.reply, "general", "supported"),) if self.reply else ()
        return replace(answer, claims=claims, abstained=not claims)


@pytest.mark.parametrize(
    ("reply", "choice", "unparsed"), [("B. Protamine.", 1, False), ("Certainly.", None, True), ("", None, False)]
)
def test_choices_are_picked_by_the_answer(workspace, reply, choice, unparsed):
    told = Replies(Assistant(workspace, ["small"]), reply)
    case = CASES[2] | {"id": f"antidote {reply}"}  # a case of its own: an answer that is there is not asked for again
    asked = suite(workspace, [case], 'choose_by = "answer"\n')
    sample = run_suite(asked, workspace=workspace, open_assistant=lambda _: told).samples[case["id"]]
    assert (sample.choice, sample.unparsed) == (choice, unparsed)
    assert "A. Vitamin K\nB. Protamine" in told.questions[0]
