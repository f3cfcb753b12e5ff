"""A patient leaves the workspace, part by part."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from assistant.drafting.erase import erase_from_run
from assistant.drafting.output import DRAFTS
from assistant.drafting.runs import runs_not_begun
from assistant.errors import BadQuery, WardroundError
from assistant.forget.evaluations import erase_evaluations
from assistant.forget.report import ForgetReport
from assistant.forget.who import Who
from assistant.pseudonyms import Pseudonyms
from assistant.settings import StoreSettings, load_settings
from assistant.store.documents import DocumentTable
from assistant.store.edits import erase_edits
from assistant.store.erase import erase, held, namespace_of
from assistant.store.forgotten import remember
from assistant.store.generations import IndexFolder, built_indexes
from assistant.store.opinions import erase_opinions
from assistant.store.postgres import drop_unnamed
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_place import remove_moved_copies
from assistant.store.workspace_tables import AccessRow, ConversationRow, DraftedRow, DraftRunRow, FeedbackRow, TurnRow

_PSEUDONYM = "P-"


def forget_patient(
    workspace: Path,
    patient: str,
    *,
    index: str | None = None,
    dry_run: bool = False,
    store: StoreSettings | None = None,
) -> ForgetReport:
    """Remove a patient, by the archive's own id or a pseudonym, and see to it that no build brings them back.

    Without `index` the id means one person in every index, whatever its namespace; with it, only that index's records
    go, and what conversations, drafts and evaluation runs show of them. A run of an evaluation that shows the patient
    is removed whole: its figures rest on that patient too. Entries of the access log stay, since they are about the
    reader, but lead to nobody any more. `dry_run` says what would go and changes nothing.

    `store` is what the workspace's settings say, where it is left out.

    Raises BadQuery for an empty id, IndexMissing, WorkspaceBusy while an index is being built (nothing is lost: what
    was done stays done, and the command can be given again), DamagedIndex, DatabaseUnavailable.
    """
    store = store or load_settings(workspace).store
    patient = patient.strip()
    if not patient:
        raise BadQuery("whom? Give the archive's own id of the patient, or a pseudonym (P-…)")
    pseudonyms = Pseudonyms.of(workspace)
    by_pseudonym = patient.startswith(_PSEUDONYM)
    folders = [IndexFolder.of(workspace, name, store) for name in ([index] if index else built_indexes(workspace))]
    namespaces = {folder: namespace_of(folder) for folder in folders}
    names = {f: patient if by_pseudonym else pseudonyms.patient(patient, namespaces[f]) for f in folders}
    found = {folder: held(folder, name) for folder, name in names.items()}
    upload = set() if by_pseudonym or index else {pseudonyms.patient(patient, "")}
    who = Who(
        own_id=None if by_pseudonym else patient,
        patients=frozenset({*names.values(), *upload}) or frozenset({patient}),
        studies=frozenset[str]().union(*(there.studies for there in found.values())),
        namespaces=frozenset(namespaces.values()),
        pseudonyms=pseudonyms,
    )
    report = ForgetReport(patient=", ".join(sorted(who.patients)), dry_run=dry_run)
    db = WorkspaceDb(workspace, store)
    if not dry_run:  # first, so that no build between here and the end brings them back
        person = who.patients if by_pseudonym or index else {pseudonyms.person(patient)}
        remember(db, {*person, *who.studies}, index or "")
    for folder, there in found.items():
        if there:
            now = int(folder.open_current(verify=False).name)
            number = now if dry_run else erase(folder, names[folder], pseudonyms, there)
            counts = {"records": len(there.records), "studies": len(there.studies)}
            report.indexes.append({"index": folder.name, "generation": number, **counts})
        if not dry_run:  # even where no generation holds them yet
            table = DocumentTable(workspace, folder.name, store)
            table.forget(names[folder], there.studies, pseudonyms, namespaces[folder])
    with db.session() as session:
        _conversations(session, who, report)
        _drafts(session, workspace, who, report)
        _access_log(session, who, report)
        erase_evaluations(session, workspace, who, report)
        if not dry_run:
            session.commit()
    if not dry_run:
        for reason in drop_unnamed(workspace, store):
            report.leave("PostgreSQL", reason)
        db.vacuum()
        remove_moved_copies(workspace)
    return report


# --- what is no index --------------------------------------------------------------------------------


def _conversations(session: Session, who: Who, report: ForgetReport) -> None:
    """A conversation about the patient goes whole; where they are but another study that was cited, the turn goes."""
    whole: set[str] = set()
    turns: set[int] = set()
    for turn in session.scalars(select(TurnRow)):
        shown = [piece for piece in turn.answer.get("evidence", ()) if who.in_evidence(piece)]
        about = who.patients.intersection(turn.scope.get("about", ())) or who.in_text(turn.question)
        if about or any(piece.get("relation") == "own" for piece in shown):
            whole.add(turn.conversation_id)
        elif shown or any(who.in_text(json.dumps(told, ensure_ascii=False)) for told in (turn.answer, turn.scope)):
            turns.add(turn.turn_id)
    titles = session.execute(select(ConversationRow.conversation_id, ConversationRow.title))
    whole |= {talk for talk, title in titles if who.in_text(title)}
    turns |= set(session.scalars(select(TurnRow.turn_id).where(TurnRow.conversation_id.in_(whole))))
    said = select(FeedbackRow.feedback_id).where(FeedbackRow.turn_id.in_(turns))
    report.conversations, report.turns, report.feedback = len(whole), len(turns), len(session.scalars(said).all())
    session.execute(delete(FeedbackRow).where(FeedbackRow.turn_id.in_(turns)))
    session.execute(delete(TurnRow).where(TurnRow.turn_id.in_(turns)))
    session.execute(delete(ConversationRow).where(ConversationRow.conversation_id.in_(whole)))


def _drafts(session: Session, workspace: Path, who: Who, report: ForgetReport) -> None:
    """The drafts of every recorded run that are the patient's or cite them, with all that lies beside them."""
    gone: set[str] = set()
    for folder in sorted({*session.scalars(select(DraftRunRow.folder)), *runs_not_begun(workspace.resolve())}):
        path = Path(folder) / DRAFTS
        try:
            found = erase_from_run(Path(folder), who.drafted, report.dry_run)
        except (OSError, UnicodeDecodeError, WardroundError) as error:
            report.leave(path, error)
            continue
        gone |= found
        if found:
            report.drafts.append({"file": str(path), "lines": len(found)})
    concerned = who.patients | who.studies
    report.draft_edits = erase_edits(session, gone, concerned, who.in_text)
    report.feedback += erase_opinions(session, gone, concerned, who.in_text)
    session.execute(delete(DraftedRow).where(DraftedRow.study_id.in_(who.studies)))


def _access_log(session: Session, who: Who, report: ForgetReport) -> None:
    entries = session.scalars(select(AccessRow.access_id).where(AccessRow.patient_id.in_(who.patients))).all()
    report.access_log_entries_unlinked = len(entries)
    nobody = f"forgotten-{secrets.token_hex(6)}"
    changed = {"patient_id": nobody, "record_id": nobody}
    session.execute(update(AccessRow).where(AccessRow.patient_id.in_(who.patients)).values(**changed))
