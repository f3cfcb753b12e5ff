"""The evaluation page."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from assistant.ui.chat.desk import Desk
from assistant.ui.evaluation.routes import ROLE, cards_of
from assistant.ui.evaluation.tables import scorecards_html
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say
from assistant.ui.language.wording import Wording


def build_evaluation(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The list of scorecards, drawn when the page is opened; its links and forms are plain ones."""

    def shown() -> Markup:
        if not visitor().may(ROLE):
            return Markup('<p class="wr-html">{}</p>').format(say("evaluation.not_allowed"))
        return scorecards_html(cards_of(desk.assistant))

    with gr.Column(elem_classes="wr-page"):
        wording.draw(gr.HTML("", elem_id="wr-evaluation", apply_default_css=False, js_on_load=None), shown)
