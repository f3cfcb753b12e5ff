"""What agrees with a query's side or denial stands before what states otherwise, and that says why."""

import csv

import pytest

from assistant.assistant import Assistant
from assistant.findings import extract_findings
from assistant.findings.wanted import contrasts

REPORTS = {  # each of another patient
    "left": "FINDINGS: Left pleural effusion.",
    "right": "FINDINGS: Heart size is normal. There is fluid in the pleural space: a small effusion on the right.",
    "both": "FINDINGS: Bilateral pleural effusions with atelectasis of the lower lobes. The heart is enlarged.",
    "none": "FINDINGS: No pleural effusion. No pneumothorax. Heart size is normal.",
    "bones": "FINDINGS: Old rib fractures. Degenerative changes of the thoracic spine.",
    "doubt": "FINDINGS: Possible cardiomegaly. Hiatal hernia.",
    "lbbb": "FINDINGS: Sinus rhythm with left bundle branch block.",
    "rbbb": "FINDINGS: Atrial fibrillation, rate 80. Complete right bundle branch block was noted before as well.",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    home = tmp_path_factory.mktemp("sides")
    (home / "data").mkdir()
    with (home / "data" / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "report"), *REPORTS.items()])
    (home / "indexes").mkdir()
    recipe = home / "indexes" / "reports.toml"
    recipe.write_text(
        'name = "reports"\n[[source]]\npath = "../data"\nmanifest = "reports.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npatient_id = "id"\ntext = "report"\n[source.defaults]\nmodality = "SR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe)
    return Assistant.open(home)


def found(assistant, text, **options):
    return {piece.external_id: piece for piece in assistant.search(text, **options).evidence}


def test_the_other_side_and_a_denial_come_behind_the_side_that_is_looked_for(assistant):
    pieces = found(assistant, "right pleural effusion")
    order = list(pieces)
    assert set(order[:2]) == {"right", "both"}
    assert pieces["left"].why.startswith("other side: left; ")
    assert pieces["none"].why.startswith("its study denies pleural effusion; ")
    assert [pieces[key].kept for key in ("right", "both", "left", "none")] == [True, True, False, False]
    assert pieces["left"].why.endswith("not what the words ask for")
    assert set(list(found(assistant, "left pleural effusion"))[:2]) == {"left", "both"}


@pytest.mark.parametrize(
    ("text", "first", "against"),
    [
        ("no pleural effusion", "none", {"left", "right", "both"}),
        ("pleural effusion", "left", {"none"}),
        ("cardiomegaly", "both", {"right", "none"}),
        ("no cardiomegaly", "none", {"both", "doubt"}),
        ("right bundle branch block", "rbbb", {"lbbb"}),
        ("Find reports with a right pleural effusion", "right", {"left", "none"}),
    ],
)
def test_what_states_otherwise_is_behind_all_that_agrees(assistant, text, first, against):
    pieces = found(assistant, text)
    order = list(pieces)
    agree = [key for key, piece in pieces.items() if not piece.why.startswith(("other side", "its study"))]
    assert first in agree
    silent = {key for key in agree if "set back: its study" in pieces[key].why}
    last = max(order.index(key) for key in agree if key not in silent)
    assert min(order.index(key) for key in against) > last
    assert not any(pieces[key].kept for key in against)


def test_a_side_that_is_asked_for_puts_the_other_one_last_and_no_denial(assistant):
    pieces = found(assistant, "Is there a right pleural effusion?")
    order = list(pieces)
    assert set(order[:3]) == {"right", "both", "none"}
    assert order.index("left") > order.index("none") and pieces["left"].why.startswith("other side: left; ")
    assert not any("other side" in piece.why for piece in found(assistant, "Is there a pleural effusion?").values())


def test_the_order_is_that_of_the_scores_and_the_route_says_so(assistant):
    result = assistant.search("right pleural effusion")
    scores = [piece.score for piece in result.evidence]
    assert scores == sorted(scores, reverse=True)
    assert result.route[0] == (
        "order: by score; studies that state what is looked for before those that state otherwise"
    )
    assert assistant.search("atelectasis of the lobes?").route[0] == "order: by score"


def test_who_asks_hears_of_those_who_deny_it_too(assistant):
    for question in ("Is there a pleural effusion?", "How many reports mention a pleural effusion?"):
        pieces = found(assistant, question)
        assert "none" in pieces and "denies" not in pieces["none"].why
    own = found(assistant, "pleural effusion", patient="none")
    assert list(own) == ["none"] and own["none"].kept


def test_nothing_is_handed_on_where_all_state_otherwise(assistant):
    result = assistant.search("no rib fractures", k=3)
    assert next(p for p in result.evidence if p.external_id == "bones").kept is False


@pytest.mark.parametrize(
    ("wish", "report", "grant", "told"),
    [
        ("right pleural effusion", "Small left pleural effusion.", "otherwise", "other side: left"),
        ("right pleural effusion", "Bilateral effusions.", "as wished", "its study states pleural effusion"),
        ("right pleural effusion", "Left effusion. Larger right effusion.", "as wished", None),
        ("right pleural effusion", "There is a pleural effusion.", "silent", "without a side"),
        ("large pleural effusion", "Small pleural effusion.", "silent", "not in that degree"),
        ("large right pleural effusion", "Small right pleural effusion.", "silent", "not in that degree"),
        ("bilateral pleural effusions", "Small left effusion. Large right effusion.", "as wished", None),
        ("bilateral pleural effusions", "Small left effusion.", "otherwise", "other side: left"),
        ("no pleural effusion", "Possible pleural effusion.", "otherwise", "does not rule out"),
        ("no right pleural effusion", "Left pleural effusion.", "silent", "does not mention"),
        ("left axis deviation", "Right axis deviation.", "otherwise", "other side: right axis deviation"),
    ],
)
def test_what_a_study_states_of_a_wish(wish, report, grant, told):
    (contrast,) = contrasts(wish)
    how, words = contrast.granted(extract_findings(report))
    assert how == grant and (told is None or told in words)


@pytest.mark.parametrize("text", ["serum calcium 9 mg/dl", "blood pressure 120/80", "no glucose of 300 mg/dl"])
def test_a_measured_value_has_no_opposite_and_can_be_asked_with(assistant, text):
    assert contrasts(text) == contrasts(text, doubtful=True) == ()
    assert [contrast.name for contrast in contrasts(f"right pleural effusion, {text}")] == ["pleural effusion"]
    assert next(iter(found(assistant, f"right pleural effusion with {text}"))) in ("right", "both")
