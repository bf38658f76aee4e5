"""Versions of what administrators edit, who exactly made a change, and ids that nobody has chosen by hand."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EDITED = ("drivers", "vehicles", "users", "devices", "device_assignments")

# A number whose id somebody chose by hand is left out. The function sees what is committed when it is called: who chose
# the same id at this very moment is met by the primary key.
NEW_ID = """
CREATE FUNCTION roadlens_new_{name}_id() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    number text;
    id text;
BEGIN
    LOOP
        number := nextval('{name}_number')::text;
        id := '{prefix}-' || lpad(number, greatest(4, length(number)), '0');
        EXIT WHEN NOT EXISTS (SELECT FROM {name}s WHERE {name}_id = id);
    END LOOP;
    RETURN id;
END $$;
"""


def upgrade() -> None:
    for table in EDITED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN version integer NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE devices ADD COLUMN by_hand boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE audit_log ADD COLUMN actor_id integer")
    op.execute(NEW_ID.format(name="driver", prefix="DRV"))
    op.execute(NEW_ID.format(name="vehicle", prefix="VEH"))


def downgrade() -> None:
    for table in EDITED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN version")
    op.execute("ALTER TABLE devices DROP COLUMN by_hand")
    op.execute("ALTER TABLE audit_log DROP COLUMN actor_id")
    op.execute("DROP FUNCTION roadlens_new_driver_id(), roadlens_new_vehicle_id()")
