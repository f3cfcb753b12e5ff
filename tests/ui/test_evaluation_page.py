"""The evaluation page: scorecards listed, opened and compared; what is served runs no script and is told to the log."""

import json
from dataclasses import replace

import pytest
from browsing import HOSTILE, in_chromium, shoot
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from assistant.assistant import Assistant
from assistant.evaluate.publish import publish
from assistant.evaluate.run import run_suite
from assistant.evaluate.scorecard.listing import headlines_of, listed
from assistant.store.workspace_tables import AccessRow
from assistant.ui.evaluation.evaluation_page import scorecards_html
from assistant.ui.evaluation.routes import cards_of, scorecard_router
from assistant.ui.evaluation.tables import CARDS, COMPARED
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.language import say

CASES = [
    {"id": name, "question": question, "reference": reference}
    for name, question, reference in (
        ("effusion", "Is there a pleural effusion?", {"answerable": True, "must": ["effusion"]}),
        ("nodule", "Is there a left upper lobe nodule?", {"answerable": True, "must": ["12 mm"]}),
        ("football", "Who won the 1998 football world cup?", {"answerable": False}),
    )
]


@pytest.fixture(scope="module")
def runs(workspace):
    """A suite run as it is and without the archive, its figures published, a run that was broken off, and strays."""
    home = workspace / "eval"
    home.mkdir()
    (home / "ward.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    (home / "ward.toml").write_text('name = "ward"\ncases = "ward.jsonl"\nindex = "ward"\n')
    result = run_suite("eval/ward.toml", workspace=workspace, llm="quote", vary=["no-retrieval"])
    publish(result, home / "published")
    (home / "runs" / "broken").mkdir()
    manifest = json.loads((result.folder / "run.json").read_text())
    (home / "runs" / "broken" / "run.json").write_text(json.dumps(manifest))
    (home / "runs" / "broken" / "log.jsonl").write_text("{}\n")
    (home / "notes.html").write_text("<p>mine</p>")
    (home / "notes.json").write_text('["no scorecard"]')
    return result


@pytest.fixture(scope="module")
def archive(workspace, runs):
    return Assistant.open(workspace)


@pytest.fixture
def client(archive):
    app = FastAPI()
    app.include_router(scorecard_router(archive))
    return TestClient(app)


def test_runs_and_what_was_published_are_listed_newest_first(workspace, runs):
    cards = {card.name: card for card in listed(workspace)}
    assert [card.made_at for card in listed(workspace)] == sorted((c.made_at for c in cards.values()), reverse=True)
    mine = cards[f"runs/{runs.run}/scorecard"]
    assert (mine.kind, mine.suite, mine.cases, mine.total, mine.model, mine.indexes) == (
        "run", "ward", 3, 3, "quote", ("ward",)
    )  # fmt: skip
    assert mine.metrics["accuracy"].to_json() == runs.metrics["accuracy"].to_json()
    varied = next(card for card in cards.values() if card.kind == "run" and card.variant)
    assert varied.variant == "no-retrieval"
    broken = cards["runs/broken/scorecard"]
    assert broken.page is None and (broken.cases, broken.total) == (1, 3)
    assert {card.name for card in cards.values() if card.kind == "published"} == {
        "published/ward", "published/ward-no-retrieval",
    }  # fmt: skip
    assert {"accuracy", "correct_and_supported"} <= set(headlines_of([mine]))
    lacking = [replace(mine, metrics={n: i for n, i in mine.metrics.items() if n != "hallucination_rate"})] * 2
    assert headlines_of([mine, *lacking])[0] == "hallucination_rate"
    for name in headlines_of([mine]):
        assert say(f"metric.{name}") == runs.definitions[name].title


def test_a_workspace_without_runs_says_how_to_make_one(tmp_path):
    assert listed(tmp_path) == []
    assert "wardround eval eval/smoke.toml" in scorecards_html([])


def test_a_scorecard_is_served_by_its_listed_name_alone_and_may_run_nothing(client, runs, archive):
    shown = client.get(f"{CARDS}/runs/{runs.run}/scorecard")
    assert shown.status_code == 200 and HOSTILE not in shown.text and "12 mm" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    for name in (
        "notes",
        "runs/broken/scorecard",
        "../wardround",
        "runs/%2e%2e/%2e%2e/workspace",
        "ward",
        "/etc/passwd",
    ):
        assert client.get(f"{CARDS}/{name}").status_code == 404
    with archive.db.session() as session:
        logged = session.scalars(select(AccessRow).where(AccessRow.action == "scorecard")).all()
    assert logged and all(row.patient_id.startswith("P-") for row in logged)


def test_two_runs_are_compared_pair_by_pair_and_nothing_is_written(client, runs):
    other = runs.varied[0].result
    before = (runs.folder / "scorecard.html").read_bytes()
    names = [f"runs/{run.run}/scorecard" for run in (other, runs)]
    shown = client.get(COMPARED, params={"run": names[0], "against": names[1]})
    assert shown.status_code == 200 and "sandbox" in shown.headers["content-security-policy"]
    assert "Against another run" in shown.text and f"This run minus {runs.run}" in shown.text
    assert (runs.folder / "scorecard.html").read_bytes() == before
    assert client.get(COMPARED, params={"run": names[0], "against": names[0]}).status_code == 400
    assert client.get(COMPARED, params={"run": names[0], "against": "published/ward"}).status_code == 404


def test_a_run_of_an_older_version_says_so_where_it_is_compared(client, workspace, runs):
    old = workspace / "eval" / "runs" / "old"
    old.mkdir()
    for name in ("scorecard.html", "scorecard.json"):
        (old / name).write_bytes((runs.folder / name).read_bytes())
    (old / "run.json").write_text("{}")
    shown = client.get(COMPARED, params={"run": "runs/old/scorecard", "against": f"runs/{runs.run}/scorecard"})
    assert shown.status_code == 409 and "older version" in shown.text


@pytest.mark.parametrize(
    "who", [Visitor("ann", roles=frozenset({"reader"})), Visitor("ben", indexes=frozenset({"other"}))]
)
def test_who_may_not_see_the_archive_behind_a_run_sees_no_scorecard(who, archive, runs):
    with entering(who):
        names = [card.name for card in cards_of(archive)]
    assert not [name for name in names if name.startswith("runs/")]


@in_chromium[0]
@in_chromium[1]
def test_the_page_lists_opens_and_compares(runs, page, server):  # the server copies the workspace, runs and all
    page.goto(server.url + "/evaluation")
    table = page.locator(".wr-suite[data-suite=ward] table")
    table.wait_for()
    assert runs.run in table.inner_text() and "Correct and supported" in table.inner_text()
    with page.context.expect_page() as opened:
        table.get_by_role("link", name=runs.run).click()
    opened.value.wait_for_load_state()
    assert "Scorecard: ward" in opened.value.inner_text("h1")
    opened.value.close()
    shoot(page, "evaluation")
    form = page.locator(".wr-compare")
    form.locator("select[name=run]").select_option(f"runs/{runs.varied[0].result.run}/scorecard")
    form.locator("select[name=against]").select_option(f"runs/{runs.run}/scorecard")
    with page.context.expect_page() as opened:
        form.get_by_role("button").click()
    opened.value.get_by_text("Against another run").wait_for()
    assert opened.value.url.endswith("#comparison")
    opened.value.close()
    assert page.title().startswith("Evaluation")
    page.goto(server.url)
    page.wait_for_selector("#wr-box textarea")
