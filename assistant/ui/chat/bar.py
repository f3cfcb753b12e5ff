"""The bar above a conversation: the account's conversations, and which patient the case in play is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from assistant.store.talks import KeptTalk
from assistant.ui.chat.conversation import Conversation
from assistant.ui.chat.talk import act, shorten
from assistant.ui.chat.uploads import Upload
from assistant.ui.language import say, say_count
from assistant.ui.language.figures import moment
from assistant.ui.language.words import listed

_NAMED = 3  # files named in the case's line; the others are counted


def bar_html(talk: Conversation, kept: Sequence[KeptTalk], called: Callable[[str], str]) -> Markup:
    """`kept` are the account's conversations, the latest first; `called` names a study by the archive's own key."""
    buttons = Markup('<div class="wr-bar-ways">{}{}{}</div>').format(
        act("choose", say("case.choose")),
        act("new_case", say("head.new_case"), css="wr-act wr-new-case"),
        act("new_talk", say("head.new_conversation"), css="wr-act wr-new-talk"),
    )
    address = Markup("") if talk.is_empty else Markup(' data-talk="{}"').format(talk.id)
    return Markup('<div class="wr-case-bar" data-typed="{}" data-taking="{}"{}>{}{}{}</div>').format(
        say("talk.typed"),
        say("uploads.taking", files="{files}", mb="{mb}"),
        address,
        _list(talk, kept),
        case_html(talk, called),
        buttons,
    )


def case_html(talk: Conversation, called: Callable[[str], str]) -> Markup:
    """Which patient, files or studies the case is about."""
    about, how = _about(talk, called)
    return Markup(
        '<div class="wr-case-line" role="group" aria-label="{}"><span class="wr-who">{}</span> <b><bdi>{}</bdi></b>'
        " <span>{}</span>{}</div>"
    ).format(say("case.name"), say("case.name"), about, how, _unproved(talk))


def _unproved(talk: Conversation) -> Markup:
    """Which files are in the case without stating its patient, and the way out where they are of another."""
    return _warning("case.taken_for", talk.nameless()) + _warning("case.unsure", talk.unsure())


def _warning(text: str, uploads: Sequence[Upload]) -> Markup:
    names = [upload.name for upload in uploads]
    if not names:
        return Markup("")
    return Markup('<p class="wr-warning" role="status">⚠ {}</p>').format(
        say_count(text, len(names), files=listed(_first(names)), way=say("head.new_case"))
    )


def _first(names: Sequence[str]) -> list[str]:
    """The first names, and how many there are more."""
    left = len(names) - _NAMED
    return [*names[:_NAMED], *([say_count("uploads.more", left)] if left > 0 else [])]


def _about(talk: Conversation, called: Callable[[str], str]) -> tuple[str, str]:
    """(whom or what, how that is known)."""
    case = talk.case
    files = ", ".join(_first([upload.name for upload in talk.own()]))
    scope = case.scope() if case is not None else None
    if scope is not None and scope.patient:
        return say("case.patient", patient=scope.patient), say("case.with_history" if scope.history else "case.chosen")
    if whose := talk.patient_shown():
        told = say("case.from_files", files=files) if files else say("case.of_before")
        return say("case.patient", patient=whose), told
    if scope is not None and scope.studies:
        ordered = sorted(scope.studies)
        names = ", ".join(_first([*map(called, ordered[:_NAMED]), *ordered[_NAMED:]]))  # the rest is only counted
        return say_count("case.studies", len(scope.studies)), say("case.only_these", studies=names)
    if files:
        return say("case.named" if talk.is_named() else "case.nameless"), say("case.from_files", files=files)
    return say("case.nobody"), say("case.whole_archive")


def _list(talk: Conversation, kept: Sequence[KeptTalk]) -> Markup:
    items = Markup("").join(_item(found, found.id == talk.id) for found in kept)
    inside = Markup("<ul>{}</ul>").format(items) if kept else Markup("<p>{}</p>").format(say("talks.none"))
    return Markup(
        '<button type="button" class="wr-act wr-talks-open" popovertarget="wr-talks"><span aria-hidden="true">☰</span>'
        ' {}</button><div id="wr-talks" class="wr-talks" popover role="group" aria-label="{}">{}</div>'
    ).format(say_count("talks.open", len(kept)), say("talks.name"), inside)


def _item(found: KeptTalk, current: bool) -> Markup:
    title = shorten(found.title or say("talks.untitled"), 60)
    told = f"{moment(found.changed_at)} · {say_count('talks.turns', found.turns)}"
    return Markup(
        '<li{}><button type="button" class="wr-talk-open" data-act="open_talk" data-talk="{}"{}><bdi>{}</bdi>'
        "<small>{}</small></button>{}{}</li>"
    ).format(
        Markup(' class="wr-current"') if current else "",
        found.id,
        Markup(' aria-current="true"') if current else "",
        title,
        told,
        _tool("ask_rename", "✎", say("talks.rename_this", title=title), found.id),
        _tool("ask_delete", "✕", say("talks.delete_this", title=title), found.id),
    )


def _tool(name: str, sign: str, label: str, talk_id: str) -> Markup:
    return Markup(
        '<button type="button" class="wr-talk-tool" data-act="{}" data-talk="{}" aria-label="{}" title="{}">'
        '<span aria-hidden="true">{}</span></button>'
    ).format(name, talk_id, label, label, sign)
