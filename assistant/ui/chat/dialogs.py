"""What is asked in a dialog before anything happens: mixing two patients, whose case it is, renaming, deleting.

A dialog's buttons reach `Desk.act` with its fields; closing it by Escape is `dismiss`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from assistant.records import Apart
from assistant.ui.chat.talk import act
from assistant.ui.chat.uploads import Upload
from assistant.ui.language import say
from assistant.ui.language.words import listed


def mixing(
    own: Sequence[Upload],
    others: Sequence[Upload],
    of_one: Mapping[str, Sequence[Upload]],
    patient: str,
    apart: Apart = "",
) -> Markup:
    """Files of other patients came in; nothing is asked until one way out is taken. `of_one`: those that a new case
    may begin with, by patient; `apart`: what the files state, where that tells them from the case.

    It opens while somebody may be typing, so its title has the focus: no key presses a button unseen.
    """
    came = listed([upload.name for upload in others])
    whose = sorted({r.patient_id for upload in others for r in upload.records if r.patient_id})
    told = say("case.mixing_files", files=came, other=", ".join(whose) or say("case.somebody"))
    if apart and not (whose and patient):
        told = say(f"case.mixing_{apart}", files=came)
    so_far = patient or listed([upload.name for upload in own])
    of_case = say("case.mixing_case", patient=so_far) if so_far else ""
    new_cases = Markup("").join(
        act(
            "others_case",
            say("case.others_case", files=listed([upload.name for upload in uploads])),
            css="wr-act wr-main-act",
            patient=other,
        )
        for other, uploads in of_one.items()
    )
    buttons = new_cases + act("drop_others", say("case.drop_others", files=came))
    text = Markup("<p>{}</p><p>{}</p><p>{}</p>").format(told, of_case, say("case.mixing_why"))
    return _dialog(say("case.mixing"), text, buttons, say("case.later"), unasked=True)


def choosing(error: str = "", begins: bool = False) -> Markup:
    """Whose case it is; `begins` tells that choosing begins a new one."""
    fields = Markup(
        '<label>{}<input name="patient" required maxlength="64" autocomplete="off" spellcheck="false"></label>'
        '<label class="wr-check"><input type="checkbox" name="history" value="yes" checked>{}</label>'
    ).format(say("case.own_id"), say("case.history"))
    text = Markup("<p>{}</p>{}{}").format(
        say("case.choosing_new" if begins else "case.choosing"), fields, _error(error)
    )
    return _dialog(say("case.choose_title"), text, _submit("choose_patient", say("case.choose_this")))


def renaming(talk_id: str, title: str, error: str = "") -> Markup:
    field = Markup(
        '<label>{}<input name="title" required maxlength="80" value="{}" autocomplete="off"></label>'
    ).format(say("talks.title"), title)
    text = field + _error(error)
    return _dialog(say("talks.rename"), text, _submit("rename", say("talks.rename"), talk=talk_id))


def deleting(talk_id: str, title: str) -> Markup:
    text = Markup("<p>{}</p>").format(say("talks.delete_what", title=title))
    return _dialog(say("talks.delete"), text, act("delete", say("talks.delete"), css="wr-act wr-danger", talk=talk_id))


def _submit(name: str, text: str, **data: str) -> Markup:
    """The button that Enter presses."""
    told = Markup("").join(Markup(' data-{}="{}"').format(key, value) for key, value in data.items())
    return Markup('<button type="submit" class="wr-act wr-main-act" data-act="{}"{}>{}</button>').format(
        name, told, text
    )


def _error(text: str) -> Markup:
    return Markup('<p class="wr-error" role="alert">{}</p>').format(text) if text else Markup("")


def _dialog(title: str, text: Markup, buttons: Markup, dismiss: str = "", unasked: bool = False) -> Markup:
    return Markup(
        '<dialog class="wr-dialog" aria-labelledby="wr-dialog-title"><form method="dialog">'
        '<h2 id="wr-dialog-title"{}>{}</h2>{}<div class="wr-dialog-ways">{}{}</div></form></dialog>'
    ).format(
        Markup(' tabindex="-1" autofocus') if unasked else "",
        title,
        text,
        buttons,
        act("dismiss", dismiss or say("talks.cancel")),
    )
