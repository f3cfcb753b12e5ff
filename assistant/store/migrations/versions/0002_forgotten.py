"""Patients and studies that were forgotten and must not come back with the next build."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("forgotten_id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("index", sa.String, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.UniqueConstraint("key", "index"),
    )


def downgrade() -> None:
    op.drop_table("forgotten")
