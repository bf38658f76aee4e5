"""Budgets of failed sign-ins, and the addresses from which users have signed in."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The budgets are unlogged: after a crash of the database all are full again, and no sign-in waits for the disk.
SCRIPT = """
CREATE UNLOGGED TABLE login_attempts (
    slot smallint NOT NULL,
    key bytea NOT NULL,
    empty_at timestamptz NOT NULL,
    PRIMARY KEY (slot, key)
) WITH (fillfactor = 70);
CREATE TABLE sign_in_addresses (
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    address bytea NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, address)
);
"""


def upgrade() -> None:
    op.execute(SCRIPT)


def downgrade() -> None:
    op.execute("DROP TABLE login_attempts, sign_in_addresses")
