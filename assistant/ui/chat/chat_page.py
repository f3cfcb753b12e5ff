"""The conversation's page: conversation on the left, evidence on the right, and how they move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from assistant.ui.chat.box import Box
from assistant.ui.chat.camera import camera_html
from assistant.ui.chat.desk import Desk
from assistant.ui.events import DIRECT, QUIET
from assistant.ui.language.wording import Wording

MODELS = (("head.quote", "quote"), ("head.local", "local"), ("head.openai", "openai"))


def build_chat(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The components and events of the conversation, inside the opened `page`."""
    told = _html("told", "wr-told", "wr-unseen")
    dialog = _html("dialog", "wr-ask")
    with gr.Row(elem_id="wr-bar"):
        bar = _html("bar", "wr-bar-line")
        model = wording(
            gr.Dropdown(
                [name for _, name in MODELS], value=desk.assistant.settings.llm.name, elem_id="wr-model",
                min_width=120, scale=0,
            ),
            choices=MODELS, label="head.answered_by",
        )  # fmt: skip
    with gr.Row(elem_id="wr-main", equal_height=False):
        with gr.Column(elem_id="wr-left", scale=5, min_width=320):
            talk = _html("talk", "wr-talk")
            shelf = _html("shelf", "wr-shelf")
            box = wording(
                Box(
                    elem_id="wr-box", show_label=False, file_count="multiple", lines=1, max_lines=6,
                    max_plain_text_length=4_000, autofocus=True,
                ),
                label="chat.question", placeholder="chat.placeholder",
            )  # fmt: skip
            camera = gr.HTML("", elem_id="wr-camera", elem_classes="wr-html", apply_default_css=False, js_on_load=None)
            wording.draw(camera, lambda: camera_html("#wr-box"))
        with gr.Column(elem_id="wr-right", scale=6, min_width=320):
            panel = _html("panel", "wr-evidence")

    parts = [bar, talk, shelf, panel, dialog, told, box]  # as desk.PARTS
    asking: dict[str, Any] = {**QUIET, "concurrency_limit": None, "trigger_mode": "multiple"}  # desk.capacity limits it
    page.load(desk.arrive, None, parts, **DIRECT)
    page.unload(desk.leave)
    box.change(desk.receive, [box], parts, trigger_mode="always_last", **DIRECT)
    box.submit(desk.ask, [box, model], parts, **asking)
    talk.retry(desk.again, [model], parts, **asking)
    box.stop(desk.stop, None, parts, **DIRECT)
    for pressed in (bar, talk, shelf, panel, dialog):
        pressed.click(desk.act, None, parts, trigger_mode="multiple", **DIRECT)


def _html(script: str, elem_id: str, css: str = "wr-html") -> gr.HTML:
    """A part of the page drawn in Python; what it does in the browser stands in static/chat.js under the same name."""
    watched = "(name, changed) => { watch(name, changed); changed(); }"  # it may be drawn before the script has come
    load = f"import('/wr/static/chat.js').then((chat) => chat.{script}(element, trigger, {watched}));"
    return gr.HTML("", elem_id=elem_id, elem_classes=css, apply_default_css=False, js_on_load=load)
