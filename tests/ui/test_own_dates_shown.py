"""A visitor's own letter is told with the dates that stand in it; none of them is kept."""

import shutil

from browsing import ask, drop, in_chromium
from test_traces import found_in
from visiting import served

pytestmark = in_chromium

# Each day in a form of its own: moved by any number of days, none of them reads as another ("15 August", of the 20th).
LETTER = """Discharge letter, August 20, 2024
Patient: Anna Schmidt, born 1950-05-04
Admitted on 03.08.2024 with chest pain.
Coronary angiography (15 August): 90 % stenosis of the left anterior descending artery.
Medication at discharge:
Aspirin 100 mg until 2024-09-17
"""
OWN = ("03.08.2024", "15 August", "2024-09-17", "August 20, 2024")


def test_a_letter_is_told_with_its_own_dates_and_none_is_kept(browser, workspace, tmp_path):
    home, temporary = tmp_path / "workspace", tmp_path / "temporary"
    shutil.copytree(workspace, home)
    temporary.mkdir()
    letter = tmp_path / "letter.txt"
    letter.write_text(LETTER)
    settings = {"TMPDIR": str(temporary), "WARDROUND_UI__KEEP_UPLOADS_MINUTES": "0"}
    with served(home, settings) as (url, _):
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        page.wait_for_selector("#wr-box textarea")
        drop(page, letter)
        turn = ask(page, "Until when is aspirin given?")
        assert "until 2024-09-17" in turn.locator(".wr-claims").inner_text()
        assert turn.locator(".wr-moved, .wr-note").count() == 0  # nothing is to be warned of
        turn.locator(".wr-cite").first.click()
        shown = page.locator(".wr-view .wr-document")
        assert "until 2024-09-17" in shown.locator("#wr-cited").inner_text()
        assert all(date in shown.inner_text() for date in OWN) and "Schmidt" not in shown.inner_text()
        assert page.locator(".wr-view .wr-moved").count() == 0

        turn = ask(page, "What was done on 15 August 2024?")  # a day of the file's own, too
        assert "Coronary angiography (15 August)" in turn.locator(".wr-claims").inner_text()
        assert turn.locator(".wr-understood").count() == 0

        page.goto(url)  # a later visit: the file went with the earlier one, and the moved dates say that they are
        page.wait_for_selector("#wr-box textarea")
        page.click(".wr-talks-open")
        page.locator("#wr-talks .wr-talk-open").first.click()
        again = page.locator(".wr-turn").first.locator(".wr-claims")
        again.locator(".wr-claim").first.wait_for()
        again.locator(".wr-moved").wait_for()
        assert "until" in again.inner_text() and "2024-09-17" not in again.inner_text()
        assert not found_in(home, [date.encode() for date in OWN])  # nor in the database
        page.close()
