"""The archive page: what is indexed, and the way from nothing to an archive of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from markupsafe import Markup

from assistant import demo
from assistant.assistant import Assistant
from assistant.errors import WardroundError
from assistant.ui.archive import drawn
from assistant.ui.archive.builder import Builder
from assistant.ui.archive.folders import Folders
from assistant.ui.archive.glance import glance
from assistant.ui.archive.lead_on import ROLE
from assistant.ui.chat.desk import Desk
from assistant.ui.events import DIRECT, QUIET
from assistant.ui.gate.visitor import visitor
from assistant.ui.language import say
from assistant.ui.language.told import translated
from assistant.ui.language.wording import Wording

TICK_S = 1.0

# What is drawn anew takes the focus with it: whoever uses the keyboard goes on at what came in its place.
_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (button) trigger('click', {...button.dataset});
});
let stage;
watch('value', () => {
  const now = element.querySelector('[data-stage]')?.dataset.stage;
  const places = element.querySelectorAll('[data-focus]');
  if (document.activeElement === document.body && places.length && (!now || now !== stage))
    places[places.length - 1].focus();
  stage = now;
});
"""


class ArchiveDesk:
    """What happens on the archive page. Only administrators build; a build belongs to the server, not to a tab."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.builder = Builder(assistant)
        self.folders = Folders(assistant.workspace, assistant.settings.ui.archive_folders)

    def archives(self) -> Markup:
        if not visitor().may(ROLE):
            return Markup('<p class="wr-html">{}</p>').format(say("archive.not_allowed"))
        opened = self.assistant.opened_at()
        return drawn.archives_html(self.assistant.totals(), self.assistant.generations(), opened)

    def work(self) -> Markup:
        return drawn.work_html(self.builder.work) if visitor().may(ROLE) else Markup("")

    def offers(self) -> Markup:
        """The demonstration archive and one's own."""
        if not visitor().may(ROLE):
            return Markup("")
        return drawn.offers_html(demo.DEMO_INDEX in self.assistant.indexes, self._roots())

    def arrive(self) -> tuple[Any, ...]:
        """A tab was opened: it shows a build that is under way."""
        return self.archives(), self.work(), self.offers(), gr.Timer(active=self._runs())

    def tick(self) -> tuple[Any, ...]:
        """While something is built: how far it is; at the end, what is there now."""
        if self._runs():
            return gr.skip(), self.work(), gr.skip(), gr.skip()
        return self.archives(), self.work(), self.offers(), gr.Timer(active=False)

    def press(self, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        """A button of the page."""
        act, key = str(event._data.get("act", "")), str(event._data.get("folder", ""))
        if not visitor().may(ROLE):
            yield self.archives(), "", "", gr.skip()
            return
        try:
            yield from self._do(act, key, str(event._data.get("index", "")))
        except WardroundError as error:
            told = Markup('<p class="wr-error" role="alert">{}</p>').format(translated(error))
            yield gr.skip(), gr.skip(), drawn.own_html(told + self._roots()), gr.skip()

    def _do(self, act: str, key: str, index: str) -> Iterator[tuple[Any, ...]]:
        if act in ("demo", "build", "update"):
            yield self._begin(act, key, index)
            return
        if act == "enter":
            yield gr.skip(), gr.skip(), drawn.own_html(self._folder(key)), gr.skip()
        elif act == "look":
            folder = self.folders.find(key)
            yield gr.skip(), gr.skip(), drawn.own_html(drawn.looking_html(folder)), gr.skip()
            seen = glance(folder.path, self.assistant.workspace, self.assistant.settings)
            shown = drawn.glance_html(folder, seen, self._folder(key))
            yield gr.skip(), gr.skip(), drawn.own_html(shown), gr.skip()
        else:
            yield gr.skip(), gr.skip(), self.offers(), gr.skip()

    def _begin(self, act: str, key: str, index: str) -> tuple[Any, ...]:
        if act == "demo":
            begun = self.builder.demo()
        elif act == "update":
            begun = self.builder.update(index)
        else:
            folder = self.folders.find(key)
            begun = self.builder.folder(folder.path, folder.path.name)
        if not begun:
            raise WardroundError(say("archive.busy"))
        return gr.skip(), self.work(), Markup(""), gr.Timer(active=True)

    def _roots(self) -> Markup:
        return drawn.roots_html(self.folders.roots(), self.folders.missing(), self.assistant.workspace)

    def _folder(self, key: str) -> Markup:
        here = self.folders.find(key)
        return drawn.folder_html(self.folders.trail(here), self.folders.below(here))

    def _runs(self) -> bool:
        return self.builder.work.stage == "running"


def build_archive(page: gr.Blocks, desk: Desk, wording: Wording) -> None:
    """The components and events of the archive page, inside the opened `page`."""
    archive = ArchiveDesk(desk.assistant)
    html: dict[str, Any] = {"apply_default_css": False, "js_on_load": _CLICKS}
    with gr.Column(elem_classes="wr-page"):
        archives = gr.HTML("", elem_id="wr-archives", **html)
        work = gr.HTML("", elem_id="wr-work", **html)
        offers = gr.HTML("", elem_id="wr-offers", **html)
    timer = gr.Timer(TICK_S, active=False)
    shown = [archives, work, offers, timer]
    page.load(archive.arrive, None, shown, **DIRECT)
    timer.tick(archive.tick, None, shown, **DIRECT)
    archives.change(wording.say, None, wording.components, **DIRECT)  # the head names what is open, too
    for component in (archives, offers):
        component.click(archive.press, None, shown, concurrency_limit=2, **QUIET)
