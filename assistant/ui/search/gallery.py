"""What was found, as a gallery: a card each with its picture, score and reason, to open, to ask about, to search on."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

from assistant.records import Evidence, SearchResult, TextPlace
from assistant.store.words import query_words
from assistant.ui.chat.talk import shorten
from assistant.ui.evidence.opened import open_button, opened_here
from assistant.ui.evidence.timeline import timeline_fold
from assistant.ui.gate.seals import address, sealed
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import day, number
from assistant.ui.language.told import translated
from assistant.ui.language.words import listed
from assistant.ui.search.looking import Looking

ASK_ABOUT = "/wr/view/ask-about"
_NAMES = {"kinds": "kind", "modalities": "modality", "indexes": "index"}  # of a filter, its text's
_ORDER = "order: "  # how the step of a route begins that says by what a list is ordered
_TEXT = 280  # characters of a passage on its card
_WORD = re.compile(r"\w+")

# How many are chosen, and whether they can be asked about; and which record others like it are wanted for.
SELECT = """
const count = () => {
  const chosen = element.querySelectorAll('input[name=study]:checked').length;
  for (const button of element.querySelectorAll('button[data-about]')) {
    button.disabled = chosen === 0;
    button.querySelector('span').textContent = chosen ? `(${chosen})` : '';
  }
};
let pressed = false;
element.addEventListener('change', count);
watch('value', () => {
  count();
  if (pressed) element.querySelector('.wr-found-head, .wr-error')?.focus();
  pressed = false;
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act]');
  if (!button) return;
  pressed = true;
  trigger('click', {...button.dataset});
});
"""


def gallery_html(looking: Looking) -> Markup:
    """The results of a tab, or why there are none."""
    if looking.error:
        return Markup('<p class="wr-error" role="alert" tabindex="-1">{}</p>').format(looking.error)
    found = looking.found
    if found is None:
        return Markup('<div class="wr-empty"><h2>{}</h2><p>{}</p></div>').format(
            say("search.title"), say("search.about")
        )
    ranks = {piece.id: rank for rank, piece in enumerate(found.evidence, start=1)}
    cards = Markup("").join(_card(piece, found.query, ranks) for piece in found.evidence)
    own = next((piece for piece in found.evidence if piece.relation == "own" and piece.patient_id), None)
    return Markup(
        '<div class="wr-found" data-opener><form method="post" action="{}" target="_self">{}{}'
        '{}<ol class="wr-gallery">{}</ol></form>{}{}</div>'
    ).format(
        ASK_ABOUT,
        _head(found),
        _like(looking) + _without(looking),
        _about() if cards else "",
        cards,
        timeline_fold(own.record_id) if own and looking.filters.patient else "",
        opened_here(say("search.opened")),
    )


def _head(found: SearchResult) -> Markup:
    kept = sum(piece.kept for piece in found.evidence)
    told = say_count("search.found", len(found.evidence), kept=number(kept))
    took = number(sum(found.timing_ms.values()))
    order = next((step for step in found.route if step.startswith(_ORDER)), "")
    steps = (step for step in found.route if step != order)
    route = Markup("").join(Markup("<li>{}</li>").format(translated(step)) for step in steps)
    weak = Markup('<p class="wr-abstained">{}</p>').format(translated(found.reason)) if found.abstained else Markup("")
    return Markup(
        '<h2 class="wr-found-head" tabindex="-1" aria-live="polite">{}</h2>{}<p class="wr-order">{}</p>'
        '<details class="wr-step"><summary>{}</summary><ul>{}</ul></details>'
    ).format(told, weak, translated(order), say("search.how", ms=took), route)


def _like(looking: Looking) -> Markup:
    if looking.like is None:
        return Markup("")
    record = looking.like.record
    return Markup(
        '<p class="wr-like"><span>{}</span> <button type="button" class="wr-small" data-act="unlike">{}</button></p>'
    ).format(
        say("search.alike", what=words.modality(record.modality, record.kind), study=record.study_id or ""),
        say("search.unlike"),
    )


def _without(looking: Looking) -> Markup:
    """Which filters keep an empty list empty, each for itself."""
    if not looking.found or looking.found.evidence or not (names := list(looking.filters.loosened())):
        return Markup("")
    kept = [f"{say(f'search.{_NAMES.get(name, name)}')} ({number(n)})" for name, n in looking.without.items()]
    told = say("search.without", filters=listed(kept)) if kept else say_count("search.without_none", len(names))
    return Markup('<p class="wr-without">{}</p>').format(told)


def _about() -> Markup:
    return Markup(
        '<p class="wr-about-these"><button type="submit" class="wr-primary" data-about disabled>{} <span></span>'
        "</button><small>{}</small></p>"
    ).format(say("search.ask_about"), say("search.ask_about_hint"))


def _card(piece: Evidence, query: str, ranks: Mapping[str, int]) -> Markup:
    rank = ranks[piece.id]
    name = words.modality(piece.modality, piece.kind)
    where = words.place(piece.place) if isinstance(piece.place, TextPlace) else ""
    title = piece.title or ", ".join(filter(None, piece.labels.values())) or name
    facts = " · ".join(
        filter(
            None,
            (
                name if title != name else "",
                where,
                day(piece.taken_at) if piece.taken_at else "",
                piece.external_id or "",
            ),
        )
    )
    start, end = (piece.place.start, piece.place.end) if isinstance(piece.place, TextPlace) else (0, 0)
    return Markup(
        '<li class="wr-hit{}"><div class="wr-hit-top"><label class="wr-pick"><input type="checkbox" name="study" '
        'value="{}"> <b>{}</b><span class="wr-unseen">{}</span></label>'
        '<span class="wr-relation wr-rel-{}">{}</span>'
        '<span class="wr-score" title="{}"><span class="wr-unseen">{} </span>{}</span></div>{}'
        '<p class="wr-name"><bdi>{}</bdi></p><p class="wr-facts">{}</p>{}<p class="wr-why">{} {}</p>'
        '<p class="wr-hit-acts">{} <button type="button" class="wr-small" data-act="like" data-record="{}" '
        'data-start="{}" data-end="{}">{}</button></p></li>'
    ).format(
        "" if piece.kept else " wr-weak",
        sealed(str(piece.study_id)),
        rank,
        say("search.choose", rank=rank),
        piece.relation,
        _whose(piece),
        say("search.score_hint"),
        say("search.score"),
        number(piece.score, 3),
        _face(piece),
        title,
        facts,
        _passage(piece, query),
        say("search.kept" if piece.kept else "search.left_out"),
        words.with_numbers(translated(piece.why), ranks),
        open_button(
            piece.record_id, piece.relation, say("search.open"), start=start, end=end, is_copy=piece.copy_of is not None
        ),
        sealed(piece.record_id),
        start,
        end,
        say("search.more_like"),
    )


def _whose(piece: Evidence) -> str:
    """Whose it is: of other patients the pseudonym, since nobody is the case here."""
    if piece.relation == "similar" and piece.patient_id and piece.copy_of is None:
        return say("search.of_patient", patient=piece.patient_id)
    return words.relation(piece, ())


def _face(piece: Evidence) -> Markup:
    if piece.kind == "text":
        return Markup("")
    return Markup('<img class="wr-face wr-face-{}" loading="lazy" alt="" src="{}">').format(
        piece.kind, address(piece.record_id, "face")
    )


def _passage(piece: Evidence, query: str) -> Markup:
    """The passage with the words of the query marked, shortened."""
    if piece.kind != "text":
        return Markup("")
    text = shorten(piece.text, _TEXT)
    wanted = query_words(query)
    parts, done = Markup(""), 0
    for match in _WORD.finditer(text):
        if query_words(match[0]) & wanted:
            parts, done = parts + text[done : match.start()] + Markup("<mark>{}</mark>").format(match[0]), match.end()
    return Markup('<p class="wr-passage-text">{}</p>').format(parts + text[done:])
