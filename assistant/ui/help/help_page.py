"""The help page: everything in one page to read, with examples that are asked at a click."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from assistant import demo
from assistant.ui.chat.desk import Desk
from assistant.ui.chat.handover import chat_address
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say
from assistant.ui.language.wording import Wording

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_DEMO_EXAMPLES = ("literature", "finding", "count", "none")
_EXAMPLES = ("finding", "count", "none")
_VERDICTS = (
    ("✓", "verdict.supported", "help.supported"),
    ("✗", "verdict.contradicted", "help.contradicted"),
    ("⚠", "verdict.unsupported", "help.unsupported"),
    ("∅", "help.no_answer_name", "help.no_answer"),
    ("⊘", "help.no_source_name", "help.no_source"),
)
_ERRORS = (
    "fabrication", "negation", "laterality", "location", "severity", "number", "time", "patient", "omission",
    "unverifiable",
)  # fmt: skip
_RELATIONS = (
    ("relation.upload", "help.upload"),
    ("relation.patient", "help.patient"),
    ("relation.other_patient", "help.other_patient"),
    ("relation.knowledge", "help.knowledge"),
)
_PAGES = (
    ("/", "head.chat", "help.page_chat", "reader"),
    ("/search", "head.search", "help.page_search", "reader"),
    ("/drafts", "head.drafts", "help.page_drafts", "author"),
    ("/evaluation", "head.evaluation", "help.page_evaluation", "auditor"),
    ("/access", "head.access", "help.page_access", "auditor"),
    ("/archive", "head.archive_page", "help.page_archive", "administrator"),
)
_KEYS = (
    ("help.keys_box", ("enter", "shift_enter", "paste")),
    ("help.keys_picture", ("zoom", "move", "window", "fit", "true_size", "invert", "flip", "reset", "frames")),
    ("help.keys_ecg", ("zoom", "fit", "ecg_true", "intervals", "caliper", "draw", "march", "caliper_move", "stretch")),
)


def help_html(assistant: Assistant) -> Markup:
    """The whole page, in the visitor's language."""
    sections = [
        _section("ask", _paragraphs("help.ask_how", "help.ask_language") + _examples(assistant)),
        _section("read", _paragraphs("help.read_how") + _verdicts() + _fold("help.errors", _errors()) + _relations()),
        _section("look", _paragraphs("help.look_picture", "help.look_ecg", "help.look_text")),
        _section("keys", _keys()),
        _section("pages", _pages()),
        _section("kept", _paragraphs("help.kept_where", "help.kept_files", "help.kept_forget")),
        _section("limits", _paragraphs("help.limits_device", "help.limits_checker", "help.limits_archive")),
    ]
    contents = Markup("").join(
        Markup('<li><a href="#wr-help-{}">{}</a></li>').format(name, say(f"help.{name}"))
        for name in ("ask", "read", "look", "keys", "pages", "kept", "limits")
    )
    return Markup('<div class="wr-html wr-help"><nav aria-label="{}"><ul>{}</ul></nav><div>{}</div></div>').format(
        say("help.contents"), contents, Markup("").join(sections)
    )


def _section(name: str, inside: Markup) -> Markup:
    return Markup(
        '<section id="wr-help-{}" aria-labelledby="wr-help-{}-name"><h2 id="wr-help-{}-name">{}</h2>{}</section>'
    ).format(name, name, name, say(f"help.{name}"), inside)


def _paragraphs(*keys: str) -> Markup:
    return Markup("").join(Markup("<p>{}</p>").format(say(key)) for key in keys)


def _examples(assistant: Assistant) -> Markup:
    """Links that ask in the chat; those of the demonstration archive where it is open."""
    if not assistant.indexes or not visitor().may("reader"):
        return Markup("")
    names = _DEMO_EXAMPLES if demo.DEMO_INDEX in assistant.indexes else _EXAMPLES
    items = Markup("").join(
        Markup('<li><a class="wr-do" href="{}" lang="en">{}</a> <span class="wr-soft">{}</span></li>').format(
            chat_address(say(f"help.try_{name}"), ask_now=True), say(f"help.try_{name}"), say(f"help.why_{name}")
        )
        for name in names
    )
    return Markup('<h3>{}</h3><ul class="wr-examples">{}</ul>').format(say("help.examples"), items)


def _verdicts() -> Markup:
    rows = Markup("").join(
        Markup('<dt><span aria-hidden="true">{}</span> {}</dt><dd>{}</dd>').format(mark, say(name), say(meaning))
        for mark, name, meaning in _VERDICTS
    )
    return Markup("<dl>{}</dl>").format(rows)


def _errors() -> Markup:
    return _terms((say(f"error_kind.{kind}"), say(f"help.error_{kind}")) for kind in _ERRORS)


def _relations() -> Markup:
    told = _terms((say(name), say(meaning)) for name, meaning in _RELATIONS)
    return Markup("<h3>{}</h3>{}").format(say("help.whose"), told)


def _keys() -> Markup:
    parts = []
    for title, names in _KEYS:
        rows = Markup("").join(
            Markup("<dt>{}</dt><dd>{}</dd>").format(_pressed(say(f"help.key_{name}")), say(f"help.does_{name}"))
            for name in names
        )
        parts.append(Markup("<div><h3>{}</h3><dl>{}</dl></div>").format(say(title), rows))
    return Markup('<p>{}</p><div class="wr-key-lists">{}</div>').format(say("help.keys_how"), Markup("").join(parts))


def _pressed(keys: str) -> Markup:
    """ "Shift+← →": the keys between spaces, each as one."""
    return Markup(" ").join(Markup("<kbd>{}</kbd>").format(key) for key in keys.split())


def _pages() -> Markup:
    """The pages that the visitor may open."""
    items = Markup("").join(
        Markup('<dt><a href="{}">{}</a></dt><dd>{}</dd>').format(path, say(name), say(what))
        for path, name, what, role in _PAGES
        if visitor().may(role)
    )
    return Markup("<dl>{}</dl>").format(items)


def _fold(title: str, inside: Markup) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(say(title), inside)


def _terms(pairs: Iterable[Sequence[str]]) -> Markup:
    rows = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, meaning) for name, meaning in pairs)
    return Markup("<dl>{}</dl>").format(rows)


def build_help(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The page's one component, drawn when it is opened."""
    with gr.Column(elem_classes="wr-page"):
        wording.draw(
            gr.HTML("", elem_id="wr-help", apply_default_css=False, js_on_load=None), lambda: help_html(desk.assistant)
        )
