"""An index by which a search finds what has no three letters side by side: by the pairs of characters in a text."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# COST: to make a text's pairs takes some 60 µs, so that PostgreSQL rather reads the index than make them anew. Not in
# parallel: another process takes longer to begin than the whole search.
PAIRS = """
CREATE FUNCTION roadlens_pairs(sought text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL UNSAFE COST 10000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr(sought, place, length)), '{}')
    FROM generate_series(1, length(sought)) AS place, generate_series(1, 2) AS length
$$
"""


def upgrade() -> None:
    op.execute(PAIRS)
    op.execute(
        "CREATE INDEX drivers_pairs_idx ON drivers USING gin (roadlens_pairs("
        "lower(driver_id || ' ' || first_name || ' ' || last_name || ' ' || coalesce(email, ''))))"
    )


def downgrade() -> None:
    op.execute("DROP INDEX drivers_pairs_idx")
    op.execute("DROP FUNCTION roadlens_pairs(text)")
