"""One draft to be gone through: its sentences with verdicts, what was decided on each, and the ways to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from assistant.drafting.flags import flags_after
from assistant.drafting.review import LONGEST
from assistant.ingest.deid.spans import KINDS
from assistant.records import STATES, Claim, Evidence, Review, Sentence
from assistant.store.opinions import Opinion, Target
from assistant.ui.drafts.button import button
from assistant.ui.feedback import opinion_html
from assistant.ui.gate.seals import address
from assistant.ui.language import say, say_count, words
from assistant.ui.language.figures import moment, number
from assistant.ui.language.told import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)}|age over 89)\]")
_MARKS = {"open": "○", "accepted": "✓", "changed": "✎", "rejected": "✗", "added": "+"}
HEADING = "heading"  # of the report, as a place where the keyboard goes
FORMS = (("draft.docx", "DOCX"), ("draft.pdf", "PDF"), ("draft.fhir.json", "FHIR"), ("draft.jsonl", "JSON Lines"))


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft as it stands open: `editing` is the sentence (or with "+", the section) whose text is being written,
    `typed` what stands in its field, `error` why it was not taken; `focus` is where the keyboard goes next, `looked`
    says that evidence was asked for just now."""

    digest: str
    review: Review
    sections: Sequence[str]
    opinions: Mapping[Target, Opinion] = field(default_factory=dict)
    sentence: str | None = None
    evidence: str | None = None
    editing: str | None = None
    typed: str | None = None
    error: str = ""
    focus: str = ""
    looked: bool = False

    def numbered(self) -> dict[str, int]:
        """The number that a citation shows, by evidence id: as the report's documents number them, and after them what
        only rejected sentences cite."""
        known = self.known()
        sentences = [sentence for _, of_section in self.review.sections() for sentence in of_section]
        standing = [claim for sentence in sentences for claim in sentence.claims]
        rejected = [claim for sentence in sentences for claim in claims_shown(sentence) if not sentence.claims]
        order: dict[str, int] = {}
        for key in (key for claim in (*standing, *rejected) for key in claim.citations if key in known):
            order.setdefault(key, len(order) + 1)
        return order

    def known(self) -> dict[str, Evidence]:
        return {piece.id: piece for piece in self.review.draft.evidence}


def report_html(opened: Opened) -> Markup:
    """The whole report."""
    review, draft = opened.review, opened.review.draft
    grouped = dict(review.sections())
    order = opened.numbered()
    sections = Markup("").join(_section(opened, name, grouped.get(name, ()), order) for name in opened.sections)
    return Markup('<article class="wr-dr-report" data-draft="{}">{}{}{}</article>').format(
        opened.digest, _head(opened), sections, Markup('<p class="wr-soft">{}</p>').format(say("drafts.preliminary"))
    ) + (Markup("") if draft.sections else Markup('<p class="wr-soft">{}</p>').format(say("drafts.nothing_drafted")))


def _head(opened: Opened) -> Markup:
    draft, counts = opened.review.draft, opened.review.counts
    facts = filter(None, (translated(draft.given), draft.model, draft.prompt or draft.template))
    told = ", ".join(say_count(f"drafts.n_{state}", counts[state]) for state in STATES if counts[state])
    people = opened.review.people
    by = f" · {say('drafts.by', people=', '.join(people))}" if people else ""
    flags = flags_after(draft.flags, [claim for s in opened.review.sentences for claim in s.claims])
    look = Markup("")
    if flags:
        items = Markup("").join(Markup("<li>{}</li>").format(translated(flag)) for flag in flags)
        look = Markup('<div class="wr-dr-look"><h3>⚑ {}</h3><ul>{}</ul></div>').format(say("drafts.look"), items)
    links = Markup(" · ").join(
        Markup('<a href="{}" download>{}</a>').format(address(opened.digest, what), name) for what, name in FORMS
    )
    return Markup(
        '<header><h2 tabindex="-1"{}><bdi>{}</bdi></h2><p class="wr-soft">{}</p>'
        '<p class="wr-dr-counts" role="status">{}{}</p><p class="wr-dr-links">{} {}</p></header>{}'
    ).format(
        Markup(" data-focus") if opened.focus == HEADING else "",
        draft.external_id or draft.study_id,
        " · ".join(facts),
        told,
        by,
        say("drafts.export"),
        links,
        look,
    )


def _section(opened: Opened, name: str, sentences: Sequence[Sentence], order: Mapping[str, int]) -> Markup:
    items = Markup("").join(_sentence(opened, sentence, order) for sentence in sentences)
    key = f"+{name}"
    if opened.editing == key:
        add = _form(opened, name, "add", "", say("drafts.new_sentence", section=name))
    else:
        add = button("write", say("drafts.add"), key, css="wr-act", focus=opened.focus == key, sentence=key)
    return Markup('<section><h3>{}</h3><ol class="wr-claims">{}</ol>{}</section>').format(name, items, add)


def _sentence(opened: Opened, sentence: Sentence, order: Mapping[str, int]) -> Markup:
    claims = claims_shown(sentence)
    cite = [Markup("").join(_citations(opened, sentence, claim, order)) for claim in claims]
    said = Markup("").join(
        Markup('<p class="wr-said"><span class="wr-text">{}</span>{}</p>{}').format(claim.text, cited, _verdict(claim))
        for claim, cited in zip(claims, cite, strict=True)
    )
    worst = next((v for v in ("contradicted", "unsupported") if any(c.verdict == v for c in claims)), "supported")
    body = said
    if opened.editing == sentence.key:
        body = _form(opened, sentence.key, "change", sentence.text, say("drafts.change_sentence"))
    target = Target(None, opened.digest, sentence.key)
    return Markup('<li class="wr-claim wr-{} wr-dr-{}{}" data-sentence="{}" data-state="{}">{}{}{}{}{}</li>').format(
        worst,
        sentence.state,
        " wr-dr-chosen" if sentence.key == opened.sentence else "",
        sentence.key,
        sentence.state,
        body + _taken_out(sentence),
        _state(sentence),
        Markup("") if opened.editing == sentence.key else _ways(opened, sentence, worst),
        _history(sentence),
        opinion_html(target, opened.opinions.get(target)),
    )


def _taken_out(sentence: Sentence) -> Markup:
    """That what a person wrote holds a placeholder for what they wrote there."""
    if sentence.state not in ("changed", "added") or not PLACEHOLDER.search(sentence.text):
        return Markup("")
    return Markup('<p class="wr-warning" role="status">⚠ {}</p>').format(say("drafts.taken_out"))


def claims_shown(sentence: Sentence) -> tuple[Claim, ...]:
    """What is shown of a sentence: what stands there, or what was rejected."""
    if sentence.claims or not sentence.last:
        return sentence.claims
    return sentence.last.before


def as_it_was(sentence: Sentence) -> Claim | None:
    """What was drafted, where a sentence was changed to words that no evidence is cited for: its evidence can still be
    looked at."""
    was = sentence.original if sentence.state == "changed" else None
    return was if was and was.citations and not any(claim.citations for claim in sentence.claims) else None


def _verdict(claim: Claim) -> Markup:
    mark, told = words.verdict(claim)
    why = (
        Markup('<span class="wr-why">{}</span>').format(translated(claim.why))
        if claim.verdict != "supported" and claim.why
        else ""
    )
    return Markup('<p class="wr-verdict"><span aria-hidden="true">{}</span> {}{}</p>').format(mark, told, why)


def _citations(opened: Opened, sentence: Sentence, claim: Claim, order: Mapping[str, int]) -> Iterator[Markup]:
    known = opened.known()
    for key in claim.citations:
        if key in known:
            name = words.modality(known[key].modality, known[key].kind)
            lit = key == opened.evidence and sentence.key == opened.sentence
            yield Markup(
                '<button type="button" class="wr-cite" data-act="cite" data-sentence="{}" data-evidence="{}" '
                'data-key="{}" aria-pressed="{}" aria-label="{}">{}</button>'
            ).format(
                sentence.key, key, f"{sentence.key}-{key}", "true" if lit else "false",
                say("drafts.evidence", number=order[key], name=name), order[key],
            )  # fmt: skip


def _state(sentence: Sentence) -> Markup:
    if sentence.last is None or sentence.state == "open":
        return Markup("")
    told = say(f"drafts.{sentence.state}", by=sentence.last.by, at=moment(here(sentence.last.at)))
    return Markup('<p class="wr-dr-decision"><span aria-hidden="true">{}</span> {}</p>').format(
        _MARKS[sentence.state], told
    )


def _ways(opened: Opened, sentence: Sentence, worst: str) -> Markup:
    """The buttons: what a reader is warned of can be accepted, but not by the same word."""
    if sentence.state == "rejected":
        names = [("restore", "restore")]
    else:
        names = [("change", "change"), ("reject", "reject")]
        if sentence.state == "open":
            names.insert(0, ("accept", "accept" if worst == "supported" else "accept_anyway"))
        elif sentence.original is not None:
            names.append(("restore", "undo"))
    buttons = []
    for act, text in names:
        key = f"{sentence.key}-{act}"
        buttons.append(
            button(
                "write" if act == "change" else act,
                say(f"drafts.{text}"),
                key,
                css=f"wr-act wr-dr-{act}",
                focus=opened.focus == key,
                sentence=sentence.key,
            )
        )
    label = say("drafts.decide", sentence=sentence.text or say("drafts.this_sentence"))
    ways = Markup("").join(buttons)
    return Markup('<div class="wr-dr-ways" role="group" aria-label="{}">{}</div>').format(label, ways)


def _form(opened: Opened, key: str, act: str, text: str, label: str) -> Markup:
    typed = text if opened.typed is None else opened.typed
    error = Markup('<p class="wr-reason" role="alert">{}</p>').format(opened.error) if opened.error else Markup("")
    save = button(act, say("drafts.save"), "save", css="wr-primary", sentence=key)
    cancel = button("cancel", say("drafts.cancel"), "cancel", sentence=key)
    return Markup(
        '<div class="wr-dr-form"><label>{}<textarea rows="3" maxlength="{}" data-focus data-key="field">{}</textarea>'
        "</label>{}{} {}</div>"
    ).format(label, LONGEST, typed, error, save, cancel)


def _history(sentence: Sentence) -> Markup:
    """All decisions on a sentence, and what stood there before each."""
    if not sentence.history:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{}{}</li>").format(
            say(f"drafts.did_{edit.action}", by=edit.by, at=moment(here(edit.at))),
            Markup(": <del>{}</del>").format(" ".join(claim.text for claim in edit.before))
            if edit.before and edit.before != edit.after
            else "",
        )
        for edit in sentence.history
    )
    return Markup('<details class="wr-dr-history"><summary>{}</summary><ol>{}</ol></details>').format(
        say("drafts.history", count=number(len(sentence.history))), items
    )


def here(when: datetime) -> datetime:
    """A time of the database (UTC) as the server's clock shows it."""
    return when.replace(tzinfo=UTC).astimezone()
