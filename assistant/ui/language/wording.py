"""The texts of Gradio's own components in the visitor's language.

The page is built once, for everybody; what its components say is set when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component

from assistant.ui.events import DIRECT
from assistant.ui.language import DEFAULT, languages, say, say_in

C = TypeVar("C", bound=Component)
Say = Callable[[str], str]


_LACKED = {"common.upload": "drafts.upload"}  # keys that Gradio's components ask for and no translation of its own has


def gradio_texts() -> gr.I18n:
    """What Gradio's own translations lack, in every language there is; else its components show the bare key."""
    return gr.I18n(**{code: {theirs: say_in(code, ours) for theirs, ours in _LACKED.items()} for code in languages()})


class Wording:
    """Components of one page and what they say."""

    def __init__(self) -> None:
        self.components: list[Component] = []
        self._texts: list[Callable[[Say], dict[str, Any]]] = []

    def __call__(self, component: C, *, choices: tuple[tuple[str, str], ...] = (), **keys: str) -> C:
        """Give a component its texts: `label="head.answered_by"`, `value=…`; `choices` are (key, value) pairs.

        Until the page is opened they are English.
        """

        def texts(say: Say) -> dict[str, Any]:
            told: dict[str, Any] = {name: say(key) for name, key in keys.items()}
            return {**told, "choices": [(say(key), value) for key, value in choices]} if choices else told

        for name, text in texts(partial(say_in, DEFAULT)).items():
            setattr(component, name, text)
        self.components.append(component)
        self._texts.append(texts)
        return component

    def draw(self, component: C, html: Callable[[], str]) -> C:
        """Give an HTML component what `html()` draws for the visitor."""
        self.components.append(component)
        self._texts.append(lambda _: {"value": html()})
        return component

    def say(self) -> Any:
        """What every component says now, as the updates of `components`."""
        updates = [gr.update(**texts(say)) for texts in self._texts]
        return updates if len(updates) != 1 else updates[0]

    def load(self, page: gr.Blocks) -> None:
        """Set the texts whenever this page is opened; call it last, inside the page."""
        page.load(self.say, None, self.components, **DIRECT)
