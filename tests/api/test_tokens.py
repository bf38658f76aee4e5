"""Tokens: what is issued can be read; what is not ours, was changed or has ended cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from roadlens.api.tokens import Tokens
from roadlens.errors import NotAuthenticated

SECRET = b"a secret of the tests, long enough to be one"
TOKENS = Tokens(SECRET, timedelta(hours=8))


def test_a_token_says_who_and_under_which_epoch() -> None:
    claims = TOKENS.read(TOKENS.issue(7, 3))
    assert (claims.user_id, claims.token_epoch) == (7, 3)
    assert timedelta(hours=7, minutes=59) < claims.expires_at - datetime.now(UTC) <= timedelta(hours=8)


def test_a_server_whose_clock_is_behind_accepts_what_another_one_issued() -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=30)
    whole = {"sub": "7", "epoch": 3, "iat": ahead, "exp": ahead + timedelta(hours=8)}
    assert TOKENS.read(jwt.encode(whole, TOKENS._key, algorithm="HS256")).user_id == 7


def test_exchanging_tokens_never_moves_the_end_of_the_session() -> None:
    tokens = Tokens(SECRET, timedelta(hours=1), timedelta(hours=12))
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=11, minutes=30)
    claims = tokens.read(tokens.issue(7, 3, began))
    assert (claims.began_at, claims.session_ends_at) == (began, began + timedelta(hours=12))
    assert claims.expires_at == claims.session_ends_at
    again = tokens.give(7, 3, claims.began_at)
    assert again.session_expires_in <= 1800
    assert tokens.read(again.token).session_ends_at == claims.session_ends_at


def test_a_session_that_has_become_too_long_for_the_settings_has_ended() -> None:
    long, short = (Tokens(SECRET, timedelta(minutes=5), timedelta(hours=hours)) for hours in (12, 1))
    token = long.issue(7, 3, datetime.now(UTC) - timedelta(hours=2))
    assert long.read(token).user_id == 7
    with pytest.raises(NotAuthenticated, match="session has ended"):
        short.read(token)


def test_a_token_from_before_there_were_sessions_is_one_of_its_own() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    whole = {"sub": "7", "epoch": 3, "iat": now, "exp": now + timedelta(hours=8)}
    claims = TOKENS.read(jwt.encode(whole, TOKENS._key, algorithm="HS256"))
    assert (claims.began_at, claims.expires_at) == (now, now + timedelta(hours=8))


def test_while_secrets_are_exchanged_both_hold_and_the_new_one_signs() -> None:
    old, new = Tokens(SECRET, timedelta(hours=1)), Tokens(SECRET[::-1], timedelta(hours=1))
    both = Tokens(SECRET[::-1], timedelta(hours=1), previous=SECRET)
    assert both.read(old.issue(7, 3)).user_id == both.read(new.issue(7, 3)).user_id == 7
    assert new.read(both.issue(7, 3)).user_id == 7
    for token in (both.issue(7, 3), Tokens(b"x" * 40, timedelta(hours=1)).issue(7, 3)):
        with pytest.raises(NotAuthenticated):
            old.read(token)
    with pytest.raises(NotAuthenticated, match="has ended"):
        both.read(Tokens(SECRET, timedelta(seconds=-1)).issue(7, 0))


def forged() -> dict[str, str]:
    soon = datetime.now(UTC) + timedelta(hours=1)
    whole = {"sub": "7", "epoch": 0, "iat": datetime.now(UTC), "exp": soon}
    token = TOKENS.issue(7, 0)
    key = TOKENS._key
    return {
        "nothing": "",
        "not a token": "a.b.c",
        "ended": Tokens(SECRET, timedelta(seconds=-1)).issue(7, 0),
        "of another secret": Tokens(SECRET[::-1], timedelta(hours=1)).issue(7, 0),
        "unsigned": jwt.encode(whole, None, algorithm="none"),
        "another algorithm": jwt.encode(whole, key * 2, algorithm="HS512"),
        "signed with the secret itself": jwt.encode(whole, SECRET, algorithm="HS256"),
        "cut": token[:-2],
        "with no end": jwt.encode({"sub": "7", "epoch": 0, "iat": soon}, key, algorithm="HS256"),
        "without an epoch": jwt.encode({**whole, "epoch": None}, key, algorithm="HS256"),
        "of a session in no year": jwt.encode({**whole, "auth_time": 1e30}, key, algorithm="HS256"),
        "of nobody": jwt.encode({**whole, "sub": "admin"}, key, algorithm="HS256"),
    }


@pytest.mark.parametrize("case", forged())
def test_forged_tokens_are_refused(case: str) -> None:
    with pytest.raises(NotAuthenticated):
        TOKENS.read(forged()[case])
