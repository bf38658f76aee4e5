"""What is driven above the limit in a speeding event, so that it goes with it; and the words that a review may say."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Null: another type, or nobody has looked. The release before leaves them out.
COLUMNS = """
ALTER TABLE safety_events ADD COLUMN speeding_m integer, ADD COLUMN speeding_s integer;
ALTER TABLE rescored_events ADD COLUMN speeding_m integer, ADD COLUMN speeding_s integer;
"""

# The same words as an event's own (0001).
KNOWN = """
ALTER TABLE event_reviews
    ADD CONSTRAINT event_reviews_type_known CHECK (event_type IN
        ('harsh_braking', 'rapid_acceleration', 'harsh_cornering', 'speeding', 'phone_use')) NOT VALID,
    ADD CONSTRAINT event_reviews_state_known CHECK (state IN
        ('needs_review', 'coached', 'dismissed', 'recognised')) NOT VALID;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(KNOWN)


def downgrade() -> None:
    op.execute(
        "ALTER TABLE event_reviews DROP CONSTRAINT event_reviews_state_known, DROP CONSTRAINT event_reviews_type_known"
    )
    for table in ("rescored_events", "safety_events"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN speeding_s, DROP COLUMN speeding_m")
