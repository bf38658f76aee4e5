"""The change feed: versions of what can change, the notes they are raised from, and the workers that must hear."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Names of tags are compared byte by byte: every transaction must raise common tags in the same order, whatever the
# database's collation. Notes are unlogged, for no transaction outlives a crash; versions and leases must.
TABLES = """
CREATE TABLE cache_tag (
    tag text COLLATE "C" PRIMARY KEY,
    counter bigint NOT NULL,
    nonce text NOT NULL
) WITH (fillfactor = 70);
CREATE UNLOGGED TABLE cache_note (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tag text COLLATE "C" NOT NULL,
    bulk text COLLATE "C",
    PRIMARY KEY (xid, tag)
);
CREATE TABLE cache_worker (
    worker_id uuid PRIMARY KEY,
    renewals bigint NOT NULL DEFAULT 0,
    loaded pg_snapshot,
    host text NOT NULL,
    pid integer NOT NULL,
    attached_at timestamptz NOT NULL DEFAULT now(),
    renewed_at timestamptz NOT NULL DEFAULT now(),
    counts jsonb
) WITH (fillfactor = 50);
-- Few rows, each written again and again, and read in every edit: what is dead of them goes soon.
ALTER TABLE cache_tag SET (autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000);
ALTER TABLE cache_note SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE cache_worker SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO cache_tag VALUES ('everything', 1, left(gen_random_uuid()::text, 8));
"""

# Notes lie under the transaction's own id, so no statement ever waits for another transaction's.
# A statement that touches more than 100 rows names their table alone, and an id too long for an index is not named.
NOTE = """
CREATE FUNCTION roadlens_note(name text, its_bulks text[], tags text[], bulks text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(tags) > 100 THEN
        INSERT INTO cache_note (tag) SELECT unnest(name || its_bulks) ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO cache_note (tag, bulk)
        SELECT name, NULL
        UNION SELECT CASE WHEN octet_length(tag) > 500 THEN bulk ELSE tag END,
            CASE WHEN octet_length(tag) > 500 THEN NULL ELSE bulk END
        FROM unnest(tags, bulks) AS touched (tag, bulk)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;
CREATE FUNCTION roadlens_raise_tags(tags text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(tags) AS raised (tag) WHERE octet_length(tag) > 500) THEN
        RAISE 'a tag has at most 500 bytes';
    END IF;
    INSERT INTO cache_note (tag, bulk) SELECT DISTINCT tag, nullif('everything', tag) FROM unnest(tags) AS raised (tag)
    ON CONFLICT DO NOTHING;
END $$;
REVOKE EXECUTE ON FUNCTION roadlens_raise_tags, roadlens_note FROM PUBLIC;
"""

# Runs at the commit. The rows of `cache_tag` are locked in the order of their names and to the very end, so counters
# are in the order of commits. A payload ends at 8,000 bytes: 100 tags of 4,000 bytes, with 36 more each, are less.
BUMP = """
CREATE FUNCTION roadlens_bump() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
DECLARE
    raised text[];
    told jsonb;
BEGIN
    -- Every note comes here; the first one takes them all.
    IF NOT EXISTS (SELECT FROM cache_note WHERE xid = NEW.xid AND tag = NEW.tag) THEN
        RETURN NULL;
    END IF;
    WITH taken AS (
        DELETE FROM cache_note WHERE xid = NEW.xid RETURNING tag, bulk
    ), measured AS (
        SELECT count(*) > 100 OR sum(octet_length(to_jsonb(tag)::text)) > 4000 AS too_much FROM taken
    )
    SELECT array_agg(DISTINCT CASE WHEN too_much AND bulk IS NOT NULL THEN bulk ELSE tag END)
    INTO raised FROM taken, measured;
    WITH bumped AS (
        INSERT INTO cache_tag AS held (tag, counter, nonce)
        SELECT tag, 1, left(gen_random_uuid()::text, 8) FROM unnest(raised) AS named (tag) ORDER BY tag COLLATE "C"
        ON CONFLICT (tag) DO UPDATE SET counter = held.counter + 1, nonce = excluded.nonce
        RETURNING tag, counter, nonce
    )
    SELECT jsonb_agg(jsonb_build_array(tag, counter, nonce)) INTO told FROM bumped;
    PERFORM pg_notify('roadlens_tags', jsonb_build_object('xid', NEW.xid::text, 'tags', told)::text);
    -- For the writer, who asks before the commit: a constraint that was made immediate has no notes left then.
    PERFORM set_config('roadlens.bumped', NEW.xid::text, true);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bump AFTER INSERT ON cache_note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION roadlens_bump();
ALTER TABLE cache_note ENABLE ALWAYS TRIGGER bump;
"""

# The rows of a statement are at hand as tables. What an UPDATE did not change of the watched columns is in both.
WATCH = """
CREATE FUNCTION roadlens_note_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
DECLARE
    touched boolean;
    tags text[];
    bulks text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO cache_note (tag) SELECT unnest('{name}'::text || '{bulks}'::text[]) ON CONFLICT DO NOTHING;
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
        PERFORM roadlens_note('{name}', '{bulks}', tags, bulks);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_{table}();
CREATE TRIGGER note_updated AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_{table}();
CREATE TRIGGER note_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_{table}();
CREATE TRIGGER note_truncated AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_{table}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER note_inserted, ENABLE ALWAYS TRIGGER note_updated,
    ENABLE ALWAYS TRIGGER note_deleted, ENABLE ALWAYS TRIGGER note_truncated;
"""
NAMED = """, named AS (
            SELECT DISTINCT tag, bulk FROM changed CROSS JOIN LATERAL (VALUES {pairs}) AS pair (tag, bulk) LIMIT 101
        )
        SELECT EXISTS (SELECT FROM changed), (SELECT array_agg(tag) FROM named), (SELECT array_agg(bulk) FROM named)
        INTO touched, tags, bulks"""
UNNAMED = " SELECT EXISTS (SELECT FROM changed), '{}', '{}' INTO touched, tags, bulks"

# Table, the tag of all its rows, columns that make an answer stale, and the tags of one row: prefix, column, bulk tag.
WATCHED = (
    (
        "drivers",
        "drivers",
        "driver_id, first_name, last_name, email, phone, date_of_birth, licence_number, licence_state, years_licensed, "
        "address, city, state, zip_code, created_at, updated_at, version",
        (("driver", "driver_id", "drivers:bulk"),),
    ),
    (
        "vehicles",
        "vehicles",
        "vehicle_id, name, vin, plate, make, model, model_year, category, created_at, updated_at, version",
        (("vehicle", "vehicle_id", "vehicles:bulk"),),
    ),
    (
        "devices",
        "devices",
        "device_id, unique_id, name, model, category, phone, contact, created_at, version",
        (("device", "device_id", "devices:bulk"),),
    ),
    (
        "device_assignments",
        "assignments",
        "assignment_id, device_id, vehicle_id, driver_id, valid_from, valid_to, created_at, version",
        (
            ("driver", "driver_id", "drivers:bulk"),
            ("vehicle", "vehicle_id", "vehicles:bulk"),
            ("device", "device_id", "devices:bulk"),
        ),
    ),
    (
        "users",
        "users",
        "user_id, username, email, role, active, token_epoch, created_at, updated_at, version",
        (("user", "user_id", "users:bulk"),),
    ),
    ("score_versions", "score_versions", "version, parameters, active, created_at", ()),
    # The time zone that days are counted in; who changes it by hand has more to do than this.
    ("installation", "everything", "timezone", ()),
)

# Somebody who may change drivers alone does not need rights on what is kept beside them.
DEFINERS = ("roadlens_count", "roadlens_new_drivers")


def upgrade() -> None:
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    path = f"{schema}, pg_temp"
    for script in (TABLES, NOTE, BUMP.replace("{path}", path)):
        op.execute(script)
    for table, name, columns, row_tags in WATCHED:
        pairs = ", ".join(f"('{prefix}:' || {column}, '{bulk}')" for prefix, column, bulk in row_tags)
        bulks = sorted({f"{name}:bulk", *(bulk for _, _, bulk in row_tags)})
        script = WATCH.replace("{named}", NAMED.replace("{pairs}", pairs) if row_tags else UNNAMED)
        for field, value in {
            "{table}": table,
            "{name}": name,
            "{columns}": columns,
            "{bulks}": "{" + ",".join(bulks) + "}",
            "{path}": path,
        }.items():
            script = script.replace(field, value)
        op.get_bind().exec_driver_sql(script)
    for function in DEFINERS:
        op.execute(f"ALTER FUNCTION {function}() SECURITY DEFINER SET search_path = {path}")


def downgrade() -> None:
    for table, *_ in WATCHED:
        op.execute(
            f"""
            DROP TRIGGER note_inserted ON {table};
            DROP TRIGGER note_updated ON {table};
            DROP TRIGGER note_deleted ON {table};
            DROP TRIGGER note_truncated ON {table};
            DROP FUNCTION roadlens_note_{table}();
            """
        )
    op.execute("DROP TABLE cache_note, cache_worker, cache_tag")
    op.execute(
        "DROP FUNCTION roadlens_bump(), roadlens_raise_tags(text[]), roadlens_note(text, text[], text[], text[])"
    )
    for function in DEFINERS:
        op.execute(f"ALTER FUNCTION {function}() SECURITY INVOKER RESET search_path")
