"""Secrets from files: every one of them, without its line's end; what is wrong is said without the secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from roadlens.errors import SetupError
from roadlens.settings import Settings, read_settings
from roadlens.settings.files import SUFFIX, secrets

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_a_secret_is_read_from_its_file(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("  a password with spaces \r\n")
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(secret))
    read = read_settings().redis_password
    assert read is not None
    assert read.get_secret_value() == "  a password with spaces "


def test_every_secret_may_stand_in_a_file_and_the_page_names_no_other() -> None:
    assert {"DATABASE_URL", "REDIS_PASSWORD", "ROADLENS_SECRET_KEY", "ROADLENS_ADMIN_PASSWORD"} <= set(
        secrets(Settings)
    )
    named = set(re.findall(rf"`(\w+){SUFFIX}`", PAGE.read_text().partition("| variable |")[0]))
    assert named
    assert named <= set(secrets(Settings))


def test_a_port_does_not(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("9000")
    monkeypatch.setenv("PORT_FILE", str(secret))
    assert read_settings().port == 8000


def test_a_variable_and_its_file_together_are_refused(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("one")
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("REDIS_PASSWORD", "two")
    with pytest.raises(SetupError, match="REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set") as refused:
        read_settings()
    assert "one" not in refused.value.detail.replace("one of them", "")


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\n", "not text")]
)
def test_a_file_that_holds_no_secret_is_named(
    content: bytes | None, expected: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setenv("ROADLENS_SECRET_KEY_FILE", str(secret))
    with pytest.raises(SetupError, match=f"ROADLENS_SECRET_KEY_FILE is not acceptable: {secret}.*{expected}"):
        read_settings()


def test_what_stands_in_a_file_is_held_to_the_same_rules(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("hunter2")
    monkeypatch.setenv("ROADLENS_SECRET_KEY_FILE", str(secret))
    with pytest.raises(SetupError, match="ROADLENS_SECRET_KEY is not acceptable: it must have at least 32") as refused:
        read_settings()
    assert "hunter2" not in refused.value.detail
