"""Accounts with passwords, roles and indexes; sessions, tokens, refused sign-ins; an access log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REFUSAL = "the access log is only appended to"

# A forgotten patient's entries stay and lead to nobody any more: the one change that is let through.
_FORGET = """NEW.access_id = OLD.access_id AND NEW.account_id = OLD.account_id AND NEW.seen_at = OLD.seen_at
    AND NEW.action = OLD.action AND substr(NEW.patient_id, 1, 10) = 'forgotten-' AND NEW.record_id = NEW.patient_id"""

_SQLITE = (
    f"""CREATE TRIGGER access_keeps BEFORE UPDATE ON access WHEN NOT coalesce({_FORGET}, 0)
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
    f"CREATE TRIGGER access_stays BEFORE DELETE ON access BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    # REPLACE deletes a row without asking the trigger above
    f"""CREATE TRIGGER access_grows BEFORE INSERT ON access
    WHEN EXISTS (SELECT 1 FROM access WHERE access_id = NEW.access_id)
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION access_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF coalesce({_FORGET}, false) THEN RETURN NEW; END IF;
        END IF;
        RAISE EXCEPTION '{_REFUSAL}';
    END $$""",
    "CREATE TRIGGER access_keeps BEFORE UPDATE OR DELETE ON access FOR EACH ROW EXECUTE FUNCTION access_keeps()",
    "CREATE TRIGGER access_stays BEFORE TRUNCATE ON access FOR EACH STATEMENT EXECUTE FUNCTION access_keeps()",
)


def upgrade() -> None:
    op.add_column("account", sa.Column("password", sa.String))
    op.add_column("account", sa.Column("roles", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("account", sa.Column("indexes", sa.JSON))
    op.add_column("account", sa.Column("state", sa.String, nullable=False, server_default="active"))
    account = sa.ForeignKey("account.account_id")
    op.create_table(
        "session",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column("account_id", sa.Integer, account, nullable=False),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_table(
        "token",
        sa.Column("token_id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("sha256", sa.String, nullable=False, unique=True),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_index("ix_token_account_id", "token", ["account_id"])
    op.create_table(
        "failure",
        sa.Column("failure_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("failed_at", sa.DateTime, nullable=False),
    )
    for column in ("name", "address", "failed_at"):
        op.create_index(f"ix_failure_{column}", "failure", [column])
    op.create_index("ix_access_seen_at", "access", ["seen_at"])
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("access_keeps", "access_stays", "access_grows"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER access_keeps ON access")
        op.execute("DROP TRIGGER access_stays ON access")
        op.execute("DROP FUNCTION access_keeps()")
    op.drop_index("ix_access_seen_at", "access")
    for table in ("failure", "token", "session"):
        op.drop_table(table)
    for column in ("state", "indexes", "roles", "password"):
        op.drop_column("account", column)
