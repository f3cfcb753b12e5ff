"""The conversation's page: conversation on the left, evidence on the right, and how they move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from assistant.ui.chat.conversation import Conversation
from assistant.ui.chat.desk import Desk
from assistant.ui.chat.talk import conversation_html
from assistant.ui.wording import Wording

MODELS = (("head.quote", "quote"), ("head.local", "local"), ("head.openai", "openai"))

# A click on any of our buttons reaches Python as what its data- attributes say; nothing else does.
_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (button) trigger('click', {...button.dataset});
});
"""
_FOLLOW = (
    _CLICKS
    + """
let turns = 0;
watch('value', () => {
  const all = element.querySelectorAll('.wr-turn');
  if (all.length > turns) all[all.length - 1].scrollIntoView({block: 'start'});
  turns = all.length;
});
"""
)
_SHOW = (
    _CLICKS
    + """
element.addEventListener('click', (event) => {
  const back = event.target.closest('button.wr-back');
  if (!back) return;
  const talk = document.querySelector('#wr-talk');
  const cited = talk.querySelector('.wr-cite[aria-pressed="true"]');
  (cited || talk.querySelectorAll('.wr-turn')[back.dataset.turn])?.scrollIntoView({block: cited ? 'center' : 'start'});
});
watch('value', () => {
  const mark = element.querySelector('.wr-sentence') || element.querySelector('#wr-cited');
  if (mark) {
    const text = mark.closest('.wr-document');
    text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
  }
  const stacked = window.matchMedia('(max-width: 860px)').matches;
  if (stacked && element.querySelector('.wr-panel[data-chosen]')) element.scrollIntoView({block: 'start'});
});
"""
)


def build_chat(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The components and events of the conversation, inside the opened `page`."""
    assistant = desk.assistant
    conversation = gr.State(None, delete_callback=desk.close)
    with gr.Row(elem_id="wr-bar"):
        model = wording(
            gr.Dropdown(value=assistant.settings.llm.name, elem_id="wr-model", min_width=120, scale=0),
            choices=MODELS, label="head.answered_by",
        )  # fmt: skip
        case = wording(gr.Button(elem_id="wr-case", size="sm", scale=0, min_width=110), value="head.new_case")
        new = wording(gr.Button(elem_id="wr-new", size="sm", scale=0, min_width=150), value="head.new_conversation")
    with gr.Row(elem_id="wr-main", equal_height=False):
        with gr.Column(elem_id="wr-left", scale=5, min_width=320):
            talk = gr.HTML(
                conversation_html(Conversation(desk.folder)), elem_id="wr-talk", elem_classes="wr-html",
                apply_default_css=False, js_on_load=_FOLLOW,
            )  # fmt: skip
            files = gr.HTML("", elem_id="wr-shelf", elem_classes="wr-html", apply_default_css=False, js_on_load=_CLICKS)
            box = wording(
                gr.MultimodalTextbox(
                    elem_id="wr-box", show_label=False, file_count="multiple", lines=1, max_lines=6,
                    max_plain_text_length=4_000, autofocus=True,
                ),
                label="chat.question", placeholder="chat.placeholder",
            )  # fmt: skip
        with gr.Column(elem_id="wr-right", scale=6, min_width=320):
            panel = gr.HTML(
                desk.panel(None), elem_id="wr-evidence", elem_classes="wr-html", apply_default_css=False,
                js_on_load=_SHOW,
            )  # fmt: skip

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    direct: dict[str, Any] = {**quiet, "queue": False}
    page.load(desk.arrive, None, [conversation], **direct)
    page.unload(desk.leave)
    box.change(desk.receive, [box, conversation], [conversation, files], trigger_mode="always_last", **direct)
    asking = box.submit(
        desk.ask, [box, model, conversation], [conversation, talk, files, panel, box], concurrency_limit=None, **quiet
    )
    box.stop(desk.stop, [conversation], [talk, box], cancels=[asking], **direct)
    talk.click(desk.press, [conversation], [conversation, talk, panel, box], **direct)
    panel.click(desk.show, [conversation], [conversation, talk, panel], **direct)
    files.click(desk.remove, [conversation], [conversation, files], **direct)
    case.click(desk.switch, [conversation], [conversation, talk, files], cancels=[asking], **direct)
    new.click(desk.renew, [conversation], [conversation, talk, files, panel, box], cancels=[asking], **direct)
