"""What goes wrong is said in words that help, once in a while, and without the password."""

from __future__ import annotations

import logging

import pytest
from redis import exceptions

from roadlens.cache.connections import RedisConfig, Unreachable
from roadlens.cache.troubles import AGAIN_S, AWAY, FULL, LOGIN, LOST, OLD, SILENT, SLOW, Complaints, Says, trouble

CONFIG = RedisConfig(host="redis.example", password="hunter2")


def unreachable(cause: Exception) -> Unreachable:
    found = Unreachable(str(cause))
    found.__cause__ = cause
    return found


def test_a_password_that_the_server_repeats_is_not_repeated() -> None:
    """A server before version 6 answers with the arguments that it did not understand."""
    told = "unknown command `{}`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, "
    found = trouble(unreachable(exceptions.ResponseError(told.format("OHAI"))), CONFIG.password)
    assert "`***`" in found.advice
    assert "hunter2" not in found.advice
    assert trouble(unreachable(exceptions.ResponseError(told.format("HELLO"))), CONFIG.password) is OLD


def test_the_cause_counts() -> None:
    assert trouble(unreachable(exceptions.AuthenticationError("WRONGPASS")), None) is LOGIN
    assert trouble(unreachable(exceptions.ConnectionError("refused")), None) is AWAY
    assert trouble(unreachable(TimeoutError()), None) is SILENT
    assert trouble(exceptions.ConnectionError("Connection closed by server."), None) is LOST
    assert trouble(exceptions.OutOfMemoryError("command not allowed"), None) is FULL


def test_an_unknown_error_keeps_the_server_in_use_only_if_it_came_as_an_answer() -> None:
    unknown = exceptions.ResponseError("DB index is out of range")
    assert trouble(unknown, None).says is Says.THERE
    assert trouble(unreachable(unknown), None).says is Says.AWAY
    assert "DB index is out of range" in trouble(unknown, None).advice


def test_each_kind_is_said_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = 1000.0
    complaints = Complaints(CONFIG, clock=lambda: now)
    complaints.over()
    for _ in range(10):
        complaints.about(SLOW)
        complaints.about(FULL)
        complaints.over()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "WARNING", "INFO"]
    now += AGAIN_S
    complaints.about(SLOW)
    assert len(caplog.records) == 5
    assert str(complaints.last).startswith("Redis at redis.example:6379 did not answer in time")
    assert "hunter2" not in caplog.text
