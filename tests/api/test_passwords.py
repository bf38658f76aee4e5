"""Passwords are argon2id hashes; a check of nobody is a check all the same."""

from __future__ import annotations

from roadlens.api.passwords import NOBODY, PasswordCheck, costs_as_much, hash_password, matches


async def test_only_the_password_matches() -> None:
    password_hash = hash_password("correct horse")
    check = PasswordCheck()
    assert password_hash.startswith("$argon2id$")
    assert await check.matches("correct horse", password_hash)
    assert not await check.matches("correct hors", password_hash)
    assert not await check.matches("", None)
    assert not await check.matches("correct horse", None)


def test_a_broken_hash_matches_nothing() -> None:
    assert not matches("anything", "plain text")


def test_nobodys_hash_costs_as_much_as_anybodys() -> None:
    assert costs_as_much(NOBODY)
    assert not costs_as_much(NOBODY.replace("t=3", "t=2"))
