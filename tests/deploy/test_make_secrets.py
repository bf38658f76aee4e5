"""The script makes each secret of compose.yaml, once, for nobody's eyes, and as the settings want them."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from roadlens.settings import Settings
from tests.support.deployed import DEPLOY, ROOT, compose


def make(directory: Path) -> dict[str, str]:
    command: list[str | Path] = ["sh", DEPLOY / "make_secrets.sh", directory]
    subprocess.run(command, check=True, capture_output=True)
    return {file.name: file.read_text() for file in directory.iterdir()}


def test_makes_what_compose_names(tmp_path: Path) -> None:
    made = make(tmp_path / "secrets")
    assert {f"./deploy/secrets/{name}" for name in made} == {secret["file"] for secret in compose()["secrets"].values()}
    assert len(set(made.values())) == len(made)
    Settings.model_validate(
        {"ROADLENS_SECRET_KEY": made["secret_key"], "ROADLENS_ADMIN_PASSWORD": made["admin_password"]}
    )


def test_what_is_there_stays(tmp_path: Path) -> None:
    before = make(tmp_path / "secrets")
    (tmp_path / "secrets" / "redis_password").unlink()
    after = make(tmp_path / "secrets")
    assert {name for name in before if before[name] != after[name]} == {"redis_password"}


def test_the_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    make(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_git_does_not_take_them() -> None:
    ignored = ["git", "check-ignore", "--quiet", "deploy/secrets/secret_key"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0
