"""The uploads as they lie above the box: a card each, and the names of those that were asked about."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.ui.chat.uploads import Upload
from assistant.ui.language import say, say_count
from assistant.ui.language.told import translated

NO_BUTTON = Markup("")
MOST_BAD = 2  # files that can't be read, each with a card of its own; more are folded into one


def shelf(uploads: Sequence[Upload], gone: str = "") -> Markup:
    """A card for each file that waits for its question, the names of those already asked about; before them, what
    there is to say of files that are `gone`.
    """
    shown = [(number, upload) for number, upload in enumerate(uploads) if not upload.companion]
    fresh = [(number, upload) for number, upload in shown if not upload.asked]
    bad = [(number, upload) for number, upload in fresh if upload.reason]
    folded = bad if len(bad) > MOST_BAD else []
    waiting = Markup("").join(card(upload, _remove(n, upload)) for n, upload in fresh if (n, upload) not in folded)
    waiting += _folded(folded)
    asked = Markup("").join(
        Markup("<li><bdi>{}</bdi>{}</li>").format(upload.name, _remove(number, upload))
        for number, upload in shown
        if upload.asked and not upload.reason
    )
    line = Markup('<ul class="wr-play" aria-label="{}"><li>{}</li>{}</ul>').format(
        say("uploads.asked_with"), say("uploads.in_play"), asked
    )
    cards = Markup('<ul class="wr-cards" aria-label="{}">{}</ul>').format(say("uploads.for_next"), waiting)
    note = Markup('<p class="wr-warning" role="status">⚠ {}</p>').format(gone) if gone else ""
    return Markup("{}{}{}").format(note, line if asked else "", cards if waiting else "")


def card(upload: Upload, button: Markup = NO_BUTTON) -> Markup:
    """What one file is, at a glance, or why it can't be read."""
    if upload.reason:
        return Markup(
            '<li class="wr-card wr-card-bad"><span class="wr-thumb wr-thumb-bad" aria-hidden="true">!</span><div>'
            '<bdi class="wr-name">{}</bdi><p class="wr-reason">{}</p></div>{}</li>'
        ).format(upload.name, say("uploads.unreadable", reason=translated(upload.reason)), button)
    return Markup('<li class="wr-card">{}{}</li>').format(upload.face, button)


def _folded(bad: Sequence[tuple[int, Upload]]) -> Markup:
    """One card for many files that can't be read: how many, each with its reason inside, and a way to be rid of all."""
    if not bad:
        return Markup("")
    lines = Markup("").join(
        Markup('<li><div><bdi class="wr-name">{}</bdi><p class="wr-reason">{}</p></div>{}</li>').format(
            upload.name, translated(upload.reason), _remove(number, upload)
        )
        for number, upload in bad
    )
    return Markup(
        '<li class="wr-card wr-card-bad wr-card-many"><details data-keep="unreadable"><summary>{}</summary>'
        '<ul class="wr-bad-files">{}</ul></details>'
        '<button type="button" class="wr-do" data-act="remove_unreadable">{}</button></li>'
    ).format(say_count("uploads.unreadable_many", len(bad)), lines, say("uploads.take_out_all"))


def _remove(number: int, upload: Upload) -> Markup:
    return Markup(
        '<button type="button" class="wr-remove" data-act="remove" data-number="{}" aria-label="{}" title="{}">×'
        "</button>"
    ).format(number, say("uploads.take_out", name=upload.name), say("uploads.take_out_short"))
