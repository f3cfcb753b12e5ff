"""What happens on the drafts page's events."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from assistant.drafting import DraftOptions
from assistant.drafting.review import decide, edited, records_seen, review, sections_of
from assistant.drafting.runs import Drafted, delete_run, is_pages, new_run
from assistant.errors import WardroundError
from assistant.generate import report_templates
from assistant.records import Draft, Edit, Sentence, counts_of, review_of
from assistant.store.edits import edited_drafts, edits_of, last_actions
from assistant.store.opinions import own_opinions
from assistant.ui.drafts.beside import beside_html, is_picture
from assistant.ui.drafts.jobs import JOBS
from assistant.ui.drafts.lists import SHOWS, RunLine, delete_html, drafts_html, progress_html, runs_html
from assistant.ui.drafts.report import HEADING, Opened, as_it_was, claims_shown, report_html
from assistant.ui.drafts.shelf import Run, shelf_of
from assistant.ui.gate.visitor import need, visitor
from assistant.ui.language import is_known, say, words
from assistant.ui.language.told import sentence as told_as_sentence

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.store.study_list import ListedStudy

log = logging.getLogger(__name__)

ROLE = "author"
_DECISIONS = ("accept", "change", "reject", "restore", "add")


@dataclass(frozen=True, slots=True)
class Where:
    """Where a tab is: in which run, at which draft, sentence and piece of evidence; `is_new` at the form for a run."""

    run: str | None = None
    draft: str | None = None
    sentence: str | None = None
    evidence: str | None = None
    editing: str | None = None
    typed: str | None = None
    error: str = ""
    focus: str = ""
    looked: bool = False
    show: str = "all"
    page: int = 0
    is_new: bool = False
    deleting: bool = False


class DraftsDesk:
    """The page's handlers. All that outlives a tab is in the runs' folders and in the workspace's database."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.shelf = shelf_of(assistant)
        self._flags: dict[str, tuple[tuple[int, datetime], tuple[str, ...]]] = {}  # by draft, after so many decisions

    # --- what is drawn -----------------------------------------------------------------------------------

    def arrive(self, request: gr.Request) -> tuple[Any, ...]:
        """The page was opened, perhaps at a draft (`?draft=…`)."""
        if not visitor().may(ROLE):  # whoever leads here all the same
            return Where(), gr.Timer(active=False), gr.skip(), gr.skip()
        return *self._place(request), gr.Dropdown(self._templates(), value=""), gr.Dropdown(self._kinds(), value="")

    def _templates(self) -> list[tuple[str, str]]:
        """The report templates by name; one of the workspace's own by its file's."""
        names = [prompt.name for prompt in report_templates(self.assistant.workspace / "prompts")]
        told = [(say(f"template.{name}") if is_known(f"template.{name}") else name, name) for name in names]
        return [(say("drafts.by_modality"), ""), *told]

    def _kinds(self) -> list[tuple[str, str]]:
        """The modalities of the archive's pictures and signals."""
        counted = self.assistant.modalities()
        codes = {(code, kind) for kind in ("image", "signal") for code in counted[kind]}
        return [(say("drafts.any"), ""), *((words.modality(code, kind), code) for code, kind in sorted(codes))]

    def _place(self, request: gr.Request) -> tuple[Where, Any]:
        digest = str(dict(request.query_params).get("draft", ""))
        try:
            run, draft = self.shelf.find(digest) if digest else (None, None)
        except WardroundError:
            run, draft = None, None
        if run is not None and draft is not None:
            return self._at(Where(run=run.id), digest, draft), gr.Timer(active=False)
        runs = self.shelf.runs()
        return Where(run=runs[0].id) if runs else Where(is_new=True), gr.Timer(active=self._is_running())

    def draw(self, where: Where) -> tuple[Any, ...]:
        """Runs, progress, drafts, report, evidence, and which of form and report is seen."""
        need(ROLE)
        run = self.shelf.run(where.run)
        line = self._line(run) if run else None
        report, beside = self._open(run, where)
        return (
            runs_html([self._line(each) for each in self.shelf.runs()], where.run if not where.is_new else None),
            progress_html(line) if not where.is_new else "",
            self._list(line, where) if line and not where.is_new else "",
            report,
            beside,
            gr.Column(visible=where.is_new),
            gr.Column(visible=not where.is_new),
            gr.Column(visible=not where.is_new),
        )

    def tick(self, where: Where) -> tuple[Any, ...]:
        """Something is being drafted: tell how far it is."""
        need(ROLE)
        run = self.shelf.run(where.run)
        line = self._line(run) if run else None
        going = self._is_running()
        return (
            runs_html([self._line(each) for each in self.shelf.runs()], where.run if not where.is_new else None),
            progress_html(line) if not where.is_new else "",
            self._list(line, where) if line and not where.is_new else "",
            gr.Timer(active=going),
        )

    def _is_running(self) -> bool:
        jobs = (JOBS.of(run.folder.path) for run in self.shelf.runs())
        return any(job is not None and job.is_running for job in jobs)

    def _line(self, run: Run) -> RunLine:
        try:
            requests = run.folder.requests()
        except WardroundError:  # a list that somebody else wrote into
            requests = None
        drafted = len(run.folder.drafts())
        return RunLine(
            run, JOBS.of(run.folder.path), drafted, None if requests is None else len(requests), run.folder.aside()
        )

    def _list(self, line: RunLine, where: Where) -> Markup:
        listed = line.run.folder.drafts()
        touched = edited_drafts(self.assistant.db) & {drafted.digest for drafted in listed}
        last = last_actions(self.assistant.db, touched)
        counts = {d.digest: counts_of(d.sentences, last[d.digest]) for d in listed if d.digest in last}
        edits = edits_of(self.assistant.db, touched)
        listed = [self._as_it_stands(line.run, d, edits[d.digest]) if d.digest in edits else d for d in listed]
        drawn = drafts_html(line, listed, counts, where.show, where.page, where.draft)
        return drawn + (
            delete_html(line, where.deleting) if is_pages(self.assistant.workspace, line.run.folder) else ""
        )

    def _as_it_stands(self, run: Run, drafted: Drafted, edits: Sequence[Edit]) -> Drafted:
        """The draft of a list with the reasons to look that its sentences give after what was decided on them."""
        state = (len(edits), edits[-1].at)
        known = self._flags.get(drafted.digest)
        if known is None or known[0] != state:
            try:
                flags = edited(review_of(run.folder.draft(drafted.digest), edits)).flags
            except WardroundError:  # a line that somebody else wrote over
                return drafted
            known = self._flags[drafted.digest] = state, flags
        return replace(drafted, flags=known[1])

    def _open(self, run: Run | None, where: Where) -> tuple[Markup, Markup]:
        if run is None or where.draft is None:
            hint = say("drafts.choose") if run is not None else say("drafts.none_hint")
            return Markup('<p class="wr-empty">{}</p>').format(hint), Markup("")
        try:
            draft = run.folder.draft(where.draft)
        except WardroundError as error:
            return Markup('<p class="wr-error" role="alert">{}</p>').format(told_as_sentence(error)), Markup("")
        opened = Opened(
            where.draft,
            review(self.assistant, where.draft, draft),
            sections_of(self.assistant, draft),
            own_opinions(self.assistant.db, drafts=[where.draft]),
            where.sentence,
            where.evidence,
            where.editing,
            where.typed,
            where.error,
            where.focus,
            where.looked,
        )
        own = self.shelf.own_records(run, draft)
        beside = beside_html(opened, lambda record_id: self.shelf.record(run, draft, record_id), own)
        return report_html(opened), beside

    # --- what is pressed ---------------------------------------------------------------------------------

    def press(self, event: gr.EventData, where: Where) -> tuple[Any, ...]:
        """A button of the lists, the report or the evidence."""
        need(ROLE)
        told = {name: str(value) for name, value in event._data.items()}
        try:
            now = self._pressed(replace(where, error="", typed=None, focus="", looked=False, deleting=False), told)
        except WardroundError as error:
            raise gr.Error(told_as_sentence(error)) from None
        return now, *self.draw(now), gr.Timer(active=self._is_running())

    def _pressed(self, where: Where, told: dict[str, str]) -> Where:
        act = told.get("act", "")
        if act in ("new", "run", "stop", "resume", "show", "page", "delete", "deleted"):
            return self._move(where, act, told)
        if act == "open":
            run = self.shelf.run(where.run)
            digest = told.get("draft", "")
            if run is None or not any(drafted.digest == digest for drafted in run.folder.drafts()):
                return where
            return replace(self._at(where, digest, run.folder.draft(digest)), focus=HEADING)
        if where.draft is None:
            return where
        if act == "write":
            return self._write(where, told.get("sentence"))
        if act == "cancel":
            return replace(where, editing=None, focus=_back(where.editing))
        if act == "cite":
            return replace(where, sentence=told.get("sentence"), evidence=told.get("evidence"), looked=True)
        if act == "evidence":
            return replace(where, evidence=told.get("evidence"), looked=True)
        if act in _DECISIONS:
            return self._decide(where, act, told.get("sentence", ""), told.get("text", ""))
        return where

    def _move(self, where: Where, act: str, told: dict[str, str]) -> Where:
        if act == "new":
            return replace(where, is_new=True)
        if act == "run":
            return Where(run=told.get("run"))
        if act == "show" and told.get("show") in SHOWS:
            return replace(where, show=told["show"], page=0)
        if act == "page" and told.get("page", "").isdecimal():
            return replace(where, page=int(told["page"]))
        run = self.shelf.run(told.get("run"))
        if run is not None and act == "stop":
            JOBS.stop(run.folder.path)
        elif run is not None and act == "resume":
            self._start(run.folder.path, run.folder.asked())
        elif run is not None and act == "delete":
            return replace(where, deleting=True)
        elif run is not None and act == "deleted":
            delete_run(self.assistant.workspace, self.assistant.db, run.folder)
            left = self.shelf.runs()
            return Where(run=left[0].id) if left else Where(is_new=True)
        return where

    def _at(self, where: Where, digest: str, draft: Draft) -> Where:
        """A draft is opened at its first sentence and the study's own picture; the access log is told of whose records
        it shows."""
        self.assistant.db.log_access("draft_read", list(records_seen(draft)))
        sentence = next(iter(review(self.assistant, digest, draft).sentences), None)
        own = _own_picture(draft)
        cited = next(iter(sentence.claims[0].citations), None) if sentence and sentence.claims else None
        return replace(
            where, draft=digest, sentence=sentence.key if sentence else None, evidence=own or cited, editing=None,
            is_new=False,
        )  # fmt: skip

    def _write(self, where: Where, sentence: str | None) -> Where:
        """A sentence is written anew beside its own evidence, a further one beside the study's own picture."""
        run = self.shelf.run(where.run)
        if run is None or where.draft is None:
            return where
        draft = run.folder.draft(where.draft)
        changed = next((s for s in review(self.assistant, where.draft, draft).sentences if s.key == sentence), None)
        cited = _first_cited(changed) if changed else None
        return replace(where, editing=sentence, sentence=sentence, evidence=cited or _own_picture(draft))

    def _decide(self, where: Where, act: str, sentence: str, text: str) -> Where:
        run = self.shelf.run(where.run)
        if run is None or where.draft is None:
            return where
        draft = run.folder.draft(where.draft)
        try:
            decide(self.assistant, where.draft, draft, sentence, act, text)
        except WardroundError as error:
            if act in ("change", "add"):  # what was typed is not lost
                return replace(where, error=told_as_sentence(error), typed=text)
            raise
        after = {"reject": "restore"}.get(act, "change")
        focus = f"+{sentence}" if act == "add" else f"{sentence}-{after}"
        sentences = review(self.assistant, where.draft, draft).sentences
        *_, decided = (s for s in sentences if sentence == (s.section if act == "add" else s.key))
        cited = _first_cited(decided)
        if cited is None:  # nothing is left open that another sentence rests on
            cited = where.evidence if where.sentence == decided.key else _own_picture(draft)
        return replace(where, sentence=decided.key, evidence=cited, editing=None, focus=focus)

    # --- a new run ---------------------------------------------------------------------------------------

    def find(self, text: str, modality: str, chosen: Sequence[str], listed: Mapping[str, str]) -> tuple[Any, ...]:
        """Studies of the archive to choose from; those that are chosen stay, each with its line. `listed` are the lines
        that stand there, by study."""
        need(ROLE)
        try:
            found, total = self.assistant.studies((text or "").strip(), modality=modality or "")
        except WardroundError as error:
            raise gr.Error(told_as_sentence(error)) from None
        shown = {study_id: listed.get(study_id, study_id) for study_id in chosen or ()}
        shown |= {study.study_id: _named(study) for study in found}
        told = say("drafts.found", shown=len(found), total=total) if found else say("drafts.found_none")
        return *self._choices(shown, chosen or ()), told

    @staticmethod
    def _choices(listed: Mapping[str, str], chosen: Sequence[str] = ()) -> tuple[Any, ...]:
        """The list of studies, the way to choose them all where there are any, and the lines for the next search."""
        lines = [(name, study_id) for study_id, name in listed.items()]
        return gr.CheckboxGroup(choices=lines, value=list(chosen)), gr.Button(visible=bool(lines)), dict(listed)

    def begin(
        self,
        name: str,
        chosen: Sequence[str],
        files: Sequence[str] | None,
        template: str,
        model: str,
        prior: bool,
        where: Where,
    ) -> tuple[Any, ...]:
        """Begin a run with the studies that are chosen or handed over."""
        who = need(ROLE)
        options = {"llm": model, "template": template or None, "prior": bool(prior)}
        about = {"by": who.name, "asked": options}
        called = (name or "").strip() or f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        try:
            if model:
                self.assistant.answerer(model)  # a model that is not there is told before anything is begun
            path = new_run(self.assistant.workspace, called, chosen or (), [Path(f) for f in files or ()], about)
        except WardroundError as error:
            told = Markup('<p class="wr-error" role="alert">{}</p>').format(told_as_sentence(error))
            return where, *(gr.skip(),) * 8, told, *(gr.skip(),) * 6
        self._start(path, about)
        run = next((run for run in self.shelf.runs() if run.folder.path == path), None)
        now = Where(run=run.id if run else None)
        cleared = "", *self._choices({}), None, ""
        return now, *self.draw(now), *cleared, gr.Timer(active=True)

    def _start(self, path: Path, asked: dict[str, Any]) -> None:
        options = asked.get("asked") or asked
        JOBS.start(
            self.assistant,
            path,
            DraftOptions(template=options.get("template"), llm=options.get("llm"), prior=bool(options.get("prior"))),
            visitor(),
        )


def _named(study: ListedStudy) -> str:
    """A study in a list of choices: its key, what it is, when, its title and labels."""
    taken = study.taken_at.date().isoformat() if study.taken_at else ""
    labels = "; ".join(f"{name}: {value}" for name, value in study.labels.items() if value)
    told = (
        study.external_id or study.study_id,
        words.modality(study.modality, "image"),
        taken,
        study.title or "",
        labels,
    )
    return " · ".join(part for part in told if part)[:200]


def _first_cited(sentence: Sentence) -> str | None:
    was = as_it_was(sentence)
    return next((key for claim in (claims_shown(sentence) if was is None else (was,)) for key in claim.citations), None)


def _own_picture(draft: Draft) -> str | None:
    """The id of the study's own picture or recording, the first of them."""
    return next((piece.id for piece in draft.evidence if is_picture(piece)), None)


def _back(editing: str | None) -> str:
    """The button that opened a field."""
    return editing if editing and editing.startswith("+") else f"{editing}-change"
