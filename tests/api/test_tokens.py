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
        "of nobody": jwt.encode({**whole, "sub": "admin"}, key, algorithm="HS256"),
    }


@pytest.mark.parametrize("case", forged())
def test_forged_tokens_are_refused(case: str) -> None:
    with pytest.raises(NotAuthenticated):
        TOKENS.read(forged()[case])
