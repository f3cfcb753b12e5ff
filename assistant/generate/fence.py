"""Retrieved and uploaded text is data: it is fenced, and can't close its fence or speak as anyone else.

Inside a fence nothing looks like a tag, like a turn of a chat template (`<|im_start|>`, `[INST]`,
`<start_of_turn>`), like one of our citations, or hides from the reader (zero-width, bidirectional and tag
characters). Comparisons such as "p < 0.05" and "<5 mm" stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

_ANGLES = str.maketrans({"＜": "<", "＞": ">", "﹤": "<", "﹥": ">"})
_OPENS_TAG = re.compile(r"<(?!\s*[-+.=\d])")  # a comparison is with a number
_TURN = re.compile(r"\[(/?[A-Z][A-Z_ ]{2,})\]")
_CITATION = re.compile(r"\[(\s*E\d+(?:\s*[,;–-]\s*E\d+)*\s*)\]", re.IGNORECASE)


def fenced(label: str, about: str, text: str) -> str:
    """One piece of evidence as `<data id="E1" …>` … `</data>`, safe against its own content."""
    return f'<data id="{label}" {about}>\n{defused(text)}\n</data>'


def defused(text: str) -> str:
    """The text with whatever could pass for markup, a turn or a citation made harmless."""
    shown = "".join(c for c in text.translate(_ANGLES) if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))
    shown = _OPENS_TAG.sub("‹", shown)
    shown = _TURN.sub(r"(\1)", shown)
    return _CITATION.sub(r"(\1)", shown)


def attribute(value: str) -> str:
    """A value that is safe inside the quotes of a fence's first line."""
    return defused(value).replace('"', "'").replace("\n", " ").replace(">", "›")
