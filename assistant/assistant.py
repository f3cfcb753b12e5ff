"""The assistant: build and open an archive, search it, ask it, draft reports from it.

This file reads as the flow does: uploads are read, evidence is retrieved, an answerer writes, every sentence is
checked, and only then is it handed on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from assistant.archive import Archive, File
from assistant.querying import query_of, refuse_mixed
from assistant.records import Answer, Claim, Draft, Evidence, Image, Kind, Record, SearchResult
from assistant.settings import Mode, Settings, load_settings
from assistant.wording import Worded, joined, worded
from assistant.workspace import workspace_of_recipe

if TYPE_CHECKING:
    from assistant.answering import PastTurn
    from assistant.checking import Checker
    from assistant.conversation import Conversation, Forgets
    from assistant.export import Export
    from assistant.forget import ForgetReport
    from assistant.generate import Answerer
    from assistant.retrieve.query import Query
    from assistant.store.build import BuildReport, Progress
    from assistant.store.study_list import ListedStudy
    from assistant.studies import StudyRequest

Step = SearchResult | Claim | Answer

HISTORY_LENGTH = 100  # pieces of evidence looked at, where nobody says how many

NAMED_PATIENT = (
    "The question names a patient, and other patients' records must not answer it. Choose the patient by the archive's "
    "own id (--patient ID), or upload a file of theirs."
)

ANOTHER_PATIENT = (
    "The question names somebody else than {case} is about, and one patient's records must not answer for another. "
    "Leave the name out, or ask in a case of that patient's own: with a file of theirs, or chosen by the archive's own "
    "id (--patient ID)."
)
NOT_COMPARED = (
    "The question names a person. Names are not compared where no file says any: this is answered for the case, "
    "whoever it is of."
)


class Assistant(Archive):
    """An open archive that is searched, asked and drafted from. Safe to use from several threads; sees a newer
    generation as soon as it is committed."""

    def __init__(
        self,
        workspace: Path,
        indexes: Sequence[str] = (),
        settings: Settings | None = None,
        *,
        may_be_empty: bool = False,
    ) -> None:
        """`indexes` are those to open, by default all that are built; with `may_be_empty` also where none is yet."""
        super().__init__(workspace, indexes, settings, may_be_empty=may_be_empty)
        self._answerers: dict[str, Answerer] = {}
        self._holders: WeakSet[Forgets] = WeakSet()

    # --- building and opening ------------------------------------------------------------------------

    @staticmethod
    def build(
        recipe: File,
        *,
        workspace: File | None = None,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Build or update an index from a recipe (TOML) or a folder; only what changed is read again.

        `workspace` is by default the folder around the recipe's `indexes/`, for a folder the current one.
        Raises RecipeError, WorkspaceBusy, WeightsMissing.
        """
        from assistant.ingest import folder_recipe, load_recipe
        from assistant.store.build import build_index

        path = Path(recipe)
        if path.is_dir():
            home = Path(workspace) if workspace else Path.cwd()
            path = folder_recipe(path, home)
        else:
            home = Path(workspace) if workspace else workspace_of_recipe(path)
        return build_index(load_recipe(path), home, settings or load_settings(home), progress)

    @classmethod
    def open(cls, where: File = ".", *, settings: Settings | None = None) -> Assistant:
        """Open a workspace folder, the index of a recipe, or an index of the current workspace by name.

        Raises IndexMissing when nothing is built there, DamagedIndex when a file does not match its hash.
        """
        path = Path(where)
        if path.is_dir():
            return cls(path, settings=settings)
        if path.suffix == ".toml":
            from assistant.ingest import load_recipe

            return cls(workspace_of_recipe(path), [load_recipe(path).name], settings)
        return cls(Path.cwd(), [str(where)], settings)

    # --- searching -----------------------------------------------------------------------------------

    def search(
        self,
        text: str = "",
        *,
        files: Sequence[File] = (),
        k: int | None = None,
        kinds: Iterable[Kind] = (),
        modalities: Iterable[str] = (),
        patient: str | None = None,
        exclude_patient: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        findings: Iterable[str] = (),
        studies: Iterable[str] = (),
        indexes: Iterable[str] = (),
        history: bool = False,
    ) -> SearchResult:
        """Evidence for a text, files (image, ECG, document) or both, best first, at most `k` pieces.

        `patient` and `exclude_patient` are the archive's own ids; `since` and `until` bound when a record was taken,
        both included, and leave out records without a date. `findings` ("left pleural effusion", "no pneumothorax")
        leave only studies whose own text states each of them, `studies` (pseudonyms) only these, `indexes` only what
        lies in these of the open ones. `history` puts the same patient's studies in front,
        newest first, each with the interval since. Raises UnreadableFile, EncoderMismatch, BadQuery.
        """
        query = self.query(
            text, files=files, k=k, kinds=kinds, modalities=modalities, patient=patient,
            exclude_patient=exclude_patient, since=since, until=until, findings=findings, studies=studies,
            indexes=indexes, history=history,
        )  # fmt: skip
        return self.search_batch([query])[0]

    def history(self, patient: str, about: str = "", *, k: int | None = None) -> SearchResult:
        """What the archive holds of a patient (the archive's own id), newest study first, with intervals.

        `about` ("the left effusion", "the heart") leaves of each report the sentences on it. Raises BadQuery.
        """
        found = self.search(about, patient=patient, history=True, k=k or HISTORY_LENGTH)
        evidence = tuple(evidence for evidence in found.evidence if evidence.why.startswith("history"))
        abstained = not any(piece.kept for piece in evidence)
        reason = found.reason or "The archive holds nothing on this of the patient." if abstained else ""
        return replace(found, evidence=evidence, abstained=abstained, reason=reason)

    def search_batch(self, queries: Sequence[Query]) -> list[SearchResult]:
        """One result for each query; queries are encoded and searched together."""
        found = self._searched(queries)
        if self._who_acts().logged:
            seen = [(piece.record_id, piece.patient_id) for result in found for piece in result.evidence]
            self.db.log_access("search", list(dict.fromkeys(seen)))
        return found

    def count_found(self, queries: Sequence[Query]) -> list[int]:
        """How much each query finds. Nobody sees what it is, so that the access log has nothing of it."""
        return [len(result.evidence) for result in self._searched(queries)]

    def _searched(self, queries: Sequence[Query]) -> list[SearchResult]:
        from assistant.retrieve.search import Retriever

        return Retriever(self._open_indexes(), self.settings).search(queries)

    query = query_of

    # --- asking --------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        *,
        files: Sequence[File] = (),
        llm: str | None = None,
        patient: str | None = None,
        exclude_patient: str | None = None,
        history: bool = False,
        studies: Iterable[str] = (),
        prompt: str = "",
        mode: Mode | None = None,
    ) -> Answer:
        """The checked answer to a question; see `ask_stream` for the same, sentence by sentence."""
        from assistant.answering import last_of

        steps = self.ask_stream(
            question, files=files, llm=llm, patient=patient, exclude_patient=exclude_patient, history=history,
            studies=studies, prompt=prompt, mode=mode,
        )  # fmt: skip
        return last_of(steps)

    def ask_stream(
        self,
        question: str,
        *,
        files: Sequence[File] = (),
        llm: str | None = None,
        patient: str | None = None,
        exclude_patient: str | None = None,
        history: bool = False,
        studies: Iterable[str] = (),
        prompt: str = "",
        mode: Mode | None = None,
        earlier: Sequence[PastTurn] = (),
    ) -> Iterator[Step]:
        """First what was retrieved (uploads included), then each sentence once it is checked, last the answer.

        The question goes to the answerer, and into the answer, without names, numbers and dates that identify a person.
        `llm` chooses another answerer than the settings': quote, local or openai; `prompt` names a template of
        `prompts/` ("" leaves the choice to the question), `mode` is another than the settings'. `history` adds the same
        patient's earlier studies; `studies` (pseudonyms) are the only ones that the answer may rest on, beside the
        uploads. `earlier` are the turns before this one (see `converse`): a follow-up question is put
        so that it stands alone, and what they cited can be cited again. Raises BadQuery for an empty question,
        UnreadableFile for an upload, MixedPatients for uploads of two patients, ModelUnavailable where settings keep
        a model from answering. A model that is lost is no error, unless `llm.when_lost` says so: `quote` goes on, and
        the answer's `notice` says that. It also
        says when a reply was cut off by `llm.max_tokens`, or a served judge was lost and the rules went on alone, or,
        as an abstention's `reason` does, that the question is in a language that the parts set up don't understand.
        """
        from assistant import answering
        from assistant.counting import counted_for
        from assistant.errors import BadQuery
        from assistant.generate import Task, load_prompt
        from assistant.retrieve.called import of_the_case
        from assistant.retrieve.earlier import nothing_earlier

        if not question.strip():
            raise BadQuery("the question is empty: ask something")
        if prompt:
            load_prompt(prompt, self.workspace / "prompts")
        started = time.perf_counter()
        answerer = self.answerer(llm)
        put_in, has_dates = self.in_files_time(question, files)
        alone = answering.put_alone(self, put_in, earlier, answerer)
        query = self.query(
            alone.text, files=files, patient=patient, exclude_patient=exclude_patient, history=history, studies=studies
        )
        refuse_mixed(self, query)
        counting = counted_for(self._open_indexes(), query, self.settings)
        looked = [self.evidence_for(one) for one in (counting.queries(query) if counting else [query])]
        found = answering.without_orders(counting.shown(looked) if counting else looked[0])
        yield found
        retrieved = time.perf_counter()
        kept = tuple(evidence for evidence in found.evidence if evidence.kept)
        brought = answering.carried(earlier, found)
        about = of_the_case(alone.text) if query.patient or query.uploads else alone.text
        asked, put = self.without_identifiers(question), self.without_identifiers(about, keep_dates=has_dates)
        task = Task(
            put, kept, self.pictures((*kept, *brought)), self.text_encoder(), prompt, mode or self.settings.llm.mode,
            tuple(turn.exchange for turn in earlier), brought, of_patient=bool(query.uploads or query.patient),
            chosen=len(query.studies),
        )  # fmt: skip
        context = None if found.abstained else answerer.context_for(task)
        writing = answering.Writing(self, answerer, task, context, counting)
        for claims in () if found.abstained else writing.sentences():
            yield from self.shown(claims)
        abstained, reason = answering.abstention(put, found, writing.judged, self.settings)
        notice = joined([found.notice, writing.notice], " ")
        if not found.abstained and self._is_not_compared(query):
            notice = joined([NOT_COMPARED, notice], " ")
        if not _is_of_another(found) and (alone_here := nothing_earlier(query, found.evidence)):
            reason, notice = (
                (joined([alone_here, reason], " "), notice)
                if abstained
                else (reason, joined([alone_here, notice], " "))
            )
        if not _is_of_another(found) and (
            hint := answering.not_understood(self, question, query.uploads, answerer.name)
        ):
            reason, notice = (
                (joined([reason, hint], " "), notice) if abstained else (reason, joined([notice, hint], " "))
            )
        shown = self.shown(writing.judged)
        evidence, prompt_use = answering.considered(found, brought, context)
        unsourced = abstained and self.settings.llm.own_knowledge and not writing.lost and not _is_of_another(found)
        now = time.perf_counter()
        timing = {
            **found.timing_ms, "retrieve": (retrieved - started) * 1000,
            "generate": (now - retrieved) * 1000, "total": (now - started) * 1000,
        }  # fmt: skip
        uploaded = frozenset(upload.record.kind for upload in query.uploads)
        yield Answer(
            asked, tuple(shown), evidence, abstained, reason, writing.model, writing.prompt, found.route, timing,
            standalone=put if alone.how != "as asked" else None,
            mode=task.mode if context is not None else None,
            prompt_use=prompt_use,
            closest=answering.closest(evidence, uploaded, self.settings.retrieve.text_floor) if abstained else (),
            own_knowledge=tuple(answering.own_knowledge(answerer, put, evidence)) if unsourced else (),
            notice=notice,
            removed=tuple(claim for claim in writing.judged if claim not in shown),
        )  # fmt: skip

    def converse(
        self, *, files: Sequence[File] = (), llm: str | None = None, patient: str | None = None, history: bool = False
    ) -> Conversation:
        """A conversation of several turns about one case at a time; see `Conversation`."""
        from assistant.conversation import Conversation

        conversation = Conversation(self, llm=llm)
        conversation.switch(files=files, patient=patient, history=history)
        self.tell_of_forgotten(conversation)
        return conversation

    def tell_of_forgotten(self, holder: Forgets) -> None:
        """Whoever holds what was answered is told when a patient is forgotten, as long as it lives."""
        self._holders.add(holder)

    def names_somebody(self, text: str) -> bool:
        """Whether a question names a patient, by an id or by a name."""
        from assistant.retrieve.called import persons_named
        from assistant.retrieve.question import names_a_patient

        return names_a_patient(text) or bool(persons_named(text))

    def _is_not_compared(self, query: Query) -> bool:
        """Whether a question about a case names somebody, and no file says a name to compare that with."""
        from assistant.retrieve.whose import called_in

        ids = self.people().named_in(query.text)
        of_case = bool(query.patient or query.uploads)
        return of_case and self.names_somebody(query.text) and not called_in(query.uploads) and not ids

    def evidence_for(self, query: Query) -> SearchResult:
        """What an answer may rest on: the uploads and what a search finds; nothing where the question names a patient
        whom no filter and no upload stands for, or another than theirs."""
        from assistant.answering import with_uploads
        from assistant.retrieve.called import of_the_case

        if not (query.patient or query.uploads):
            if self.names_somebody(query.text):
                return SearchResult(query.text, (), (), True, NAMED_PATIENT)
        else:
            people = self.people()
            if people.another_in(query.text, people.of_query(query), query.uploads):
                known = people.known(query.patient) if query.patient else None
                whose = known or next((u.record.patient_id for u in query.uploads if u.record.patient_id), None)
                case = worded("this case ({patient})", patient=whose) if whose else "this case"
                return SearchResult(query.text, (), (), True, worded(ANOTHER_PATIENT, case=case))
            query = replace(query, text=of_the_case(query.text))
        (found,) = self.search_batch([replace(query, whole=True)])
        found = self.with_recordings(with_uploads(self, found, query.uploads), query)
        return self._compared(found, query)

    def _compared(self, found: SearchResult, query: Query) -> SearchResult:
        """Where a comparison is asked for and there are two recordings, with what differs between them."""
        from assistant.drafting.prior import prior_evidence
        from assistant.retrieve.difference import differences
        from assistant.retrieve.question import read_question

        if read_question(query.text).kind != "comparison" or not query.uploads:
            return found
        own = [piece for piece in found.evidence if piece.relation == "own"]
        prior = [piece for piece in prior_evidence(self, own) if piece.kind == "signal"]
        return replace(found, evidence=(*differences(own, prior), *found.evidence))

    # --- drafting ------------------------------------------------------------------------------------

    def draft(
        self,
        studies: Iterable[StudyRequest | str] | File,
        *,
        workers: int | None = None,
        template: str | None = None,
        out: File | None = None,
        resume: bool = False,
        llm: str | None = None,
        prior: bool = False,
        exports: Iterable[Export] = (),
        patient: str | None = None,
        exclude_patient: str | None = None,
        on_problem: Callable[[str, str], None] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Draft]:
        """Draft a report for each study, in order: a CSV file, a folder, or studies (or ids of indexed ones).

        With `out`, each draft is a line of `drafts.jsonl` there before it is handed on, and with `resume` studies
        that have a line are not done again; `exports` ("fhir", "docx", "pdf", "preferences") are written beside it.
        `prior` compares each study with the same patient's study before it. `workers` studies are written at a time
        (by default as many as a served model takes requests, and one with `quote`). A study that can't be drafted is
        told to `on_problem` (id, reason), else to the log, and the rest goes on; `on_progress` is told how many of all
        are through.
        """
        from assistant.drafting import DraftOptions, draft_studies
        from assistant.studies import study_requests

        options = DraftOptions(
            workers, template, llm, prior, tuple(exports), patient=patient, exclude_patient=exclude_patient
        )
        return draft_studies(
            self, study_requests(studies), options, out=Path(out) if out else None, resume=resume,
            on_problem=on_problem, on_progress=on_progress,
        )  # fmt: skip

    # --- listing and forgetting ----------------------------------------------------------------------

    def studies(self, words: str = "", *, modality: str = "", limit: int = 50) -> tuple[list[ListedStudy], int]:
        """Indexed studies with a picture or a signal, and how many there are in all: those on which all `words` are
        written (key, title, labels), then those that a search for the words finds. The access log is told of them."""
        from assistant.studies import listed_studies

        shown, total = listed_studies(self._open_indexes(), words, modality, limit, near=self._studies_near)
        self.db.log_access("search", [(study.record_id, study.patient_id) for study in shown])
        return shown, total

    def _studies_near(self, words: str, limit: int) -> list[str]:
        """Pseudonyms of the studies that a search for words finds, best first."""
        found = self.search(words, k=limit).evidence
        return list(dict.fromkeys(str(piece.study_id) for piece in found if piece.kept and piece.study_id))

    def forget(self, patient: str, *, index: str | None = None, dry_run: bool = False) -> ForgetReport:
        """Remove a patient (the archive's own id, or a pseudonym) from the workspace; see `forget_patient`."""
        from assistant.forget import forget_patient

        known = self.pseudonyms_of(patient, None)[0] | {patient}
        report = forget_patient(self.workspace, patient, index=index, dry_run=dry_run, store=self.settings.store)
        if not dry_run:
            self.uploads.forget_patient(patient)
            self._open_files.clear()
            self._measured.clear()
            for holder in list(self._holders):
                holder.forget(known)
        return report

    # --- the parts -----------------------------------------------------------------------------------

    def answerer(self, llm: str | None = None) -> Answerer:
        """Who writes: the settings' answerer, or the one named (quote, local, openai). Kept open."""
        from assistant.generate import open_answerer

        name = llm or self.settings.llm.name
        if name not in self._answerers:
            chosen = self.settings.llm.model_copy(update={"name": name})
            self._answerers[name] = open_answerer(chosen, self.workspace / "prompts", self.workspace)
        return self._answerers[name]

    def pictures(self, kept: Sequence[Evidence], known: Mapping[str, Record] | None = None) -> dict[str, Image]:
        """The pictures that go along to a model, by evidence id; `known` are records at hand, by their id."""
        from assistant.answering import pictures

        return pictures(self, kept, known or {})

    def text_encoder(self) -> Callable[[Sequence[str]], object]:
        from assistant.retrieve.own import text_encoder

        return text_encoder(self.settings)

    def checker(self) -> Checker:
        """What judges every sentence, with the entailment model of `verify.entailment` beside the rules."""
        from assistant.checking import Checker

        return Checker(self.settings, self.workspace)

    def shown(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims that are shown: all of them, or by the setting only the supported ones."""
        if self.settings.verify.unsupported == "mark":
            return list(claims)
        return [claim for claim in claims if claim.verdict == "supported"]


def _is_of_another(found: SearchResult) -> bool:
    """Whether nothing was searched because the question names a patient who is not the case's."""
    reason = found.reason
    return reason == NAMED_PATIENT or (isinstance(reason, Worded) and reason.wording == ANOTHER_PATIENT)
