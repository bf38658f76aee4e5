"""The log is complete: every command leaves an entry, or is one that changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from roadlens.api.passwords import hash_password
from roadlens.cli.main import app
from roadlens.cli.operator import operator
from tests.support.installation import ADMIN_PASSWORD, Installation

READS = "reads, and changes nothing"
DRIVES = "device,time,latitude,longitude,speed_kmh\n" + "".join(
    f"t-1,2024-03-06T12:{second // 60:02}:{second % 60:02}Z,{52.5 + second / 9000},13.4,36\n"
    for second in range(0, 900, 10)
)

# In this order: what is typed and sent, and the entry that it leaves: action and entity.
NOTED: dict[str, tuple[list[str], str, tuple[str, str]] | str] = {
    "demo": (["demo", "--drivers", "1", "--days", "1"], "", ("complete", "fleet")),
    "import": (["import", "drives.csv", "--register"], "", ("import", "positions")),
    "devices assign": (
        ["devices", "assign", "t-2", "--driver", "DRV-0002", "--vehicle", "VEH-0002"],
        "",
        ("create", "assignment"),
    ),
    "cache clear": (["cache", "clear", "*"], "", ("clear", "cache")),
    "db retain": (["db", "retain", "--days", "365"], "", ("drop", "positions")),
    "drivers export": (["drivers", "export", "DRV-0002"], "", ("export", "driver")),
    "drivers erase": (["drivers", "erase", "DRV-0002", "--yes"], "", ("erase", "driver")),
    "score draft": (["score", "draft", "gps_confidence=0.5"], "", ("draft", "score_version")),
    "score switch": "wants history that has been scored: tests/telemetry/test_switching.py",
    "score forget": "the same",
    "tokens create": (["tokens", "create", "traccar"], "", ("create", "ingest_token")),
    "tokens revoke": (["tokens", "revoke", "traccar"], "", ("revoke", "ingest_token")),
    "users create": (
        ["users", "create", "ada", "--role", "viewer", "--password-stdin"],
        f"{ADMIN_PASSWORD}\n",
        ("create", "user"),
    ),
    "users password": (["users", "password", "ada", "--password-stdin"], f"{ADMIN_PASSWORD}\n", ("password", "user")),
    "users erase": (["users", "erase", "ada", "--yes"], "", ("erase", "user")),
    "bench generate": "wants a database without trips: below",
    "score rebuild": "wants a version that was drafted (tests/cli/score/test_rebuild.py)",
    "serve": "its changes are those of the API, of retention, and of the first admin (tests/test_wiring.py)",
    "db upgrade": "a new schema is noted (tests/storage/test_migrate.py)",
    **dict.fromkeys(("doctor", "audit verify", "cache stats", "cache explain", "db url", "db status"), READS),
    **dict.fromkeys(("score calibrate", "bench claims"), READS),
    "score relativities": "wants a table and drivers: tests/cli/score/test_calibrate.py",
    **dict.fromkeys(("devices list", "tokens list", "health"), READS),
    **dict.fromkeys(("score versions", "score compare", "score evaluate"), READS),
    "reload": "replaces processes, and changes nothing that is kept",
}
# Who exactly does these is the fleet's own name; everybody else is the system's user.
OTHERS = {"demo": "roadlens demo"}


def commands(group: Any, *before: str) -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        here = (*before, name)
        found |= commands(command, *here) if isinstance(command, TyperGroup) else {" ".join(here)}
    return found


def newest(url: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT actor, address, action, entity FROM audit_log ORDER BY audit_id DESC LIMIT 1"
        ).fetchone()
    return found or ()


def test_every_command_leaves_an_entry(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commands(typer.main.get_command(app)) == set(NOTED), "decide here what a new command leaves in the log"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drives.csv").write_text(DRIVES)
    installation = Installation(tmp_path / "data", {"DATABASE_URL": database_url})
    for name, how in NOTED.items():
        if isinstance(how, str):
            continue
        arguments, typed, (action, entity) = how
        if name == "devices assign":
            with psycopg.connect(database_url) as connection:
                connection.execute("INSERT INTO devices (unique_id) VALUES ('t-2')")
        done = CliRunner().invoke(app, arguments, env=installation.environment, input=typed)
        assert done.exit_code == 0, (name, done.output, done.exception)
        who, where, *noted = newest(database_url)
        assert (noted[0], noted[1]) == (action, entity), name
        if name in OTHERS:
            assert who == OTHERS[name]
        else:
            assert (who, where) == (operator().name, operator().address), name


def test_generating_leaves_an_entry(tmp_path: Path, database_url: str) -> None:
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    arguments = ["bench", "generate", "--drivers", "2", "--trips-per-driver", "2"]
    assert CliRunner().invoke(app, arguments, env=installation.environment).exit_code == 0
    who, _, *noted = newest(database_url)
    assert (who, noted) == ("roadlens bench generate", ["complete", "fleet"])


def test_erasing_asks_for_the_name_again(tmp_path: Path, database_url: str) -> None:
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('D-1', 'Ada', 'Okafor')")
        connection.execute(
            "INSERT INTO users (username, role, password_hash) VALUES ('ada', 'viewer', %s)", [hash_password("x" * 12)]
        )

    def run(*arguments: str, typed: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, arguments, env=installation.environment, input=typed)
        return done.exit_code, f"{done.output} {done.exception}"

    assert "nobody was erased" in run("drivers", "erase", "D-1", typed="D-2\n")[1]
    assert "nobody was erased" in run("users", "erase", "ada", typed="bo\n")[1]
    assert "erased 0 trips" in run("drivers", "erase", "D-1", typed="D-1\n")[1]
    assert "nothing is held about such a driver" in run("drivers", "erase", "D-1", "--yes", typed="")[1]
    assert "ada is erased" in run("users", "erase", "ada", typed="ada\n")[1]
    code, said = run("audit", "verify", typed="")
    assert (code, "0 not sealed yet" in said) == (0, True)


def test_an_export_is_whole_or_not_there(tmp_path: Path, database_url: str) -> None:
    installation = Installation(tmp_path / "data", {"DATABASE_URL": database_url})
    target = tmp_path / "driver.json"
    done = CliRunner().invoke(app, ["drivers", "export", "D-1", "-o", str(target)], env=installation.environment)
    assert (done.exit_code, list(tmp_path.glob("driver*"))) == (1, [])
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('D-1', 'Ada', 'Okafor')")
    done = CliRunner().invoke(app, ["drivers", "export", "D-1", "-o", str(target)], env=installation.environment)
    assert done.exit_code == 0
    assert '"Okafor"' in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600
