"""Less to write for each trip: no index of levels, which are stretches of scores; days do not refer to drivers."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX driver_summary_level_idx")
    # A day is a sum of trips, and those refer to the driver.
    op.execute("ALTER TABLE driver_day DROP CONSTRAINT driver_day_driver_id_fkey")


def downgrade() -> None:
    op.execute("CREATE INDEX driver_summary_level_idx ON driver_summary (risk_level, driver_id)")
    op.execute("ALTER TABLE driver_day ADD FOREIGN KEY (driver_id) REFERENCES drivers ON DELETE CASCADE")
