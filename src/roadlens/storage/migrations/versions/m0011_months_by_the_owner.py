"""Months of positions are made by a function with its owner's rights: a server needs none to make tables."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A table is made first and attached then: `ATTACH` locks out neither readers nor writers of other partitions, `CREATE
# TABLE … PARTITION OF` would. The path is fixed, so that whoever calls cannot put tables of their own in the way.
_MAKE_MONTH = """
DO $migration$
BEGIN
    EXECUTE format($outer$
        CREATE FUNCTION roadlens_make_month(month date) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
        DECLARE
            name text := 'positions_' || to_char(month, 'YYYY_MM');
        BEGIN
            IF month IS DISTINCT FROM date_trunc('month', month)::date THEN
                RAISE EXCEPTION '%% is not the first day of a month', month;
            END IF;
            EXECUTE format('CREATE TABLE %%I (LIKE positions INCLUDING ALL)', name);
            EXECUTE format('ALTER TABLE positions ATTACH PARTITION %%I FOR VALUES FROM (%%L) TO (%%L)', name,
                month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
        END $body$
    $outer$, current_schema());
END $migration$
"""


def upgrade() -> None:
    op.execute(_MAKE_MONTH)
    op.execute("REVOKE ALL ON FUNCTION roadlens_make_month(date) FROM PUBLIC")


def downgrade() -> None:
    op.execute("DROP FUNCTION roadlens_make_month(date)")
