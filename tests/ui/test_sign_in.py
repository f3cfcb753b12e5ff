"""Signing in, roles, the access log and the end of a session, in a real Chromium."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from browsing import ask, in_chromium, shoot
from gated import PASSWORD, make_workspace, serving
from sqlalchemy import update

from assistant.store.accounts import Accounts
from assistant.store.workspace_tables import SessionRow, now

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'wardround[dev]'")
pytestmark = in_chromium


@pytest.fixture(scope="module")
def gated(tmp_path_factory):
    with serving(make_workspace(tmp_path_factory.mktemp("signed")), sign_in=True) as running:
        yield running


@pytest.fixture
def visit(browser, gated):
    """A browser of its own; nothing it opens may ask another host, and no script may fail."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.hosts, page.faults = set(), []
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(gated.url)
    yield page
    assert page.hosts - {""} == {urlsplit(gated.url).netloc} and not page.faults
    context.close()


def sign_in(page, name, password=PASSWORD):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_sign_in_is_refused_and_granted_and_shows_what_the_account_may_see(visit, gated):
    assert visit.title() == "Sign in – Wardround"
    assert visit.evaluate("document.activeElement.name") == "name"
    shoot(visit, "sign-in")
    sign_in(visit, "ben", "not the password")
    assert "Name or password is wrong" in visit.get_by_role("alert").inner_text()
    assert visit.get_by_label("Name").input_value() == "ben"
    sign_in(visit, "ben")
    visit.wait_for_selector("#wr-box textarea")
    head = visit.locator(".wr-header")
    head.get_by_text("ward, 2 records").wait_for()
    assert "clinic" not in head.inner_text() and "ben" in head.inner_text()
    assert head.get_by_role("link", name="Access log").count() == 0
    assert "pleural effusion" in ask(visit, "Is there a pleural effusion?").inner_text()
    assert "meniscus" not in ask(visit, "What did the clinic see of the left knee?").inner_text()
    assert visit.evaluate("document.cookie") == ""  # no script gets at the session

    visit.goto(f"{gated.url}/access")
    assert "the role “auditor”" in visit.get_by_role("alert").inner_text()
    visit.get_by_role("button", name="Sign out").click()
    assert "You are signed out" in visit.get_by_role("status").inner_text()
    visit.go_back()
    visit.wait_for_load_state()
    visit.goto(gated.url)
    assert visit.title() == "Sign in – Wardround"


def test_the_access_log_is_looked_through_by_patient_account_and_time(visit, gated):
    sign_in(visit, "cleo")
    visit.wait_for_selector("#wr-box textarea")
    assert "meniscus" in ask(visit, "What did the clinic see of the left knee?").inner_text()
    visit.locator(".wr-account button").click()
    sign_in(visit, "eve")
    visit.wait_for_url("**/evaluation")  # an auditor asks nothing, and comes to the first page that is open to one
    visit.get_by_role("link", name="Access log").click()
    log = visit.locator("#wr-access")
    log.locator("tbody tr").first.wait_for()
    shoot(visit, "access-log")
    log.get_by_role("textbox", name="Patient").fill("clinic-0")  # the archive's own id
    log.get_by_label("Account").select_option("cleo")
    log.get_by_role("button", name="Show").click()
    log.locator("tbody tr").first.wait_for()
    rows = log.locator("tbody tr")
    accounts = "[...document.querySelectorAll('#wr-access tbody tr td:nth-child(2)')]"
    visit.wait_for_function(f"{accounts}.every((cell) => cell.innerText === 'cleo')")
    patients = {rows.nth(n).locator("td").nth(3).inner_text() for n in range(rows.count())}
    assert len(patients) == 1 and patients.pop().startswith("P-")
    assert rows.first.locator("td").nth(4).inner_text().startswith("clinic-note-0 · clinic · ")
    with visit.expect_download() as saved:
        log.get_by_role("link", name="Export").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == rows.count() + 1 and all(",cleo," in line for line in lines[1:])
    log.get_by_role("textbox", name="To", exact=True).fill("2001-01-01")
    log.get_by_role("button", name="Show").click()
    log.get_by_text("No entry fits.").wait_for()


def test_a_session_that_nobody_uses_ends_and_takes_the_page_along(visit, gated):
    visit.clock.install()
    sign_in(visit, "cleo")
    visit.wait_for_selector("#wr-box textarea")
    visit.locator(".wr-header").get_by_text("cleo").wait_for()
    set_used(gated, timedelta(minutes=14, seconds=30))
    visit.clock.run_for(21_000)
    notice = visit.get_by_role("alertdialog")
    notice.wait_for()
    assert "ends soon" in notice.inner_text()
    notice.get_by_role("button", name="Stay signed in").click()
    notice.wait_for(state="detached")
    set_used(gated, timedelta(minutes=16))
    visit.clock.run_for(21_000)
    visit.wait_for_url("**/sign-in?why=idle**")
    assert "because the page was not used" in visit.get_by_role("status").inner_text()
    assert visit.locator("#wr-box").count() == 0


def set_used(gated, ago):
    """As if every session had been used last so long ago, and nobody had looked since."""
    import time

    time.sleep(2.1)  # what was looked up holds so long
    with gated.assistant.db.session() as session:
        session.execute(update(SessionRow).values(used_at=now() - ago))
        session.commit()


def test_the_account_page_and_sign_in_speak_german_in_the_dark_on_a_phone(browser, gated):
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="de-DE", color_scheme="dark")
    page = context.new_page()
    page.goto(f"{gated.url}/account")
    assert page.title() == "Anmelden – Wardround"
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    said = page.locator("main").inner_text()
    assert "Ihr Konto" in said and "Lesen" in said and "ward" in said
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    assert ground == "rgb(24, 33, 38)"
    shoot(page, "account-phone")
    context.close()


@pytest.mark.parametrize("width", [1440, 1280, 1024])
def test_a_long_name_leaves_the_head_in_two_lines(browser, gated, width):
    name = "chefarzt.dr.mueller-luedenscheidt@klinikum"
    accounts = Accounts(gated.assistant.db)
    if accounts.find(name) is None:
        accounts.add(name, PASSWORD, ["reader", "author", "auditor", "administrator"])
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="de-DE")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(gated.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#wr-box textarea")
    assert page.locator(".wr-account bdi").bounding_box()["height"] < 26, "the name stands on one line"
    assert page.locator("#wr-head").bounding_box()["height"] < 110
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
