"""`roadlens cache` where no server runs, and over a server of one process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from roadlens.cli.operator import operator
from tests.support.api import SECRET, Api
from tests.support.installation import Installation
from tests.support.valkey import Valkey
from tests.support.versions import PATIENCE_S
from tests.support.workers import until

SUMMARY = "/admin/dashboard/summary"


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", {"DATABASE_URL": database_url, "ROADLENS_SECRET_KEY": SECRET})


def told(installation: Installation, wanted: str, *command: str) -> str:
    """What a command says once this is in it: it waits for Redis as a request does, which may be too short."""
    said: list[str] = []

    def is_told() -> bool:
        said.append(installation.run("cache", *command))
        return wanted in said[-1]

    until(is_told)
    return said[-1]


def test_where_no_server_runs(installation: Installation) -> None:
    said = installation.run("cache", "stats")
    assert "No server is running on this database." in said
    assert "usable False" in said
    assert "0 answers were freed" in installation.run("cache", "clear", "*")
    told = installation.run("cache", "explain", "https://fleet.example.com/api/v1/admin/drivers/DRV-1?x=1")
    assert "endpoint  get_driver" in told
    assert "stale by  driver:DRV-1  (now at version 0)" in told
    assert "Redis     not in use" in told


@pytest.mark.parametrize("url", ["/api/v1/admin/drivers?limit=0", "nonsense"])
def test_an_address_that_is_not_kept(installation: Installation, url: str) -> None:
    said = installation.run("cache", "explain", url, fails=True)
    assert said.startswith("roadlens: ")
    assert "is not kept" in said
    assert "Traceback" not in said


def test_a_redis_that_cannot_be_used(installation: Installation, valkey: Valkey) -> None:
    here = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(valkey.port)}
    right = Installation(installation.data_dir, installation.settings | here)
    assert told(right, "not kept there", "explain", "/api/v1/admin/drivers")
    here |= {"ROADLENS_REDIS_USERNAME": "roadlens", "REDIS_PASSWORD": "the wrong one"}
    wrong = Installation(installation.data_dir, installation.settings | here)
    assert "the wrong one" not in told(wrong, "REDIS_PASSWORD", "stats")
    assert "Nothing that matches * is found any more" in wrong.run("cache", "clear", "*")


async def test_clearing_a_running_server(api: Api, installation: Installation) -> None:
    for _ in range(2):
        await api.trusting(SUMMARY)
    said = await asyncio.to_thread(installation.run, "cache", "clear", "dashboard_summary")
    assert "Nothing that matches dashboard_summary is found any more" in said
    assert "stored" in (await api.trusting(SUMMARY)).headers["Cache-Status"]
    async with asyncio.timeout(PATIENCE_S):  # its counts go with its next renewal
        while "dashboard_summary" not in await asyncio.to_thread(installation.run, "cache", "stats"):  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.1)
    entry = (await api.answer("/admin/audit"))["items"][0]
    assert (entry["actor"], entry["action"], entry["entity_id"]) == (operator().name, "clear", "dashboard_summary")
