"""A button of the drafts page."""

from __future__ import annotations

from markupsafe import Markup


def button(
    act: str,
    text: str,
    key: str,
    *,
    css: str = "",
    pressed: bool | None = None,
    focus: bool = False,
    off: bool = False,
    **data: object,
) -> Markup:
    """A button whose click reaches `DraftsDesk.press` as `act` with the data.

    `key` names it on the page, so that the keyboard is where it was after the page was drawn anew; with `focus` it is
    put there. `pressed` is None for a button that does not stay pressed.
    """
    told = Markup("").join(Markup(' data-{}="{}"').format(name, value) for name, value in data.items())
    state = Markup("")
    if pressed is not None:
        state = Markup(' aria-pressed="true"') if pressed else Markup(' aria-pressed="false"')
    if focus:
        state += Markup(" data-focus")
    if off:
        state += Markup(" disabled")
    named = Markup(' class="{}"').format(css) if css else ""
    return Markup('<button type="button"{} data-act="{}" data-key="{}"{}{}>{}</button>').format(
        named, act, key, told, state, text
    )
