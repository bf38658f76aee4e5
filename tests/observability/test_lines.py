"""One schema for all lines, each of them one, in both forms."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import msgspec
import pytest

from roadlens.observability.lines import Line
from roadlens.observability.log import FormName
from roadlens.observability.output import LONGEST
from roadlens.observability.under_way import Work, current_work
from tests.support.log_file import opened_log

EVIL = "name\n2026-01-01T00:00:00.000Z INFO forged\r\x1b[31m\x9b31m\u2028\u202e"
FORMS: tuple[FormName, ...] = ("json", "text")

logger = logging.getLogger("roadlens.test")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_line_says_when_where_and_what(tmp_path: Path) -> None:
    with opened_log(tmp_path / "log") as log, log.listening():
        token = current_work.set(Work(b"abc-1"))
        logger.warning("this went %s", "wrong")
        current_work.set(None)
        logger.info("outside")
        current_work.reset(token)
        first, second = log.lines
    assert RFC_3339.fullmatch(first.pop("time"))
    assert isinstance(first.pop("pid"), int)
    assert first == {
        "level": "warning",
        "logger": "roadlens.test",
        "message": "this went wrong",
        "process": "test",
        "request_id": "abc-1",
    }
    assert "request_id" not in second


def test_a_line_for_people_says_the_same(tmp_path: Path) -> None:
    with opened_log(tmp_path / "log", "text") as log, log.listening():
        token = current_work.set(Work(b"abc-1"))
        logger.warning("this went wrong")
        current_work.reset(token)
        assert re.fullmatch(r"\S+Z WARNING test: roadlens.test \[abc-1\]: this went wrong\n", log.text)


@pytest.mark.parametrize("form", FORMS)
def test_what_somebody_sent_makes_no_line_and_no_colour(form: FormName, tmp_path: Path) -> None:
    with opened_log(tmp_path / "log", form) as log, log.listening():
        logger.warning("searched for %s", EVIL)
        logger.warning(EVIL)
        logging.getLogger(f"roadlens.{EVIL}").warning("named by somebody")
        try:
            raise RuntimeError(EVIL)
        except RuntimeError as error:
            logger.exception("failed")
            logger.warning("%r", error)
        logger.warning("extra", extra={"fields": {"sql": EVIL}})
        told = log.path.read_bytes() if log.text else b""
    starts = [line for line in told.split(b"\n") if line and not line.startswith((b"    ", b"end "))]
    assert len(starts) == 6
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", told)
    assert not re.search("[\x80-\x9f\u2028\u2029\u202e]", told.decode())


def test_an_exception_is_a_field_of_its_line(tmp_path: Path) -> None:
    with opened_log(tmp_path / "log") as log, log.listening():
        try:
            int("secret-value")
        except ValueError as error:
            logger.exception("failed")
            logger.warning("because of %s", error)
            logger.warning("because of %r", error)
        told, *others = log.lines
    assert told["exception"].startswith("ValueError\n")
    assert "test_lines.py" in told["exception"]
    assert "secret-value" not in f"{told}{others}"
    assert others[0]["message"] == others[1]["message"]


def test_a_future_s_exception_is_told_without_the_objects(tmp_path: Path) -> None:
    with opened_log(tmp_path / "log") as log:
        told = logging.getLogger("asyncio")
        told.addHandler(log.handler)
        try:
            told.error("Task exception was never retrieved\nfuture: <Task exception=ValueError('secret-value')>")
        finally:
            told.removeHandler(log.handler)
        (line,) = log.lines
    assert line["message"] == "Task exception was never retrieved"


@pytest.mark.parametrize("form", FORMS)
def test_a_long_line_loses_its_middle(form: FormName, tmp_path: Path) -> None:
    with opened_log(tmp_path / "log", form) as log, log.listening():
        logger.warning("begin %s end", "\u00e4x\x1b" * 20_000)
        text = log.text
    assert 0 < len(text.encode()) <= LONGEST
    assert "begin" in text
    assert "end" in text


def test_a_message_that_cannot_be_put_together_stops_nothing(tmp_path: Path) -> None:
    with opened_log(tmp_path / "log") as log:
        log.handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",), "pathname": __file__}))
        (line,) = log.lines
    assert line["level"] == "error"
    assert "test_lines.py" in line["message"]


def test_every_field_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "logging.md").read_text()
    fields = page.partition("## Fields")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE)
    assert documented == [field.name for field in msgspec.structs.fields(Line)]
