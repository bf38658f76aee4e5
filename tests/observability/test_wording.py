"""Nothing that somebody sent begins a line or colours it, and no secret and no value of an exception is told."""

from __future__ import annotations

import ssl

import psycopg
import pytest
import redis
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError

from roadlens.errors import DatabaseUnavailable
from roadlens.observability.wording import Wording, clean
from roadlens.storage.database import Database

ADDRESS = "ada.secret@example.com"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("one\ntwo\r\n", r"one\ntwo\r\n"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\u202egnp", r"\u202egnp"),
        ("\udcff", r"\udcff"),
        ("Zoë 測試 🚗", "Zoë 測試 🚗"),
        ("tab\tnul\0del\x7f", r"tab\tnul\x00del\x7f"),
    ],
)
def test_a_text_stays_in_its_line_and_in_its_colour(sent: str, told: str) -> None:
    assert clean(sent) == told


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql://roadlens:s3cr3t-x@db:5432/roadlens",
        "cannot reach postgresql://roadlens:s3cr3t-x@with@at@db/roadlens",
        "redis://:s3cr3t-x@cache:6379/0",
        "host=db password=s3cr3t-x user=roadlens",
        "Authorization: Bearer s3cr3t-x-and-more",
        "GET /api/v1/ingest/phone?access_token=s3cr3t-x&id=1",
        "token eyJhbGciOi.s3cr3t-x.s3cr3t-x",
        "rlt_s3cr3t-x",
        "mail to s3cr3t-x@example.com",
        "whatever s3cr3t-x",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(text: str) -> None:
    told = Wording(["s3cr3t-x"]).line(text)
    assert "s3cr3t" not in told
    if not text.startswith("whatever"):
        assert "s3cr3t" not in Wording().line(text)


def test_a_short_secret_is_no_reason_to_hide_words() -> None:
    assert Wording(["a"]).line("a driver has a car") == "a driver has a car"


class Asked(BaseModel):
    number: int


class OperationalError(Exception):
    """Has the name of one that is trusted, and is nobody's that we know."""


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("ada.secret"),
        ValueError(f"invalid literal for int(): '{ADDRESS}'"),
        KeyError("O'Brien ada.secret"),
        RuntimeError(f"first line\nDETAIL: {ADDRESS}"),
        UnicodeDecodeError("utf-8", b"ada.secret", 0, 1, "bad"),
        FileNotFoundError(2, "No such file", "/home/ada.secret"),
        FileNotFoundError(2, "No such file as ada.secret"),
        OSError("cannot read ada.secret"),
        ExceptionGroup("several", [ValueError("'ada.secret'")]),
        ExceptionGroup("all about ada.secret", [ValueError("ada.secret")]),
        ValueError("could not convert string to float: ada.secret"),
        TypeError("ada.secret is of the wrong type"),
        RuntimeError("ada.secret"),
    ],
)
def test_an_exception_is_told_without_values_but_with_its_place(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        _raise(error)
    told = "\n".join(Wording().trace(raised.value))
    assert "ada.secret" not in told
    assert "Brien" not in told
    assert type(error).__name__ in told
    assert "observability/test_wording.py:" in told
    assert "_raise" in told


def test_a_wrong_value_is_not_repeated_by_a_validator_s_error() -> None:
    with pytest.raises(ValidationError) as raised:
        Asked.model_validate({"number": "ada.secret"})
    assert "ada.secret" not in "\n".join(Wording().trace(raised.value))


def test_what_helps_is_kept() -> None:
    wording = Wording()
    assert wording.told(TypeError("f() got an unexpected keyword argument 'colour'")).endswith("'colour'")
    assert wording.told(DatabaseUnavailable("The database is away.")).endswith("The database is away.")
    assert wording.told(ConnectionRefusedError(111, "Connection refused")) == (
        "ConnectionRefusedError: Connection refused (errno 111)"
    )


def test_a_mistake_in_our_code_is_told_in_words() -> None:
    with pytest.raises(TypeError) as raised:
        clean(7)  # type: ignore[arg-type]  # the mistake
    assert Wording().told(raised.value) == "TypeError: expected string or bytes-like object, got 'int'"


def test_why_a_certificate_is_refused_is_told_without_its_names() -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL] certificate is not valid for 'ada.secret'")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    assert Wording().told(error) == "ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED"


def test_why_redis_cannot_be_reached_is_told() -> None:
    with pytest.raises(redis.ConnectionError) as raised, redis.Redis(port=1) as client:
        client.ping()
    assert "127.0.0.1:1" in Wording().told(raised.value) or "localhost:1" in Wording().told(raised.value)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT colour FROM drivers", 'column "colour" does not exist'),
        ("SELECT CAST(CAST(:sent AS text) AS integer)", "SQLSTATE 22P02"),
        ("SELECT CAST(:sent AS text)::date", "SQLSTATE 22007"),
    ],
)
async def test_a_wrong_statement_is_told_and_a_wrong_value_is_not(
    statement: str, told: str, database: Database
) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with database.write() as session:
            await session.execute(statement, {"sent": "ada.secret"} if ":sent" in statement else {})
    line = Wording().told(raised.value)
    assert told in line
    assert "ada.secret" not in line


async def test_an_error_of_the_database_tells_neither_parameters_nor_rows(database: Database) -> None:
    insert = "INSERT INTO drivers (driver_id, first_name, last_name, email) VALUES (:id, 'A', 'B', :email)"

    async def add(*, twice: str) -> None:
        async with database.write() as session:
            await session.execute(insert, {"id": twice, "email": ADDRESS})

    await add(twice="DRV-1")
    with pytest.raises(DBAPIError) as raised:
        await add(twice="DRV-2")
    assert ADDRESS in str(raised.value.orig), "what must be hidden is there"
    told = "\n".join(Wording().trace(raised.value))
    assert "ada.secret" not in told
    assert "SQLSTATE 23505, constraint" in told
    assert "psycopg.errors.UniqueViolation" in told


def test_why_the_database_cannot_be_reached_is_told_without_its_password() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("postgresql://roadlens:s3cr3t-x@127.0.0.1:1/roadlens")
    told = Wording().told(raised.value)
    assert "127.0.0.1" in told
    assert "s3cr3t" not in told
