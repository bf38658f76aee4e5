"""Signing in."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from roadlens.api.schemas.answer import Answer, Text, example
from roadlens.domain import LONGEST_PASSWORD, Role

_LONGEST_NAME = 200


class Login(Answer):
    model_config = example({"username": "admin", "password": "correct horse battery staple"}) | ConfigDict(
        extra="forbid"
    )

    username: Text = Field(min_length=1, max_length=_LONGEST_NAME)
    password: str = Field(min_length=1, max_length=LONGEST_PASSWORD)


class Token(Answer):
    model_config = example(
        {
            "access_token": "eyJhbGciOiJIUzI1NiJ9…",
            "token_type": "bearer",
            "expires_in": 3600,
            "session_expires_in": 43200,
        }
    )

    access_token: str = Field(description="Send it as `Authorization: Bearer <access_token>`.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, not one
    expires_in: int = Field(description="Seconds until the token ends. `/auth/refresh` gives the next one until then.")
    session_expires_in: int = Field(description="Seconds until no token of this sign-in is given any more.")


class Me(Answer):
    model_config = example(
        {
            "user_id": 1,
            "username": "admin",
            "email": None,
            "role": "admin",
            "expires_at": "2026-05-04T10:10:00Z",
            "session_ends_at": "2026-05-04T21:10:00Z",
        }
    )

    user_id: int
    username: str
    email: str | None
    role: Role = Field(description="`viewer` may read, `admin` may change too.")
    expires_at: datetime.datetime = Field(description="When the token ends, unless it is renewed.")
    session_ends_at: datetime.datetime = Field(description="When its user must sign in again.")
