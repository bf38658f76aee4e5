"""What several tests of the change feed stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.database import Database
from tests.support.listening import Listener, listening
from tests.support.versions import until


@pytest.fixture
def listener(database_url: str) -> Iterator[Listener]:
    with listening(database_url) as opened:
        yield opened


@pytest.fixture
async def feed(database_url: str, database: Database) -> AsyncIterator[ChangeFeed]:
    """A worker in this process, whose writes hear what workers say."""
    feed = ChangeFeed(database_url)
    with database.hearing(feed.acknowledgements):
        async with feed.running():
            await until(feed.trusted)
            yield feed
