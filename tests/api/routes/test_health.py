"""Alive without a database, ready with one."""

from __future__ import annotations

from tests.support.api import Api


async def test_alive_and_ready(api: Api) -> None:
    with api.statements() as seen:
        assert (await api.client.get("/healthz")).json() == {"status": "ok"}
    assert seen == []
    assert (await api.client.get("/readyz")).json() == {"status": "ready"}
