"""What is kept of an open page does not grow with what is asked on it, and nothing is kept of one long closed."""

from datetime import datetime, timedelta

import gradio as gr
import pytest
from gradio.state_holder import SessionState
from own_loop import finished

from assistant.ui.sessions import Session, Sessions


@pytest.fixture
def page():
    with gr.Blocks() as page:
        box = gr.Textbox()
        box.GRADIO_CACHE = "/a/folder/of/its/own"
        box.submit(lambda text: gr.update(placeholder=text), box, box)
    return page


def parts_after(page, session, events):
    for number in range(events):
        finished(page.process_api(block_fn=0, inputs=[f"question {number}"], state=session))
    return len(session.blocks_config.blocks)


def test_a_part_that_events_update_is_kept_once(page):
    session = Session(page)
    kept = len(session.blocks_config.blocks)
    assert parts_after(page, session, 5) == kept
    (box,) = [part for part in session.blocks_config.blocks.values() if isinstance(part, gr.Textbox)]
    assert (box.placeholder, box.GRADIO_CACHE) == ("question 4", "/a/folder/of/its/own")


def test_gradio_s_own_session_still_keeps_one_more_for_every_update(page):
    """Where this fails, Gradio has mended it, and `Session` can go."""
    session = SessionState(page)
    kept = len(session.blocks_config.blocks)
    assert parts_after(page, session, 5) > kept + 2


def test_of_what_a_page_shows_no_description_is_kept(page):
    """Gradio's own session describes it for links that bring a page back, which are refused here."""
    session, gradios = Session(page), SessionState(page)
    for each in (session, gradios):
        finished(page.process_api(block_fn=0, inputs=["sinus rhythm"], state=each))
    assert "sinus rhythm" in str(list(gradios.components))
    assert list(session.components) == []


def test_a_page_s_own_state_goes_on_from_event_to_event():
    with gr.Blocks() as page:
        asked, box = gr.State(0), gr.Textbox()
        box.submit(lambda number: (number + 1, gr.update(placeholder=f"{number + 1} asked")), asked, [asked, box])
    session, other = Session(page), Session(page)
    for _ in range(3):
        finished(page.process_api(block_fn=0, inputs=[None], state=session))
    assert (session[asked._id], other[asked._id]) == (3, 0)
    assert session[box._id].placeholder == "3 asked"


def test_a_page_that_was_closed_over_an_hour_ago_is_dropped_and_no_other(page):
    sessions = Sessions()
    sessions.set_blocks(page)
    for name, closed, hours in (("open", False, 5), ("just closed", True, 0), ("long closed", True, 2)):
        sessions[name].is_closed = closed
        sessions.time_last_used[name] = datetime.now() - timedelta(hours=hours)
    sessions.delete_all_expired_state()
    assert set(sessions.session_data) == set(sessions.time_last_used) == {"open", "just closed"}
