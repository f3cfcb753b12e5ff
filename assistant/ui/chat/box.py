"""The box that a question is typed into and files are dropped on."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta

LONGEST_NAME = 200


class _NoStub(ComponentMeta):
    """Gradio's own writes a `.pyi` beside the code of every component's class; ours has no events to tell of there."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        return super(ComponentMeta, cls).__new__(cls, name, bases, attrs)


class Box(gr.MultimodalTextbox, metaclass=_NoStub):
    """Gradio's, which also says what the user calls each file: Gradio takes quotes, `<` and more out of its name."""

    is_template = True  # in the browser it is Gradio's own

    def preprocess(self, payload: Any) -> Any:
        value = super().preprocess(payload)
        if value is None:
            return None
        names = {file.path: shown_name(file.orig_name) for file in payload.files if file.orig_name}
        return {**value, "names": {path: name for path, name in names.items() if name}}


def shown_name(told: str) -> str:
    """A file's name as it is shown, which is text and never a path: nothing that is invisible, and not endless."""
    return "".join(letter for letter in told if letter.isprintable())[:LONGEST_NAME]
