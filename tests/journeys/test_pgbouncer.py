"""Two workers whose connections a real PgBouncer lends them, for a transaction each: all is as without it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.installation import Api, Installation
from tests.support.pgbouncer import FEW, reconnect, running_pgbouncer
from tests.support.standing_postgres import PASSWORD, ROLE, StandingPostgres, standing_postgres
from tests.support.workers import until

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def postgres_of_operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingPostgres]:
    with standing_postgres(tmp_path_factory.mktemp("bounced") / "postgres") as server:
        yield server


@pytest.fixture(scope="module")
def pooler(postgres_of_operator: StandingPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_pgbouncer(tmp_path_factory.mktemp("pgbouncer") / "files", postgres_of_operator, **FEW) as url:
        yield url


@pytest.fixture
def bounced(postgres_of_operator: StandingPostgres, pooler: str, tmp_path: Path) -> Installation:
    settings = {"DATABASE_URL": pooler, "ROADLENS_DATABASE_PASSWORD": PASSWORD, "ROADLENS_WORKERS": "2"}
    settings |= {"ROADLENS_DIRECT_DATABASE_URL": postgres_of_operator.url, "ROADLENS_AUTO_REGISTER": "1"}
    return Installation(tmp_path / "data", settings | {"ROADLENS_CACHE_AUDIT": "0"})


def test_a_role_without_the_settings_is_refused_with_the_statement_that_gives_them(
    bounced: Installation, postgres_of_operator: StandingPostgres, pooler: str
) -> None:
    refused = bounced.run("db", "upgrade", fails=True)
    assert "Sessions through the pooler" in refused
    statements = refused[refused.index("ALTER ROLE") : refused.index("Then let the pooler")]
    assert statements.count(f"ALTER ROLE {ROLE} SET") == 3
    for statement in statements.split(";")[:-1]:
        postgres_of_operator.execute(" ".join(statement.split()), user=ROLE, database="roadlens")
    reconnect(pooler)
    bounced.run("db", "upgrade")
    bounced.run("doctor")


def test_requests_edits_and_deliveries_go_through_it(
    bounced: Installation, postgres_of_operator: StandingPostgres, pooler: str
) -> None:
    allow(postgres_of_operator, pooler)
    token = bounced.run("tokens", "create", "tracker").strip()
    with bounced.server() as api, ThreadPoolExecutor(8) as together:
        feeds = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'roadlens feed'"
        until(lambda: postgres_of_operator.execute(feeds) == [(2,)])  # a busy machine may have one attach anew
        list(together.map(lambda number: deliver(api, token, f"tracker-{number}"), range(6)))
        drivers = [driver["driver_id"] for driver in api.get("/admin/drivers")["drivers"]]
        assert len(drivers) == 6
        list(together.map(lambda driver: edit_and_read(api, driver), drivers))
        assert {read(api, drivers[0]).headers["Cache-Status"].split(";")[1] for _ in range(12)} >= {" hit"}
        assert api.client.get("/admin/exports/drivers.csv").raise_for_status().text.count("Nr. 11") == 6
    bounced.run("doctor")


def allow(postgres: StandingPostgres, pooler: str) -> None:
    for setting in ("timezone = 'UTC'", "lock_timeout = '60s'", "idle_in_transaction_session_timeout = '120s'"):
        postgres.execute(f"ALTER ROLE {ROLE} SET {setting}")
    reconnect(pooler)


def deliver(api: Api, token: str, device: str) -> None:
    """A drive of ten minutes, in batches of a minute: each stages its positions in a table of its session."""
    start = datetime.now(UTC) - timedelta(hours=1)
    with httpx.Client(
        base_url=api.client.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=120
    ) as tracker:
        for minute in range(10):
            forwards = [forward(device, start, minute * 60 + second) for second in range(60)]
            assert tracker.post("/ingest/positions", json=forwards).raise_for_status().json()["kept"] == 60


def forward(device: str, start: datetime, second: int) -> dict[str, Any]:
    place = {"latitude": 52.0 + second * 1e-4, "longitude": 13.0, "speed": 21.0, "course": 0.0, "valid": True}
    position = place | {"fixTime": (start + timedelta(seconds=second)).isoformat(), "attributes": {}}
    return {"position": position, "device": {"uniqueId": device}}


def edit_and_read(api: Api, driver: str) -> None:
    """Each answer, whichever worker gives it, is from after the edit before it."""
    for number in range(12):
        api.client.patch(f"/admin/drivers/{driver}", json={"last_name": f"Nr. {number}"}).raise_for_status()
        assert read(api, driver).json()["last_name"] == f"Nr. {number}"


def read(api: Api, driver: str) -> httpx.Response:
    return api.client.get(f"/admin/drivers/{driver}").raise_for_status()
