"""Feedback: what people say of single sentences of answers and drafts, right, wrong or harmful, with a comment.

One person has one opinion of a sentence; a later one takes the place of the earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from assistant.errors import WardroundError
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import AccountRow, FeedbackRow, TurnRow, now

Judgement = Literal["right", "wrong", "harmful"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
LONGEST_COMMENT = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Target:
    """A sentence: its place in the answer of a turn, or in a draft (named by its digest)."""

    turn: int | None
    draft: str | None
    sentence: str

    def where(self, query: Select[Any]) -> Select[Any]:
        same = FeedbackRow.turn_id == self.turn if self.turn is not None else FeedbackRow.draft == self.draft
        return query.where(same, FeedbackRow.sentence == self.sentence)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one account says of a sentence."""

    judgement: Judgement
    comment: str


@dataclass(frozen=True, slots=True)
class GivenOpinion:
    """An opinion with all that is needed to use it; `said` is the claim's JSON, `question` None for a draft's."""

    by: str
    given_at: datetime
    judgement: str
    comment: str
    question: str | None
    answer: Mapping[str, Any] | None
    draft: str | None
    sentence: str
    said: Mapping[str, Any]


def give(
    db: WorkspaceDb,
    target: Target,
    judgement: str,
    comment: str = "",
    said: Mapping[str, Any] | None = None,
    concerns: Sequence[str] = (),
) -> None:
    """Keep what the running account says of a sentence.

    `said` is the claim as it stands; of an answer it is looked up. Raises WardroundError where the judgement is none of
    right, wrong, harmful, the comment is too long, or the turn or its sentence does not exist.
    """
    if judgement not in JUDGEMENTS:
        raise WardroundError("feedback {judgement!r}: say right, wrong or harmful", judgement=judgement)
    if len(comment) > LONGEST_COMMENT:
        raise WardroundError(
            "feedback: the comment has {count} characters; say it in {longest_comment}",
            count=len(comment),
            longest_comment=LONGEST_COMMENT,
        )
    with db.session() as session, session.begin():
        if target.turn is not None:
            said = _claim_of(session.get(TurnRow, target.turn), target)
        account = db.account(session)
        found = session.scalar(target.where(select(FeedbackRow)).where(FeedbackRow.account_id == account))
        row = found or FeedbackRow(turn_id=target.turn, draft=target.draft, sentence=target.sentence)
        row.account_id, row.judgement, row.comment, row.given_at = account, judgement, comment.strip(), now()
        row.said, row.concerns = dict(said or {}), list(concerns)
        session.add(row)


def take_back(db: WorkspaceDb, target: Target) -> None:
    """Remove what the running account said of a sentence, if anything."""
    with db.session() as session, session.begin():
        account = db.account(session)
        for row in session.scalars(target.where(select(FeedbackRow)).where(FeedbackRow.account_id == account)):
            session.delete(row)


def own_opinions(db: WorkspaceDb, turns: Sequence[int] = (), drafts: Sequence[str] = ()) -> dict[Target, Opinion]:
    """What the running account said of the sentences of some turns and drafts."""
    if not turns and not drafts:
        return {}
    columns = (FeedbackRow.turn_id, FeedbackRow.draft, FeedbackRow.sentence, FeedbackRow.judgement, FeedbackRow.comment)
    own = select(*columns).join(AccountRow, AccountRow.account_id == FeedbackRow.account_id)
    same = or_(FeedbackRow.turn_id.in_(turns), FeedbackRow.draft.in_(drafts))
    with db.session() as session:
        rows = session.execute(own.where(same, AccountRow.name == db.acting()))
        return {
            Target(turn, draft, sentence): Opinion(judgement, comment)  # type: ignore[arg-type]
            for turn, draft, sentence, judgement, comment in rows
        }


def all_opinions(db: WorkspaceDb) -> Iterator[GivenOpinion]:
    """Everybody's, oldest first."""
    query = (
        select(FeedbackRow, AccountRow.name, TurnRow.question, TurnRow.answer)
        .join(AccountRow, AccountRow.account_id == FeedbackRow.account_id)
        .outerjoin(TurnRow, TurnRow.turn_id == FeedbackRow.turn_id)
        .order_by(FeedbackRow.given_at, FeedbackRow.feedback_id)
        .execution_options(yield_per=500)
    )
    with db.session() as session:
        for row, name, question, answer in session.execute(query):
            yield GivenOpinion(
                name, row.given_at, row.judgement, row.comment, question, answer, row.draft, row.sentence, row.said
            )


def erase_opinions(
    session: Session, drafts: Collection[str], concerned: Collection[str], in_text: Callable[[str], bool]
) -> int:
    """Remove what was said of sentences of some drafts, or that concern or name a patient; how many went.

    What was said of answers goes with their turns, except a comment that names the patient, which goes here.
    """
    gone = [
        row.feedback_id
        for row in session.scalars(select(FeedbackRow))
        if row.draft in drafts or set(row.concerns) & set(concerned) or in_text(row.comment)
    ]
    session.execute(delete(FeedbackRow).where(FeedbackRow.feedback_id.in_(gone)))
    return len(gone)


def _claim_of(turn: TurnRow | None, target: Target) -> Mapping[str, Any]:
    if turn is None:
        raise WardroundError("feedback on turn {turn}: there is no such turn", turn=target.turn)
    claims = turn.answer.get("claims", ())
    if not target.sentence.isdecimal() or int(target.sentence) >= len(claims):
        raise WardroundError(
            "feedback on turn {turn}: it has no sentence {sentence}", turn=target.turn, sentence=target.sentence
        )
    found: Mapping[str, Any] = claims[int(target.sentence)]
    return found
