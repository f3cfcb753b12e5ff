"""The drafts page: runs and drafts on the left, the report in the middle, its evidence on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.ui.chat.desk import Desk
from assistant.ui.drafts.desk import DraftsDesk, Where
from assistant.ui.events import DIRECT, QUIET
from assistant.ui.feedback import export_links
from assistant.ui.language import say
from assistant.ui.language.wording import Wording

if TYPE_CHECKING:
    from assistant.assistant import Assistant

MODELS = (("head.quote", "quote"), ("head.local", "local"), ("head.openai", "openai"))
_TICK_S = 2.0

# A click on one of our buttons reaches Python as what its data- attributes say, with the text of the field beside it.
# What is drawn anew has the keyboard where it was, or where Python wants it.
_CLICKS = """
let last = '';
const stacked = () => window.matchMedia('(max-width: 53.75em)').matches;
element.addEventListener('focusin', (event) => { last = event.target.dataset?.key || ''; });
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (!button || button.dataset.act === 'back') return;
  const field = button.closest('.wr-dr-form')?.querySelector('textarea');
  trigger('click', {...button.dataset, ...(field ? {text: field.value} : {})});
});
element.addEventListener('keydown', (event) => {
  const form = event.target.closest('.wr-dr-form');
  if (!form) return;
  if (event.key === 'Escape') form.querySelector('[data-act=cancel]').click();
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.querySelector('.wr-primary').click();
});
watch('value', () => {
  const wanted = element.querySelector('[data-focus]');
  const free = !document.activeElement || document.activeElement === document.body;
  if (wanted) {
    wanted.focus();
    if (wanted.tagName === 'TEXTAREA') wanted.setSelectionRange(wanted.value.length, wanted.value.length);
  } else if (last && free) element.querySelector(`[data-key="${CSS.escape(last)}"]`)?.focus({preventScroll: true});
});
"""
_SHOW = (
    _CLICKS
    + """
watch('value', () => {
  const mark = element.querySelector('.wr-sentence') || element.querySelector('#wr-cited');
  const text = mark?.closest('.wr-document');
  const above = text ? mark.getBoundingClientRect().top - text.getBoundingClientRect().top : 0;
  if (text) text.scrollTop += above - text.clientHeight / 3;
  if (stacked() && element.querySelector('[data-looked]')) element.scrollIntoView({block: 'start'});
});
element.addEventListener('click', (event) => {
  if (!event.target.closest('.wr-dr-back')) return;
  const chosen = document.querySelector('#wr-dr-report .wr-dr-chosen') || document.querySelector('#wr-dr-report');
  chosen.scrollIntoView({block: 'center'});
  chosen.querySelector('button')?.focus({preventScroll: true});
});
"""
)
_OPENED = (
    _CLICKS
    + """
let draft = '';
watch('value', () => {
  const now = element.querySelector('.wr-dr-report')?.dataset.draft || '';
  if (now && now !== draft && stacked()) element.scrollIntoView({block: 'start'});
  if (now !== draft) element.closest('#wr-dr-middle')?.scrollTo({top: 0});
  draft = now;
});
"""
)


def build_drafts(page: gr.Blocks, chat: Desk, wording: Wording) -> None:
    """The components and events of the page, below its head."""
    assistant = chat.assistant
    desk = DraftsDesk(assistant)
    where, lines = gr.State(Where()), gr.State({})  # of the studies to choose from
    timer = gr.Timer(_TICK_S, active=False)

    def html(name: str, script: str | None = _CLICKS) -> gr.HTML:
        return gr.HTML("", elem_id=f"wr-dr-{name}", apply_default_css=False, js_on_load=script)

    with gr.Row(elem_id="wr-drafts", equal_height=False):
        with gr.Column(elem_id="wr-dr-left", scale=3, min_width=260):
            runs, progress, listed = html("runs"), html("progress"), html("listed")
            wording.draw(html("feedback", None), export_links)
        with gr.Column(elem_id="wr-dr-new", scale=10, min_width=320, visible=False) as form:
            parts = _form(assistant, wording)
        with gr.Column(elem_id="wr-dr-middle", scale=5, min_width=320) as middle:
            report = html("report", _OPENED)
        with gr.Column(elem_id="wr-dr-right", scale=5, min_width=320) as right:
            beside = html("evidence", _SHOW)

    drawn = [runs, progress, listed, report, beside, form, middle, right]
    arrived = [where, timer, parts["template"], parts["modality"]]
    page.load(desk.arrive, None, arrived, **DIRECT).then(desk.draw, [where], drawn, **DIRECT)
    for component in (runs, progress, listed, report, beside):
        component.click(desk.press, [where], [where, *drawn, timer], **QUIET)
    timer.tick(desk.tick, [where], [runs, progress, listed, timer], **DIRECT)
    choices = [parts["chosen"], parts["every"], lines]
    finding = {"fn": desk.find, "inputs": [parts["words"], parts["modality"], parts["chosen"], lines]}
    for event in (parts["find"].click, parts["words"].submit):
        event(**finding, outputs=[*choices, parts["found"]], **QUIET)
    parts["every"].click(list, [lines], [parts["chosen"]], **DIRECT)
    parts["begin"].click(
        desk.begin,
        [parts[name] for name in ("name", "chosen", "files", "template", "model", "prior")] + [where],
        [where, *drawn, parts["told"], *choices, parts["files"], parts["name"], timer],
        **QUIET,
    )


def _form(assistant: Assistant, wording: Wording) -> dict[str, Any]:
    """What a run is begun with."""
    found: dict[str, Any] = {}

    def title(key: str, css: str) -> gr.HTML:
        tag = "h2" if css == "wr-dr-title" else "h3"
        return wording.draw(
            gr.HTML("", apply_default_css=False, js_on_load=None), lambda: f'<{tag} class="{css}">{say(key)}</{tag}>'
        )

    title("drafts.new", "wr-dr-title")
    title("drafts.which_studies", "wr-dr-step")
    with gr.Row(elem_classes="wr-dr-find"):
        found["words"] = wording(gr.Textbox(scale=4, max_lines=1), label="drafts.words", info="drafts.words_hint")
        found["modality"] = wording(gr.Dropdown([], scale=1, min_width=140), label="drafts.modality")
        found["find"] = wording(gr.Button(scale=0, min_width=110), value="drafts.find")
    found["found"] = gr.HTML("", elem_id="wr-dr-found", apply_default_css=False, js_on_load=None)
    found["chosen"] = wording(gr.CheckboxGroup(elem_id="wr-dr-chosen"), label="drafts.chosen")
    found["every"] = wording(gr.Button(scale=0, size="sm", visible=False), value="drafts.every")
    found["files"] = wording(gr.File(file_count="multiple", elem_id="wr-dr-files", height=150), label="drafts.files")
    title("drafts.how", "wr-dr-step")
    with gr.Row():
        found["template"] = wording(gr.Dropdown([], elem_id="wr-dr-template", scale=2), label="drafts.template")
        found["model"] = wording(
            gr.Dropdown(
                [name for _, name in MODELS], value=assistant.settings.llm.name, elem_id="wr-dr-model", scale=2,
            ),
            choices=MODELS, label="head.answered_by",
        )  # fmt: skip
        found["name"] = wording(
            gr.Textbox(scale=2, max_lines=1, elem_id="wr-dr-name"), label="drafts.name", info="drafts.name_hint"
        )
    found["prior"] = wording(gr.Checkbox(), label="drafts.with_prior")
    found["told"] = gr.HTML("", elem_id="wr-dr-told", apply_default_css=False, js_on_load=None)
    found["begin"] = wording(gr.Button(variant="primary", elem_id="wr-dr-begin", scale=0), value="drafts.begin")
    return found
