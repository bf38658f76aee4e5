"""`roadlens audit verify` while the installation's secret is exchanged for another one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from roadlens.cli.main import app
from tests.support.installation import Installation

FIRST, SECOND = "the first secret, which is long enough", "the second secret, which is long enough"
NOTE = "INSERT INTO audit_log (actor, action, entity, entity_id) VALUES ('ada', 'update', 'driver', 'DRV-1')"


class Verified:
    """What the command says, with these secrets, after one more entry."""

    def __init__(self, directory: Path, url: str) -> None:
        self._directory, self._url = directory, url

    def __call__(self, *arguments: str, **secrets: str) -> tuple[int, list[str]]:
        with psycopg.connect(self._url) as connection:
            connection.execute(NOTE)
        settings = {"DATABASE_URL": self._url} | {f"ROADLENS_{name}": value for name, value in secrets.items()}
        environment = Installation(self._directory, settings).environment
        done = CliRunner().invoke(app, ["audit", "verify", *arguments], env=environment)
        return done.exit_code, done.stdout.splitlines()


@pytest.fixture
def verified(tmp_path: Path, database_url: str) -> Verified:
    return Verified(tmp_path, database_url)


def test_older_seals_are_checked_with_the_former_secret_and_named_without(verified: Verified) -> None:
    code, said = verified(SECRET_KEY=FIRST)
    head = said[-1].removeprefix("head ")
    assert (code, head.startswith("1:")) == (0, True)
    both = {"SECRET_KEY": SECOND, "SECRET_KEY_PREVIOUS": FIRST}
    code, said = verified("--head", head, **both)
    assert (code, [line for line in said if "secret" in line]) == (0, [])
    assert (said[-2], said[-1].startswith("head 2:")) == ("2 sealed entries, 0 not sealed yet", True)
    code, said = verified("--head", head, SECRET_KEY=SECOND)
    told = "Seal 1: of another secret. What is covered was compared, who signed it was not."
    assert (code, told in said, any("ROADLENS_SECRET_KEY_PREVIOUS" in line for line in said)) == (0, True, True)
    # New ones are of the new secret alone: to who knows the first one only, they are the unknown ones.
    code, said = verified(SECRET_KEY=FIRST)
    assert any(line.startswith("Seals 2 to 3: of another secret") for line in said)
