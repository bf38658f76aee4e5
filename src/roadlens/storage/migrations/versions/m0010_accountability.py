"""An audit log that only grows and shows when it was tampered with, and times of devices that are not kept any more."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The log may be long, and the release before goes on writing it: each script below is a transaction of its own, none
# holds a table for longer than a moment, and all of them can be made again after an attempt that was interrupted.

# Each entry has two digests, of who and of what, each over a salt of its own. Seals are made of the digests; so the
# values of one side can go later, with their salt, and what is sealed still stands. Without the salt nobody can try
# names until one fits.
COLUMNS = """
ALTER TABLE audit_log
    ADD COLUMN IF NOT EXISTS address text, ADD COLUMN IF NOT EXISTS request_id text,
    ADD COLUMN IF NOT EXISTS erased_by bigint,
    ADD COLUMN IF NOT EXISTS who_salt bytea, ADD COLUMN IF NOT EXISTS who_digest bytea,
    ADD COLUMN IF NOT EXISTS what_salt bytea, ADD COLUMN IF NOT EXISTS what_digest bytea;
CREATE TABLE IF NOT EXISTS audit_seals (
    seal_id bigint PRIMARY KEY,
    last_id bigint NOT NULL,
    entries integer NOT NULL,
    chain bytea NOT NULL,
    signature bytea NOT NULL,
    key_name text NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);
"""

FORGOTTEN = """
ALTER TABLE device_progress
    ADD COLUMN IF NOT EXISTS forgotten tstzmultirange, ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
"""

DIGESTS = """
CREATE OR REPLACE FUNCTION roadlens_audit_who(entry audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(entry.who_salt || convert_to(jsonb_build_array(entry.actor, entry.address)::text, 'UTF8'))
$$;
CREATE OR REPLACE FUNCTION roadlens_audit_what(entry audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(entry.what_salt
        || convert_to(jsonb_build_array(entry.entity_id, entry.before, entry.after)::text, 'UTF8'))
$$;
CREATE OR REPLACE FUNCTION roadlens_audit_line(entry audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        entry.audit_id, extract(epoch FROM entry.at), entry.actor_id, entry.action, entry.entity, entry.request_id,
        encode(entry.who_digest, 'hex'), encode(entry.what_digest, 'hex'))::text, 'UTF8'))
$$;
"""

# When an entry is made nobody chooses its time or its digests. A replica gets them as they are.
ENTRY = """
CREATE OR REPLACE FUNCTION roadlens_audit_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = {path} AS $$
BEGIN
    IF current_setting('session_replication_role') = 'replica' AND NEW.who_digest IS NOT NULL THEN
        RETURN NEW;
    END IF;
    NEW.at := now();
    NEW.erased_by := NULL;
    NEW.who_salt := uuid_send(gen_random_uuid());
    NEW.what_salt := uuid_send(gen_random_uuid());
    NEW.who_digest := roadlens_audit_who(NEW);
    NEW.what_digest := roadlens_audit_what(NEW);
    -- Whatever else this transaction changes has an entry now (roadlens_account_for).
    PERFORM set_config('roadlens.accounted', pg_current_xact_id()::text, true);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER entry BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION roadlens_audit_entry();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER entry;
"""

# What is forgotten: values with their salt, never the digests; and only beside an entry of the same transaction that
# says so. An entry's time is its transaction's, and nobody can choose it.
STANDS = """
CREATE OR REPLACE FUNCTION roadlens_audit_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = {path} AS $$
BEGIN
    IF TG_TABLE_NAME = 'audit_log' AND TG_OP = 'UPDATE' THEN
        IF ROW(NEW.audit_id, NEW.at, NEW.actor_id, NEW.action, NEW.entity, NEW.request_id, NEW.who_digest,
                NEW.what_digest)
            IS NOT DISTINCT FROM ROW(OLD.audit_id, OLD.at, OLD.actor_id, OLD.action, OLD.entity, OLD.request_id,
                OLD.who_digest, OLD.what_digest)
            AND (ROW(NEW.actor, NEW.address, NEW.who_salt)
                    IS NOT DISTINCT FROM ROW(OLD.actor, OLD.address, OLD.who_salt)
                OR (NEW.actor LIKE 'erased-%' AND NEW.address IS NULL AND NEW.who_salt IS NULL))
            AND (ROW(NEW.entity_id, NEW.before, NEW.after, NEW.what_salt)
                    IS NOT DISTINCT FROM ROW(OLD.entity_id, OLD.before, OLD.after, OLD.what_salt)
                OR ((NEW.entity_id = OLD.entity_id OR NEW.entity_id LIKE 'erased-%')
                    AND NEW.before IS NULL AND NEW.after IS NULL AND NEW.what_salt IS NULL))
            AND EXISTS (SELECT FROM audit_log WHERE audit_id = NEW.erased_by AND action = 'erase' AND at = now())
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% only grows: what stands there is neither changed nor deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
        HINT = 'To forget a person, `roadlens drivers erase` and `roadlens users erase` take the values away.';
END $$;
CREATE OR REPLACE TRIGGER stands BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION roadlens_audit_stands();
CREATE OR REPLACE TRIGGER stands_whole BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION roadlens_audit_stands();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER stands, ENABLE ALWAYS TRIGGER stands_whole;
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC;
"""

# The one door, for a server whose database user may not UPDATE the log: it takes values away and can do nothing else.
# Nor may such a user lock the log, which sealing does for a moment: each statement of that function sees what is there
# when it begins, so it sees all that was committed before the lock was had.
DOOR = """
CREATE OR REPLACE FUNCTION roadlens_audit_forget(
    erasure bigint, who bigint[], what bigint[], named bigint[], pseudonym text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
DECLARE
    touched bigint;
BEGIN
    UPDATE audit_log AS entry SET
        erased_by = erasure,
        actor = CASE WHEN entry.audit_id = ANY(who) THEN pseudonym ELSE entry.actor END,
        address = CASE WHEN entry.audit_id = ANY(who) THEN NULL ELSE entry.address END,
        who_salt = CASE WHEN entry.audit_id = ANY(who) THEN NULL ELSE entry.who_salt END,
        entity_id = CASE WHEN entry.audit_id = ANY(named) THEN pseudonym ELSE entry.entity_id END,
        before = CASE WHEN entry.audit_id = ANY(what) THEN NULL ELSE entry.before END,
        after = CASE WHEN entry.audit_id = ANY(what) THEN NULL ELSE entry.after END,
        what_salt = CASE WHEN entry.audit_id = ANY(what) THEN NULL ELSE entry.what_salt END
    WHERE entry.audit_id = ANY(who || what) AND entry.audit_id <> erasure;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
END $$;
CREATE OR REPLACE FUNCTION roadlens_audit_final_id() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
BEGIN
    LOCK TABLE audit_log IN SHARE MODE;
    RETURN (SELECT max(audit_id) FROM audit_log);
END $$;
REVOKE EXECUTE ON FUNCTION roadlens_audit_forget, roadlens_audit_final_id FROM PUBLIC;
"""

INDEXES = {
    "audit_log_before_driver_idx": "((before ->> 'driver_id')) WHERE before ->> 'driver_id' IS NOT NULL",
    "audit_log_after_driver_idx": "((after ->> 'driver_id')) WHERE after ->> 'driver_id' IS NOT NULL",
    "audit_log_actor_id_idx": "(actor_id, audit_id) WHERE actor_id IS NOT NULL",
    "audit_log_actor_idx": "(actor, audit_id)",
    "audit_log_action_idx": "(action, audit_id)",
    "audit_log_at_idx": "(at)",
    "audit_log_sign_ins_idx": "(at) WHERE who_salt IS NOT NULL AND action IN "
    "('sign in', 'sign in failed', 'sign in throttled', 'sign out', 'renew hash')",
}
VALID = """
SELECT relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'audit_log'::regclass AND indisvalid
"""

# A change that nobody has noted when its transaction commits is noted by the database: by whom, and which row. It runs
# before `bump`, which takes the notes away: deferred triggers of a row fire in the order of their names.
ACCOUNT = """
CREATE OR REPLACE FUNCTION roadlens_account_for() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
BEGIN
    IF current_setting('roadlens.accounted', true) IS DISTINCT FROM NEW.xid::text THEN
        INSERT INTO audit_log (actor, action, entity, entity_id, address, after)
        SELECT 'database: ' || session_user, 'sql', split_part(tag, ':', 1), coalesce(substring(tag FROM ':(.*)'), '*'),
            host(inet_client_addr()), jsonb_build_object('application', current_setting('application_name'))
        FROM cache_note AS noted
        WHERE xid = NEW.xid AND (tag LIKE '%:%' OR NOT EXISTS (
            SELECT FROM cache_note AS row_noted WHERE row_noted.xid = NEW.xid AND row_noted.tag LIKE '%:%'))
        ORDER BY tag;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION roadlens_account_for_secret() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $$
BEGIN
    IF current_setting('roadlens.accounted', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        INSERT INTO audit_log (actor, action, entity, entity_id, address, after)
        VALUES ('database: ' || session_user, 'sql', TG_ARGV[0],
            CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[1],
            host(inet_client_addr()), jsonb_build_object('application', current_setting('application_name')));
    END IF;
    RETURN NULL;
END $$;
"""

# One table at a time: who edits takes them in another order.
ACCOUNTING = (
    """
DROP TRIGGER IF EXISTS account_for ON cache_note;
CREATE CONSTRAINT TRIGGER account_for AFTER INSERT ON cache_note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION roadlens_account_for();
ALTER TABLE cache_note ENABLE ALWAYS TRIGGER account_for;
""",
    """
DROP TRIGGER IF EXISTS account_for_password ON users;
CREATE CONSTRAINT TRIGGER account_for_password AFTER UPDATE OF password_hash ON users DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION roadlens_account_for_secret('user', 'user_id');
ALTER TABLE users ENABLE ALWAYS TRIGGER account_for_password;
""",
    """
DROP TRIGGER IF EXISTS account_for ON ingest_tokens;
CREATE CONSTRAINT TRIGGER account_for AFTER INSERT OR UPDATE OR DELETE ON ingest_tokens
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION roadlens_account_for_secret('ingest_token', 'token_id');
ALTER TABLE ingest_tokens ENABLE ALWAYS TRIGGER account_for;
""",
)

# What was written before gets digests too, so many entries at a time. Nobody else changes these rows; who reads them or
# writes new ones does not wait. A subselect, for each salt is drawn once and used twice.
AT_ONCE = 5000
BEFORE = """
WITH batch AS (
    SELECT audit_id AS id, ROW(audit_id, at, actor, action, entity, entity_id, before, after, actor_id, address,
        request_id, NULL, uuid_send(gen_random_uuid()), NULL, uuid_send(gen_random_uuid()), NULL)::audit_log AS made
    FROM audit_log WHERE audit_id > %s ORDER BY audit_id LIMIT %s
), filled AS (
    UPDATE audit_log SET who_salt = (made).who_salt, who_digest = roadlens_audit_who(made),
        what_salt = (made).what_salt, what_digest = roadlens_audit_what(made)
    FROM batch WHERE audit_id = id AND audit_log.who_digest IS NULL
)
SELECT max(id) FROM batch
"""

# Known to be so by a check that reads the log beside its writers, NOT NULL takes no look of its own.
ALL_HAVE = (
    """
ALTER TABLE audit_log DROP CONSTRAINT IF EXISTS audit_log_digests;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_digests
    CHECK (who_digest IS NOT NULL AND what_digest IS NOT NULL) NOT VALID;
""",
    "ALTER TABLE audit_log VALIDATE CONSTRAINT audit_log_digests",
    """
ALTER TABLE audit_log ALTER COLUMN who_digest SET NOT NULL, ALTER COLUMN what_digest SET NOT NULL;
ALTER TABLE audit_log DROP CONSTRAINT audit_log_digests;
""",
)

TABLES = ("audit_log", "audit_seals")
GONE = (
    "roadlens_account_for()",
    "roadlens_account_for_secret()",
    "roadlens_audit_forget(bigint, bigint[], bigint[], bigint[], text)",
    "roadlens_audit_final_id()",
    "roadlens_audit_stands()",
    "roadlens_audit_entry()",
    "roadlens_audit_line(audit_log)",
    "roadlens_audit_what(audit_log)",
    "roadlens_audit_who(audit_log)",
)


def upgrade() -> None:
    connection = op.get_bind()
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    function, triggers = STANDS.split("CREATE OR REPLACE TRIGGER", 1)
    stands = [f"CREATE OR REPLACE TRIGGER{triggers}".replace("{table}", table) for table in TABLES]

    def run(*scripts: str) -> None:
        for script in scripts:
            connection.exec_driver_sql(script.replace("{path}", f"{schema}, pg_temp").replace("%", "%%"))

    with op.get_context().autocommit_block():
        run(COLUMNS, FORGOTTEN, DIGESTS, ENTRY)
        # From here on each new entry has its digests, whoever makes it.
        after: int | None = 0
        while after is not None:
            after = connection.exec_driver_sql(BEFORE, (after, AT_ONCE)).scalar_one()
        # Only then what stands can be held: it refuses to fill in, too.
        run(*ALL_HAVE, function, *stands, DOOR, ACCOUNT, *ACCOUNTING)
        for name in INDEXES.keys() - set(connection.exec_driver_sql(VALID).scalars()):
            run(
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                f"CREATE INDEX CONCURRENTLY {name} ON audit_log {INDEXES[name]}",
            )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER stands ON {table}; DROP TRIGGER stands_whole ON {table}")
    op.execute(
        """
        DROP TRIGGER entry ON audit_log;
        DROP TRIGGER account_for ON cache_note;
        DROP TRIGGER account_for ON ingest_tokens;
        DROP TRIGGER account_for_password ON users;
        """
    )
    for function in GONE:
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"DROP INDEX {', '.join(INDEXES)}")
    op.execute(
        """
        DROP TABLE audit_seals;
        ALTER TABLE audit_log DROP COLUMN address, DROP COLUMN request_id, DROP COLUMN erased_by, DROP COLUMN who_salt,
            DROP COLUMN who_digest, DROP COLUMN what_salt, DROP COLUMN what_digest;
        ALTER TABLE device_progress DROP COLUMN forgotten, DROP COLUMN forgotten_at;
        """
    )
