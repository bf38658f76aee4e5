"""From when on positions are kept: older ones have been dropped, and what was made of them stands for good."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE installation ADD COLUMN positions_from timestamptz")
    # Trips are shown without their tracks when positions have been dropped.
    _watch("timezone", "timezone, positions_from")


def downgrade() -> None:
    _watch("timezone, positions_from", "timezone")
    op.execute("ALTER TABLE installation DROP COLUMN positions_from")


def _watch(before: str, after: str) -> None:
    """Let the change feed compare other columns; all else of its function stays as it was made."""
    connection = op.get_bind()
    made = connection.exec_driver_sql("SELECT pg_get_functiondef('roadlens_note_installation'::regproc)").scalar_one()
    connection.exec_driver_sql(made.replace(f"SELECT {before} FROM", f"SELECT {after} FROM"))
