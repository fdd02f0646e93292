"""Accounts: second factors, where a session is, and an access log that can be searched."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name, comment in {"awaits": "code: the second factor", "place": None, "device": None}.items():
        column = sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''"), comment=comment)
        op.add_column("staff_sessions", column)
    op.add_column("staff", sa.Column("seen_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "staff_factors",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("staff_id"),
        comment="TOTP secrets, sealed; in force once confirmed. last_step: the newest 30 seconds whose code was taken.",
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("staff_id", "code"),
        comment="code is a keyed hash; each is good for one use.",
    )
    op.drop_index("access_log_at", "access_log")
    op.drop_index("access_log_customer", "access_log")
    for name, columns in {
        "access_log_order": [],
        "access_log_by": ["staff_id"],
        "access_log_what": ["what"],
        "access_log_whose": ["customer_id"],
        "access_log_where": ["conversation_id"],
    }.items():
        op.create_index(name, "access_log", [*columns, "at", "id"], unique=False)
