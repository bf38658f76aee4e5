"""Tokens that trackers' servers and phones send positions with."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TOKENS = """
CREATE TABLE ingest_tokens (
    token_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CONSTRAINT ingest_tokens_name_key UNIQUE,
    digest bytea NOT NULL CONSTRAINT ingest_tokens_digest_key UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
"""


def upgrade() -> None:
    op.execute(TOKENS)


def downgrade() -> None:
    op.execute("DROP TABLE ingest_tokens")
