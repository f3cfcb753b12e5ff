"""The evidence beside a draft: what the chosen sentence cites, one piece of it opened, and all the rest in folds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from assistant.drafting.prior import is_prior
from assistant.measure import quantity_of
from assistant.records import BoxPlace, Evidence, Record, SignalPlace, ValuePlace
from assistant.retrieve.own import MEASURED, MEASURED_IN_ARCHIVE, NOT_MEASURED, NOT_MEASURED_IN_ARCHIVE
from assistant.ui.drafts.report import Opened, as_it_was, claims_shown
from assistant.ui.evidence.view import Look, view
from assistant.ui.language import say, say_count, words

_MEASURED = (MEASURED, NOT_MEASURED, MEASURED_IN_ARCHIVE, NOT_MEASURED_IN_ARCHIVE)
_QUOTED = re.compile(r"“([^”]+)”")


def beside_html(opened: Opened, look: Look, own: Sequence[Record]) -> Markup:
    """The panel; `own` are the study's own pictures and signals, which similar ones are laid beside."""
    known, order = opened.known(), opened.numbered()
    sentence = next((s for s in opened.review.sentences if s.key == opened.sentence), None)
    was = as_it_was(sentence) if sentence else None
    claims = (was,) if was else claims_shown(sentence) if sentence else ()
    text = " ".join(claim.text for claim in claims)
    cited = list(dict.fromkeys(key for claim in claims for key in claim.citations if key in known))
    study = [key for key, piece in known.items() if is_picture(piece)]
    shown_already = {*cited, *study}
    rest = [key for key, piece in known.items() if piece.kept and key not in shown_already]
    left_out = [key for key, piece in known.items() if not piece.kept and key not in shown_already]
    chosen = known.get(opened.evidence or "")
    shown = Markup('<p class="wr-empty">{}</p>').format(say("drafts.choose_evidence"))
    if chosen is not None:
        quotes = _QUOTED.findall(text) or ([text] if text else [])
        shown = view(chosen, look, order.get(chosen.id), relation(chosen), None, quotes, own)
    key = "evidence_was" if was else "evidence_for" if cited else "evidence_none"
    title = say(f"drafts.{key}", sentence=text) if sentence else say("drafts.all_evidence")
    back = Markup('<p class="wr-dr-back"><button type="button" data-act="back">{}</button></p>').format(
        say("drafts.back")
    )
    return Markup('<div class="wr-panel"{}>{}<h2>{}</h2>{}{}{}{}{}</div>').format(
        Markup(" data-looked") if opened.looked else "",
        back,
        title,
        _row(opened, study, say("drafts.own")) if study else "",
        _row(opened, cited, say("drafts.was_cited" if was else "drafts.cited")) if cited else "",
        shown,
        _fold(opened, rest, "drafts.more_evidence"),
        _fold(opened, left_out, "drafts.left_out"),
    )


def is_picture(evidence: Evidence) -> bool:
    """Whether it is a picture or a recording of the drafted study itself, as a whole."""
    place = evidence.place
    whole = isinstance(place, BoxPlace) or (isinstance(place, SignalPlace) and place.lead == "all")
    return evidence.relation == "own" and whole and not is_prior(evidence) and evidence.why not in _MEASURED


def relation(evidence: Evidence) -> str:
    """Whose it is, as a draft says it: this study's, its patient's earlier, another's."""
    if evidence.relation == "own":
        return say("drafts.prior") if is_prior(evidence) else say("drafts.own")
    return words.relation(evidence, ())


def _fold(opened: Opened, keys: Sequence[str], text: str) -> Markup:
    if not keys:
        return Markup("")
    is_open = Markup(" open") if opened.evidence in keys else ""
    return Markup('<details class="wr-fold"{}><summary>{}</summary>{}</details>').format(
        is_open, say_count(text, len(keys)), _row(opened, keys, say_count(text, len(keys)))
    )


def _row(opened: Opened, keys: Sequence[str], label: str) -> Markup:
    known, order = opened.known(), opened.numbered()
    tabs = Markup("").join(_tab(known[key], order.get(key), key == opened.evidence) for key in keys)
    return Markup('<ul class="wr-tabs" aria-label="{}">{}</ul>').format(label, tabs)


def _tab(evidence: Evidence, number: int | None, pressed: bool) -> Markup:
    name = words.modality(evidence.modality, evidence.kind)
    if isinstance(evidence.place, ValuePlace):
        name = words.measure(evidence.place.name)
    elif evidence.why in _MEASURED and (about := quantity_of(evidence.text)):
        name = words.measure(about)
    below = " · ".join(filter(None, (relation(evidence), words.place(evidence.place))))
    return Markup(
        '<li><button type="button" class="wr-tab" data-act="evidence" data-evidence="{}" data-key="tab-{}" '
        'aria-pressed="{}"><b>{}</b> {}<small>{}</small></button></li>'
    ).format(evidence.id, evidence.id, "true" if pressed else "false", number or "", name, below)
