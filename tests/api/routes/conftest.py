"""The application over the fleet with known numbers."""

from __future__ import annotations

import pytest

from tests.support.api import Api
from tests.support.known_fleet import add_known_fleet


@pytest.fixture
async def fleet(api: Api) -> Api:
    await add_known_fleet(api.database)
    return api
