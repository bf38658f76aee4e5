"""A copy of Roadlens that a test can turn into a newer release, as an installation beside a running server does."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import roadlens

VERSION = "99.0.0"
REVISION = "9999"

# What a step may do while the release before serves (docs/migrations.md): a column, a table, an index beside writers.
STEP = '''
"""What a later release adds."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT pg_sleep({lasts_s})")
    op.execute("ALTER TABLE trips ADD COLUMN remark text")
    op.execute("CREATE TABLE remark (remark_id integer PRIMARY KEY, words text NOT NULL)")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS trips_remark_idx")
        op.execute("CREATE INDEX CONCURRENTLY trips_remark_idx ON trips (remark) WHERE remark IS NOT NULL")
'''


@dataclass(frozen=True)
class Release:
    """A package of its own; `environment` is that of its processes."""

    directory: Path

    @classmethod
    def copied(cls, directory: Path) -> Release:
        """The present release, installed there."""
        source = Path(roadlens.__file__).parent
        shutil.copytree(source, directory / "roadlens", ignore=shutil.ignore_patterns("__pycache__"))
        return cls(directory)

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.directory), "PYTHONDONTWRITEBYTECODE": "1"}

    def upgrade(self, before: str, lasts_s: float = 0) -> None:
        """Put a newer release in its place, whose schema has a step behind `before` that takes so many seconds."""
        versions = self.directory / "roadlens" / "storage" / "migrations" / "versions"
        (versions / f"m{REVISION}_later.py").write_text(STEP.format(revision=REVISION, before=before, lasts_s=lasts_s))
        package = self.directory / "roadlens" / "__init__.py"
        package.write_text(package.read_text().replace(roadlens.__version__, VERSION))
