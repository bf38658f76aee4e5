"""People, devices, positions, trips, events, scores, and the read models that are kept beside them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PEOPLE = """
CREATE TABLE installation (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_one_row CHECK (singleton),
    timezone text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE users (
    user_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    email text,
    role text NOT NULL CONSTRAINT users_role_known CHECK (role IN ('admin', 'viewer')),
    password_hash text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    token_epoch integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE TABLE audit_log (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_log_entity_idx ON audit_log (entity, entity_id, audit_id);
CREATE SEQUENCE driver_number;
CREATE TABLE drivers (
    driver_id text PRIMARY KEY,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text,
    phone text,
    date_of_birth date,
    licence_number text,
    licence_state text,
    years_licensed smallint CONSTRAINT drivers_years_licensed_sane CHECK (years_licensed BETWEEN 0 AND 90),
    address text,
    city text,
    state text,
    zip_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX drivers_email_key ON drivers (lower(email));
CREATE UNIQUE INDEX drivers_licence_key ON drivers (licence_state, licence_number) NULLS NOT DISTINCT
    WHERE licence_number IS NOT NULL;
CREATE INDEX drivers_search_idx ON drivers USING gin
    ((lower(driver_id || ' ' || first_name || ' ' || last_name || ' ' || coalesce(email, ''))) gin_trgm_ops);
CREATE INDEX drivers_name_idx ON drivers (lower(last_name), lower(first_name), driver_id);
CREATE INDEX drivers_created_idx ON drivers (created_at DESC, driver_id DESC);
CREATE SEQUENCE vehicle_number;
CREATE TABLE vehicles (
    vehicle_id text PRIMARY KEY,
    name text NOT NULL,
    vin text,
    plate text,
    make text,
    model text,
    model_year smallint,
    category text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX vehicles_vin_key ON vehicles (upper(vin));
"""

DEVICES = """
CREATE TABLE devices (
    device_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unique_id text NOT NULL CONSTRAINT devices_unique_id_key UNIQUE,
    name text,
    model text,
    category text,
    phone text,
    contact text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE device_assignments (
    assignment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL REFERENCES devices,
    vehicle_id text NOT NULL REFERENCES vehicles,
    driver_id text NOT NULL REFERENCES drivers,
    valid_from timestamptz,
    valid_to timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT device_assignments_order CHECK (valid_from < valid_to),
    CONSTRAINT device_assignments_one_at_a_time
        EXCLUDE USING gist (device_id WITH =, tstzrange(valid_from, valid_to) WITH &&)
);
CREATE INDEX device_assignments_driver_id_idx ON device_assignments (driver_id);
CREATE INDEX device_assignments_vehicle_id_idx ON device_assignments (vehicle_id);
CREATE TABLE device_progress (
    device_id integer PRIMARY KEY REFERENCES devices,
    last_fix_at timestamptz,
    settled_at timestamptz,
    positions bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE positions (
    device_id integer NOT NULL,
    fix_time timestamptz NOT NULL,
    digest bigint NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    speed_kmh real NOT NULL,
    course real NOT NULL,
    hdop real NOT NULL,
    speed_limit_kmh real NOT NULL,
    flags smallint NOT NULL,
    alarms smallint NOT NULL,
    PRIMARY KEY (device_id, fix_time, digest)
) PARTITION BY RANGE (fix_time);
"""

TRIPS = """
CREATE TABLE score_versions (
    version integer PRIMARY KEY,
    parameters jsonb NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX score_versions_one_active ON score_versions (active) WHERE active;
CREATE TABLE trips (
    trip_id uuid PRIMARY KEY,
    device_id integer NOT NULL REFERENCES devices,
    driver_id text NOT NULL REFERENCES drivers,
    vehicle_id text NOT NULL REFERENCES vehicles,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    day date NOT NULL,
    distance_m integer NOT NULL,
    duration_s integer NOT NULL,
    moving_s integer NOT NULL,
    night_m integer NOT NULL,
    rush_hour_m integer NOT NULL,
    weekend_m integer NOT NULL,
    speeding_m integer NOT NULL,
    top_speed_kmh double precision NOT NULL,
    start_latitude double precision NOT NULL,
    start_longitude double precision NOT NULL,
    end_latitude double precision NOT NULL,
    end_longitude double precision NOT NULL,
    position_count integer NOT NULL,
    harsh_braking integer NOT NULL,
    rapid_acceleration integer NOT NULL,
    harsh_cornering integer NOT NULL,
    speeding integer NOT NULL,
    phone_use integer NOT NULL,
    trip_score numeric(5, 2) NOT NULL,
    score_version integer NOT NULL REFERENCES score_versions
);
CREATE INDEX trips_device_idx ON trips (device_id, started_at);
CREATE INDEX trips_driver_idx ON trips (driver_id, trip_id);
CREATE INDEX trips_vehicle_idx ON trips (vehicle_id, trip_id);
CREATE TABLE safety_events (
    event_id uuid PRIMARY KEY,
    trip_id uuid NOT NULL REFERENCES trips DEFERRABLE INITIALLY DEFERRED,
    driver_id text NOT NULL REFERENCES drivers,
    event_type text NOT NULL CONSTRAINT safety_events_type_known CHECK (event_type IN
        ('harsh_braking', 'rapid_acceleration', 'harsh_cornering', 'speeding', 'phone_use')),
    source text NOT NULL CONSTRAINT safety_events_source_known CHECK (source IN ('device', 'gps')),
    occurred_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    severity double precision,
    confidence double precision NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    speed_kmh double precision NOT NULL,
    state text NOT NULL DEFAULT 'needs_review' CONSTRAINT safety_events_state_known CHECK (state IN
        ('needs_review', 'coached', 'dismissed', 'recognised'))
);
CREATE INDEX safety_events_trip_id_idx ON safety_events (trip_id);
CREATE INDEX safety_events_driver_idx ON safety_events (driver_id, event_id);
CREATE TABLE risk_scores (
    driver_id text NOT NULL REFERENCES drivers ON DELETE CASCADE,
    day date NOT NULL,
    risk_score numeric(5, 2),
    risk_level text,
    distance_m integer NOT NULL,
    factors jsonb NOT NULL,
    score_version integer NOT NULL REFERENCES score_versions,
    PRIMARY KEY (driver_id, day)
);
"""

READ_MODELS = """
CREATE TABLE driver_summary (
    driver_id text PRIMARY KEY REFERENCES drivers ON DELETE CASCADE,
    risk_score numeric(5, 2),
    risk_level text,
    scored_day date,
    trips integer NOT NULL DEFAULT 0,
    distance_m bigint NOT NULL DEFAULT 0,
    events integer NOT NULL DEFAULT 0,
    last_trip_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX driver_summary_risk_idx ON driver_summary (coalesce(risk_score, -1), driver_id);
CREATE INDEX driver_summary_level_idx ON driver_summary (risk_level, driver_id);
CREATE INDEX driver_summary_last_trip_idx ON driver_summary (coalesce(last_trip_at, '-infinity'), driver_id);
CREATE TABLE driver_day (
    driver_id text NOT NULL REFERENCES drivers ON DELETE CASCADE,
    day date NOT NULL,
    trips integer NOT NULL,
    distance_m integer NOT NULL,
    duration_s integer NOT NULL,
    moving_s integer NOT NULL,
    night_m integer NOT NULL,
    rush_hour_m integer NOT NULL,
    weekend_m integer NOT NULL,
    speeding_m integer NOT NULL,
    top_speed_kmh double precision NOT NULL,
    harsh_braking integer NOT NULL,
    rapid_acceleration integer NOT NULL,
    harsh_cornering integer NOT NULL,
    speeding integer NOT NULL,
    phone_use integer NOT NULL,
    PRIMARY KEY (driver_id, day)
) WITH (fillfactor = 80);
CREATE TABLE trip_day (
    day date NOT NULL,
    shard smallint NOT NULL,
    trips integer NOT NULL DEFAULT 0,
    score_sum numeric(14, 2) NOT NULL DEFAULT 0,
    harsh_braking integer NOT NULL DEFAULT 0,
    rapid_acceleration integer NOT NULL DEFAULT 0,
    harsh_cornering integer NOT NULL DEFAULT 0,
    speeding integer NOT NULL DEFAULT 0,
    phone_use integer NOT NULL DEFAULT 0,
    PRIMARY KEY (day, shard)
) WITH (fillfactor = 50);
CREATE TABLE fleet_totals (
    shard smallint PRIMARY KEY,
    drivers bigint NOT NULL DEFAULT 0,
    users bigint NOT NULL DEFAULT 0,
    vehicles bigint NOT NULL DEFAULT 0,
    devices bigint NOT NULL DEFAULT 0,
    trips bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    distance_m bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO fleet_totals (shard) SELECT generate_series(0, 15);
CREATE TABLE risk_histogram (
    bucket smallint NOT NULL,
    shard smallint NOT NULL,
    drivers integer NOT NULL DEFAULT 0,
    score_sum numeric(14, 2) NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, shard)
) WITH (fillfactor = 50);
"""

# Rows of people and things are counted by the database itself, so that no writer, not even psql, can forget to.
# A statement-level trigger sees all rows of its statement at once: 1,000 inserts in one statement are one update.
# A transaction may come to the totals early (it registers devices) or late (it has stored trips), holding other rows.
# So it takes a shard that nobody holds, its own connection's before others: two of them do not wait for each other.
COUNTERS = """
CREATE FUNCTION roadlens_free_shard() RETURNS smallint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        (SELECT shard FROM fleet_totals ORDER BY shard <> pg_backend_pid() % 16, shard LIMIT 1 FOR UPDATE SKIP LOCKED),
        pg_backend_pid() % 16)
$$;
CREATE FUNCTION roadlens_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('UPDATE fleet_totals SET %I = 0', TG_TABLE_NAME);
        RETURN NULL;
    END IF;
    SELECT count(*) * CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END INTO change FROM changed;
    IF change <> 0 THEN
        EXECUTE format('UPDATE fleet_totals SET %1$I = %1$I + $1 WHERE shard = (SELECT roadlens_free_shard())',
            TG_TABLE_NAME) USING change;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION roadlens_new_drivers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO driver_summary (driver_id) SELECT driver_id FROM changed ORDER BY driver_id;
    RETURN NULL;
END $$;
CREATE TRIGGER summary AFTER INSERT ON drivers REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_new_drivers();
"""

COUNTED = ("drivers", "users", "vehicles", "devices")


def upgrade() -> None:
    for extension in ("pg_trgm", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for script in (PEOPLE, DEVICES, TRIPS, READ_MODELS, COUNTERS):
        op.execute(script)
    for table in COUNTED:
        op.execute(
            f"""
            CREATE TRIGGER count_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION roadlens_count();
            CREATE TRIGGER count_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION roadlens_count();
            CREATE TRIGGER count_truncated AFTER TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION roadlens_count();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER count_inserted, ENABLE ALWAYS TRIGGER count_deleted,
                ENABLE ALWAYS TRIGGER count_truncated;
            """
        )


def downgrade() -> None:
    msg = "There is nothing before the foundation: drop the database instead."
    raise RuntimeError(msg)
