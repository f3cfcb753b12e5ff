"""Decisions on drafts: who accepted, changed, rejected or added which sentence, when, and what stood there before.

Rows are only added. A draft is known by the digest of its line in `drafts.jsonl`, so that no decision can come to stand
on another draft of the same study.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.records import Action, Claim, Edit, stored_claim
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import AccountRow, DraftEditRow

_AT_ONCE = 500  # digests a query names


def add_edit(
    db: WorkspaceDb,
    draft: str,
    sentence: str,
    action: Action,
    before: Sequence[Claim],
    after: Sequence[Claim],
    concerns: Iterable[str],
) -> None:
    """Keep a decision of the running account; `concerns` are the pseudonyms by which `forget` finds it."""
    with db.session() as session, session.begin():
        session.add(
            DraftEditRow(
                draft=draft,
                account_id=db.account(session),
                sentence=sentence,
                action=action,
                before=[claim.to_json() for claim in before],
                after=[claim.to_json() for claim in after],
                concerns=sorted(set(concerns)),
            )
        )


def edits_of(db: WorkspaceDb, drafts: Collection[str]) -> dict[str, list[Edit]]:
    """The decisions on some drafts, oldest first; drafts without any are left out."""
    found: dict[str, list[Edit]] = {}
    names = sorted(drafts)
    with db.session() as session:
        for start in range(0, len(names), _AT_ONCE):
            rows = session.execute(
                select(DraftEditRow, AccountRow.name)
                .join(AccountRow, AccountRow.account_id == DraftEditRow.account_id)
                .where(DraftEditRow.draft.in_(names[start : start + _AT_ONCE]))
                .order_by(DraftEditRow.edit_id)
            )
            for row, name in rows:
                before, after = (tuple(map(stored_claim, claims)) for claims in (row.before, row.after))
                action: Action = row.action  # type: ignore[assignment]
                edit = Edit(row.sentence, action, name, row.made_at, before, after)
                found.setdefault(row.draft, []).append(edit)
    return found


def last_actions(db: WorkspaceDb, drafts: Collection[str]) -> dict[str, dict[str, Action]]:
    """What was decided last on each sentence of some drafts, without the texts: for lists of many drafts."""
    found: dict[str, dict[str, Action]] = {}
    names = sorted(drafts)
    columns = (DraftEditRow.draft, DraftEditRow.sentence, DraftEditRow.action)
    with db.session() as session:
        for start in range(0, len(names), _AT_ONCE):
            some = DraftEditRow.draft.in_(names[start : start + _AT_ONCE])
            for draft, sentence, action in session.execute(select(*columns).where(some).order_by(DraftEditRow.edit_id)):
                found.setdefault(draft, {})[sentence] = action  # type: ignore[assignment]
    return found


def edited_drafts(db: WorkspaceDb) -> set[str]:
    """The drafts that somebody has decided anything on."""
    with db.session() as session:
        return set(session.scalars(select(DraftEditRow.draft).distinct()))


def erase_edits(
    session: Session, drafts: Collection[str], concerned: Collection[str], in_text: Callable[[str], bool]
) -> int:
    """Remove the decisions on some drafts, and those that concern or name a patient; how many went."""
    gone = [
        row.edit_id
        for row in session.scalars(select(DraftEditRow))
        if row.draft in drafts
        or set(row.concerns) & set(concerned)
        or any(in_text(claim["text"]) for claim in (*row.before, *row.after))
    ]
    session.execute(delete(DraftEditRow).where(DraftEditRow.edit_id.in_(gone)))
    return len(gone)
