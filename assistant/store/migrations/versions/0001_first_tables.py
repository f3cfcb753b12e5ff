"""First tables: accounts, conversations, feedback, the access log, draft runs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "conversation",
        sa.Column("conversation_id", sa.String, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "turn",
        sa.Column("turn_id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversation.conversation_id"), nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("question", sa.String, nullable=False),
        sa.Column("uploads", sa.JSON, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
    )
    op.create_index("ix_turn_conversation_id", "turn", ["conversation_id"])
    op.create_table(
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
    op.create_table(
        "access",
        sa.Column("access_id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("record_id", sa.String, nullable=False),
        sa.Column("patient_id", sa.String),
    )
    op.create_index("ix_access_patient_id", "access", ["patient_id"])
    op.create_table(
        "draft_run",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_table(
        "drafted",
        sa.Column("drafted_id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("draft_run.run_id"), nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.UniqueConstraint("run_id", "study_id"),
    )


def downgrade() -> None:
    for table in ("drafted", "draft_run", "access", "feedback", "turn", "conversation", "account"):
        op.drop_table(table)
