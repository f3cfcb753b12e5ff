"""The access log as HTML: what to look for, and the entries that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from assistant.errors import BadQuery
from assistant.pseudonyms import Pseudonyms
from assistant.records import Record
from assistant.store.access_log import FORGOTTEN, AccessLog, Entry, Wanted
from assistant.store.accounts import NOBODY
from assistant.ui.language import is_known, say, say_count, words
from assistant.ui.language.figures import day

if TYPE_CHECKING:
    from assistant.assistant import Assistant

CSV_ROUTE = "/wr/access.csv"
SHOWN = 100
FIELDS = ("patient", "account", "action", "since", "until")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the form; dates as YYYY-MM-DD, both included."""

    patient: str = ""
    account: str = ""
    action: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, sent: Mapping[str, object]) -> Typed:
        return cls(*(str(sent.get(name, "")).strip()[:200] for name in FIELDS))

    def query(self) -> str:
        return urlencode({name: value for name in FIELDS if (value := getattr(self, name))})

    def wanted(self, assistant: Assistant) -> Wanted:
        """Raises BadQuery for what is no date."""
        patients = None
        if self.patient:
            patients = pseudonyms_for(assistant, self.patient)
        until = _date(self.until)
        return Wanted(
            patients, self.account, self.action, _date(self.since), until + timedelta(days=1) if until else None
        )


def pseudonyms_for(assistant: Assistant, patient: str) -> frozenset[str]:
    """Under which pseudonyms entries may be about a patient, by the archive's own id or one of them: in each open
    index, and as whoever files are of that were handed in."""
    uploads = Pseudonyms.of(assistant.workspace).patient(patient, "")
    return assistant.pseudonyms_of(patient, None)[0] | {patient, uploads}


def log_html(assistant: Assistant, typed: Typed, before: int | None = None) -> Markup:
    """The form with what was typed, and the entries that fit, a page of them."""
    log = AccessLog(assistant.db)
    try:
        wanted = typed.wanted(assistant)
    except BadQuery as error:
        return _framed(_form(log, typed), Markup('<p role="alert" class="wr-bad-note">{}</p>').format(error))
    entries, count = list(log.entries(wanted, most=SHOWN, before=before)), log.count(wanted)
    told = say_count("access.found", count) if count else say("access.empty")
    shown = Markup('<p role="status" class="wr-soft">{}</p>').format(told)
    if not entries:
        return _framed(_form(log, typed), shown)
    export = Markup('<a href="{}?{}" download>{}</a>').format(CSV_ROUTE, typed.query(), say("access.export"))
    known = assistant.called([entry.record_id for entry in entries])
    return _framed(_form(log, typed), shown, _table(entries, known), _pages(entries, before), export)


def told_action(action: str) -> str:
    """What was done, in words where there are any."""
    key = f"access.{action}"
    return say(key) if is_known(key) else action


def _framed(*parts: Markup) -> Markup:
    return Markup('<div class="wr-html wr-access"><h2>{}</h2>{}</div>').format(
        say("access.title"), Markup("").join(parts)
    )


def _form(log: AccessLog, typed: Typed) -> Markup:
    accounts = [("", say("access.everybody")), *((name, _account(name)) for name in log.accounts())]
    actions = [("", say("access.anything")), *((name, told_action(name)) for name in log.actions())]
    return Markup(
        '<form class="wr-access-form"><label>{}<input name="patient" value="{}" placeholder="{}" autocomplete="off">'
        "</label>{}{}<label>{}{}</label><label>{}{}</label>"
        '<button type="submit">{}</button></form>'
    ).format(
        say("access.patient"),
        typed.patient,
        say("access.patient_hint"),
        _choice("account", accounts, typed.account),
        _choice("action", actions, typed.action),
        say("access.since"),
        _day("since", typed.since),
        say("access.until"),
        _day("until", typed.until),
        say("access.apply"),
    )


def _choice(name: str, options: Sequence[tuple[str, str]], chosen: str) -> Markup:
    listed = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(value, Markup(" selected") if value == chosen else "", text)
        for value, text in options
    )
    return Markup('<label>{}<select name="{}">{}</select></label>').format(say(f"access.{name}"), name, listed)


def _day(name: str, value: str) -> Markup:
    return Markup('<input type="date" name="{}" value="{}">').format(name, value)


def _table(entries: Sequence[Entry], known: Mapping[str, tuple[str, Record]]) -> Markup:
    names = ("time", "account", "action", "patient", "record")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(say(f"access.{name}")) for name in names)
    rows = Markup("").join(_row(entry, known.get(entry.record_id)) for entry in entries)
    return Markup(
        '<div class="wr-wide" tabindex="0" role="group" aria-label="{}"><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(say("access.title"), head, rows)


def _row(entry: Entry, record: tuple[str, Record] | None) -> Markup:
    gone = entry.record_id.startswith(FORGOTTEN)
    return Markup("<tr><td>{}</td><td><bdi>{}</bdi></td><td>{}</td><td>{}</td><td>{}</td></tr>").format(
        f"{day(entry.seen_at)}, {entry.seen_at:%H:%M:%S}",
        _account(entry.account),
        told_action(entry.action),
        say("access.forgotten") if gone else _whose(entry.patient_id),
        "" if gone else _what(entry.record_id, record),
    )


def _account(name: str) -> str:
    return say("access.nobody") if name == NOBODY else name


def _what(record_id: str, known: tuple[str, Record] | None) -> Markup:
    """A record by the archive's own key, its index and what it is; what is no indexed record as it was written."""
    if known is None:
        told = say("access.all") if record_id == "all" else record_id
        return Markup("<code>{}</code>").format(told) if told else Markup("")
    index, record = known
    return Markup('<bdi title="{}">{}</bdi> · <bdi>{}</bdi> · {}').format(
        record_id, record.external_id or record_id, index, words.modality(record.modality, record.kind)
    )


def _whose(patient: str | None) -> Markup:
    if patient is None:
        return Markup("–")
    return Markup('<button type="button" class="wr-plain" data-patient="{}">{}</button>').format(patient, patient)


def _pages(entries: Sequence[Entry], before: int | None) -> Markup:
    newest = Markup('<button type="button" data-before="">{}</button>').format(say("access.newest"))
    older = Markup('<button type="button" data-before="{}">{}</button>').format(
        entries[-1].access_id, say("access.older")
    )
    return Markup('<p class="wr-access-pages">{}{}</p>').format(
        newest if before is not None else "", older if len(entries) == SHOWN else ""
    )


def _date(text: str) -> datetime | None:
    """Midnight (UTC) of a day. Raises BadQuery."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise BadQuery(say("access.bad_date", date=text)) from None
