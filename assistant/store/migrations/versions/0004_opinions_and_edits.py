"""Feedback on sentences of drafts as well as of answers, with the sentence as it stood; decisions on drafts."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    had = _rows(
        "SELECT f.turn_id, f.account_id, f.claim, f.judgement, f.comment, f.given_at, t.answer FROM feedback f "
        "JOIN turn t ON t.turn_id = f.turn_id ORDER BY f.feedback_id"
    )
    op.drop_table("feedback")
    feedback = op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Integer, primary_key=True),
        sa.Column("turn_id", sa.Integer, sa.ForeignKey("turn.turn_id", ondelete="CASCADE")),
        sa.Column("draft", sa.String),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("concerns", sa.JSON, nullable=False),
        sa.Column("judgement", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("given_at", sa.DateTime, nullable=False),
    )
    for column in ("turn_id", "draft"):
        op.create_index(f"ix_feedback_{column}", "feedback", [column])
    if had:
        op.bulk_insert(feedback, [_as_now(*row) for row in had])
    op.create_table(
        "draft_edit",
        sa.Column("edit_id", sa.Integer, primary_key=True),
        sa.Column("draft", sa.String, nullable=False),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("concerns", sa.JSON, nullable=False),
    )
    op.create_index("ix_draft_edit_draft", "draft_edit", ["draft"])


def downgrade() -> None:
    op.drop_table("draft_edit")
    had = _rows(
        "SELECT turn_id, account_id, sentence, judgement, comment, given_at FROM feedback "
        "WHERE turn_id IS NOT NULL ORDER BY feedback_id"
    )
    op.drop_table("feedback")
    feedback = op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Integer, primary_key=True),
        sa.Column("turn_id", sa.Integer, sa.ForeignKey("turn.turn_id"), nullable=False),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("claim", sa.Integer, nullable=False),
        sa.Column("judgement", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("given_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_feedback_turn_id", "feedback", ["turn_id"])
    names = ("turn_id", "account_id", "claim", "judgement", "comment", "given_at")
    if had:
        op.bulk_insert(feedback, [dict(zip(names, (*row[:2], int(row[2]), *row[3:]), strict=True)) for row in had])


def _rows(query: str) -> list[tuple[Any, ...]]:
    types: dict[str, sa.types.TypeEngine[Any]] = {"given_at": sa.DateTime(), "answer": sa.JSON()}
    typed = sa.text(query).columns(**{name: kind for name, kind in types.items() if name in query})
    return [tuple(row) for row in op.get_bind().execute(typed)]


def _as_now(
    turn_id: int, account_id: int, claim: int, judgement: str, comment: str, given_at: Any, answer: Any
) -> dict[str, Any]:
    claims = (json.loads(answer) if isinstance(answer, str) else answer or {}).get("claims", ())
    said = claims[claim] if 0 <= claim < len(claims) else {}
    return {
        "turn_id": turn_id, "draft": None, "account_id": account_id, "sentence": str(claim), "said": said,
        "concerns": [], "judgement": judgement, "comment": comment, "given_at": given_at,
    }  # fmt: skip
