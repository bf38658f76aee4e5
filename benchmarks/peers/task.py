"""What a contestant's process is told: the answers to give, and how to come by them. It travels in the environment."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Literal

import msgspec

from roadlens.api.tokens import Tokens

VARIABLE = "BENCH_TASK"

# What stands before an address in the key under which an application without a framework finds its body.
REDIS_KEY = "bare:"


class Answer(msgspec.Struct, frozen=True):
    """An answer of Roadlens, as it was sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.encode()) for name, value in self.headers]


class Task(msgspec.Struct, frozen=True):
    """
    Attributes:
        answers: by path and query string.
        secret: what tokens are signed with.
        redis: host and port.
        store: where a peer keeps answers.
        keeps: a peer's endpoint returns decoded JSON, or a finished `Response`.
        authorises: a peer verifies the token.
    """

    answers: dict[str, Answer]
    secret: str
    redis: tuple[str, int]
    store: Literal["memory", "redis"] = "memory"
    keeps: Literal["json", "response"] = "response"
    authorises: bool = False

    def tokens(self) -> Tokens:
        """What verifies with PyJWT, just as Roadlens does."""
        return Tokens(self.secret.encode(), timedelta(hours=1))

    def environment(self) -> dict[str, str]:
        return {VARIABLE: msgspec.json.encode(self).decode()}


def read() -> Task:
    """The task of this process."""
    return msgspec.json.decode(os.environ[VARIABLE], type=Task)
