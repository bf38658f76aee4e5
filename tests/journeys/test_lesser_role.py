"""A server whose database user may neither make nor drop tables, over a schema that another user owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, RaiseException
from sqlalchemy.engine import make_url

from tests.support.installation import Installation
from tests.support.postgres import EMPTY, Server

PAGE = Path(__file__).parents[2] / "docs" / "security.md"

FIX = {
    "device": {"uniqueId": "867648043123456"},
    "position": {"fixTime": "2026-11-20T14:00:01Z", "valid": True, "latitude": 41.25, "longitude": -95.98},
}


def documented(number: int, owner: str, server: str) -> str:
    """One of the page's blocks of SQL, for these names."""
    block = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)[number]
    return str(block).replace("roadlens_owner", owner).replace("roadlens_server", server)


def as_user(url: str, name: str) -> str:
    return make_url(url).set(username=name).render_as_string(hide_password=False)


@pytest.fixture
def addresses(postgres: Server) -> Iterator[tuple[str, str]]:
    """Of one database, for its owner and for a server, set up as the page says."""
    owner, server = f"owner_{uuid4().hex[:8]}", f"server_{uuid4().hex[:8]}"
    with postgres.copy_of(EMPTY) as url:
        name = make_url(url).database or ""
        with psycopg.connect(url, autocommit=True) as connection:
            before = documented(0, owner, server).replace("DATABASE roadlens", f"DATABASE {name}")
            # The page makes the database, which is here already.
            before = before.replace(f"CREATE DATABASE {name} OWNER {owner}", f"ALTER DATABASE {name} OWNER TO {owner}")
            connection.execute(before.encode())
        yield as_user(url, owner), as_user(url, server)
    postgres.drop_left()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for role in (server, owner):
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_a_server_that_owns_nothing(addresses: tuple[str, str], tmp_path: Path) -> None:
    by_owner, by_server = addresses
    owner, server = (make_url(url).username or "" for url in addresses)
    Installation(tmp_path / "owner", {"DATABASE_URL": by_owner}).run("db", "upgrade")
    with psycopg.connect(by_owner, autocommit=True) as connection:
        connection.execute(documented(1, owner, server).encode())

    installation = Installation(tmp_path / "server", {"DATABASE_URL": by_server, "ROADLENS_AUTO_REGISTER": "1"})
    (token,) = re.findall(r"rlt_\S+", installation.run("tokens", "create", "fleet"))
    with installation.server() as api:
        made = api.client.post("/admin/drivers", json={"first_name": "Ada", "last_name": "L"})
        assert made.status_code == 201, made.text
        path = f"/admin/drivers/{made.json()['driver_id']}"
        assert api.client.patch(path, json={"city": "London"}).status_code == 200
        headers = {"Authorization": f"Bearer {token}"}
        sent = api.client.post("/ingest/positions", json=[FIX], headers=headers)  # of a month that has no table yet
        assert (sent.status_code, sent.json()["kept"]) == (200, 1), sent.text
        assert api.client.delete(path).status_code == 204
        assert api.client.post("/admin/cache/clear").status_code == 200
        erased = api.client.post(f"{path}/erase", json={"confirm": made.json()["driver_id"]})
        assert (erased.status_code, erased.json()["audit_entries"]) == (200, 3), erased.text
        assert len(api.get("/admin/audit")["items"]) >= 3
        assert api.client.post("/auth/logout").status_code == 204
    assert "may not" not in installation.run("doctor")
    assert "0 not sealed yet" in installation.run("audit", "verify")

    with psycopg.connect(by_server, autocommit=True) as connection:
        for forbidden in (
            "CREATE TABLE own (id int)",
            "DROP TABLE positions_2026_11",
            "TRUNCATE positions",
            "ALTER TABLE users DISABLE TRIGGER ALL",
            "UPDATE audit_log SET actor = 'somebody else'",
            "DELETE FROM audit_log",
            "DELETE FROM audit_seals",
            "SELECT roadlens_make_month('2026-12-02')",
        ):
            with pytest.raises((InsufficientPrivilege, RaiseException)):
                connection.execute(forbidden.encode())
