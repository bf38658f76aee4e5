"""Sees that the reviews that there are say nothing else; nobody who writes any waits for it."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE event_reviews VALIDATE CONSTRAINT event_reviews_type_known, "
        "VALIDATE CONSTRAINT event_reviews_state_known"
    )


def downgrade() -> None:
    pass
