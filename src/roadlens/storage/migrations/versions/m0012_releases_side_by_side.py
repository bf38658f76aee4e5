"""The oldest release that may use this database, so that an older one beside a newer one knows whether it still may."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A step that contracts raises `oldest` to the step that its release began with.
SCRIPT = """
CREATE TABLE schema_support (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT schema_support_one_row CHECK (singleton),
    oldest text NOT NULL
);
INSERT INTO schema_support (oldest) VALUES ('0012');
"""


def upgrade() -> None:
    op.execute(SCRIPT)


def downgrade() -> None:
    op.execute("DROP TABLE schema_support")
