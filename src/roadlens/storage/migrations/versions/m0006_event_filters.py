"""An index by which events of a kind that is rare are found without reading the others."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX safety_events_kind_idx ON safety_events (event_type, source, state, event_id)")


def downgrade() -> None:
    op.execute("DROP INDEX safety_events_kind_idx")
