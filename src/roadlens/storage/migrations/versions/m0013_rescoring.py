"""What trips leave out and how long they are above the limit, and where history is scored again beside what is live."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Null in trips from before: nobody has looked.
COLUMNS = """
ALTER TABLE trips ADD COLUMN speeding_s integer, ADD COLUMN gap_s integer, ADD COLUMN jump_s integer,
    ADD COLUMN frozen_s integer, ADD COLUMN sparse_s integer, ADD COLUMN imprecise_s integer;
ALTER TABLE score_versions ADD COLUMN note text;
"""

# Rows of a version that is not live: no trip or driver waits for them, and they go with the version.
TABLES = """
CREATE TABLE score_rebuilds (
    score_version integer PRIMARY KEY REFERENCES score_versions,
    state text NOT NULL CONSTRAINT score_rebuilds_state_known CHECK (state IN
        ('planning', 'exporting', 'scoring', 'rating', 'ready', 'switched')),
    chunks integer NOT NULL DEFAULT 0,
    trips bigint NOT NULL DEFAULT 0,
    positions bigint NOT NULL DEFAULT 0,
    kept_trips bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE TABLE rescored_chunks (
    score_version integer NOT NULL REFERENCES score_rebuilds ON DELETE CASCADE,
    chunk integer NOT NULL,
    first_trip uuid NOT NULL,
    last_trip uuid NOT NULL,
    positions bigint NOT NULL,
    exported_at timestamptz,
    scored_at timestamptz,
    PRIMARY KEY (score_version, chunk)
);
CREATE TABLE rescored_trips (
    score_version integer NOT NULL,
    trip_id uuid NOT NULL,
    driver_id text NOT NULL,
    day date NOT NULL,
    distance_m integer NOT NULL,
    night_m integer NOT NULL,
    rush_hour_m integer NOT NULL,
    speeding_m integer NOT NULL,
    speeding_s integer,
    harsh_braking integer NOT NULL,
    rapid_acceleration integer NOT NULL,
    harsh_cornering integer NOT NULL,
    speeding integer NOT NULL,
    phone_use integer NOT NULL,
    trip_score numeric(5, 2) NOT NULL,
    PRIMARY KEY (score_version, trip_id)
);
CREATE INDEX rescored_trips_driver_idx ON rescored_trips (driver_id, score_version, day);
CREATE TABLE rescored_events (
    score_version integer NOT NULL,
    event_id uuid NOT NULL,
    trip_id uuid NOT NULL,
    driver_id text NOT NULL,
    event_type text NOT NULL,
    source text NOT NULL,
    occurred_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    severity double precision,
    confidence double precision NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    speed_kmh double precision NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (score_version, event_id)
);
CREATE INDEX rescored_events_driver_idx ON rescored_events (driver_id);
CREATE TABLE rescored_risk (
    score_version integer NOT NULL,
    driver_id text NOT NULL,
    day date NOT NULL,
    risk_score numeric(5, 2),
    risk_level text,
    distance_m integer NOT NULL,
    factors jsonb NOT NULL,
    PRIMARY KEY (score_version, driver_id, day)
);
CREATE INDEX rescored_risk_driver_idx ON rescored_risk (driver_id);
CREATE TABLE rescored_devices (
    score_version integer NOT NULL REFERENCES score_rebuilds ON DELETE CASCADE,
    device_id integer NOT NULL,
    first timestamptz,
    last timestamptz,
    PRIMARY KEY (score_version, device_id)
);
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE rescored_devices, rescored_risk, rescored_events, rescored_trips, rescored_chunks, score_rebuilds"
    )
    op.execute("ALTER TABLE score_versions DROP COLUMN note")
    op.execute(
        "ALTER TABLE trips DROP COLUMN speeding_s, DROP COLUMN gap_s, DROP COLUMN jump_s, DROP COLUMN frozen_s, "
        "DROP COLUMN sparse_s, DROP COLUMN imprecise_s"
    )
