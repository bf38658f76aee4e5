"""What several tests of the change feed stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.listening import Listener, listening


@pytest.fixture
def listener(database_url: str) -> Iterator[Listener]:
    with listening(database_url) as opened:
        yield opened
