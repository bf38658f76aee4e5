"""What the tests of telemetry share: a way in to a database of their own."""

from __future__ import annotations

import pytest

from roadlens.storage.database import Database
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet


@pytest.fixture
async def ingest(database: Database) -> Ingest:
    return await fleet.open_ingest(database)
