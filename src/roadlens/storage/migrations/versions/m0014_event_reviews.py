"""What administrators decided about safety events: kept by manoeuvre, so that it outlives the event's row."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What was reviewed is a device's manoeuvre between two moments: whatever event of its type is there then, by whatever
# cut and whatever score version, has this state. `driver_id` is whose it is now, so that it goes when the driver goes.
TABLE = """
CREATE TABLE event_reviews (
    review_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL REFERENCES devices,
    driver_id text NOT NULL REFERENCES drivers,
    event_type text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    state text NOT NULL,
    note text,
    reviewed_by integer REFERENCES users ON DELETE SET NULL,
    reviewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX event_reviews_device_idx ON event_reviews (device_id, began_at);
CREATE INDEX event_reviews_driver_idx ON event_reviews (driver_id);
CREATE INDEX event_reviews_user_idx ON event_reviews (reviewed_by) WHERE reviewed_by IS NOT NULL;
"""

# As those of the other watched tables (0005): the table's tag, and the driver's own.
COLUMNS = (
    "review_id, device_id, driver_id, event_type, began_at, ended_at, state, note, reviewed_by, reviewed_at, version"
)
WATCH = """
CREATE FUNCTION roadlens_note_event_reviews() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
DECLARE
    touched boolean;
    tags text[];
    bulks text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO cache_note (tag) SELECT unnest('event_reviews'::text || '{drivers:bulk,event_reviews:bulk}'::text[])
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        WITH changed AS (SELECT {columns} FROM new_rows) {named};
    ELSIF TG_OP = 'DELETE' THEN
        WITH changed AS (SELECT {columns} FROM old_rows) {named};
    ELSE
        WITH changed AS (
            (SELECT {columns} FROM old_rows EXCEPT SELECT {columns} FROM new_rows)
            UNION ALL (SELECT {columns} FROM new_rows EXCEPT SELECT {columns} FROM old_rows)
        ) {named};
    END IF;
    IF touched THEN
        PERFORM roadlens_note('event_reviews', '{drivers:bulk,event_reviews:bulk}', tags, bulks);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_inserted AFTER INSERT ON event_reviews REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_event_reviews();
CREATE TRIGGER note_updated AFTER UPDATE ON event_reviews REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_event_reviews();
CREATE TRIGGER note_deleted AFTER DELETE ON event_reviews REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_event_reviews();
CREATE TRIGGER note_truncated AFTER TRUNCATE ON event_reviews
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_event_reviews();
ALTER TABLE event_reviews ENABLE ALWAYS TRIGGER note_inserted, ENABLE ALWAYS TRIGGER note_updated,
    ENABLE ALWAYS TRIGGER note_deleted, ENABLE ALWAYS TRIGGER note_truncated;
"""
NAMED = """, named AS (
            SELECT DISTINCT 'driver:' || driver_id AS tag, 'drivers:bulk' AS bulk FROM changed LIMIT 101
        )
        SELECT EXISTS (SELECT FROM changed), (SELECT array_agg(tag) FROM named), (SELECT array_agg(bulk) FROM named)
        INTO touched, tags, bulks"""


def upgrade() -> None:
    connection = op.get_bind()
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(TABLE)
    script = WATCH.replace("{named}", NAMED).replace("{columns}", COLUMNS).replace("{path}", f"{schema}, pg_temp")
    connection.exec_driver_sql(script)


def downgrade() -> None:
    op.execute("DROP TABLE event_reviews; DROP FUNCTION roadlens_note_event_reviews()")
