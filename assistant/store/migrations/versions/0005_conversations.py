"""Conversations have titles and cases, and turns can be asked anew."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("title", sa.String, nullable=False, server_default=""))
    # SQLite adds no column with a default that is not constant: the year 1 stands until the next statement
    op.add_column(
        "conversation", sa.Column("changed_at", sa.DateTime, nullable=False, server_default="0001-01-01 00:00:00")
    )
    op.execute("UPDATE conversation SET changed_at = started_at")
    op.execute(
        "UPDATE conversation SET title = coalesce((SELECT substr(question, 1, 80) FROM turn "
        "WHERE turn.conversation_id = conversation.conversation_id ORDER BY turn_id LIMIT 1), '')"
    )
    op.create_index("ix_conversation_account_id", "conversation", ["account_id"])
    op.add_column("turn", sa.Column("case_number", sa.Integer, nullable=False, server_default="0"))
    op.add_column("turn", sa.Column("scope", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("turn", sa.Column("replaced_at", sa.DateTime))


def downgrade() -> None:
    op.drop_index("ix_conversation_account_id", "conversation")
    for table, column in (
        ("turn", "replaced_at"), ("turn", "scope"), ("turn", "case_number"),
        ("conversation", "changed_at"), ("conversation", "title"),
    ):  # fmt: skip
        op.drop_column(table, column)
