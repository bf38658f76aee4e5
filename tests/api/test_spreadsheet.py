"""Cells as spreadsheets and programs take them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from roadlens.api.schemas.answer import Answer
from roadlens.api.spreadsheet import Sheet
from roadlens.domain import RiskLevel


class Part(Answer):
    name: str
    size: int | None


class Thing(Answer):
    value: Any
    part: Part | None


SHEET = Sheet(Thing, Thing.model_validate)


def cell(value: object) -> str:
    """How a value stands in the file."""
    line = SHEET.lines([{"value": value, "part": None}])
    assert line.endswith(",,\r\n")
    return line.removesuffix(",,\r\n")


def test_what_is_within_has_columns_of_its_own() -> None:
    assert SHEET.head() == "value,part.name,part.size\r\n"
    whole, none = {"value": 1, "part": {"name": "x", "size": 2}}, {"value": 1, "part": None}
    assert SHEET.lines([whole, none]) == "1,x,2\r\n1,,\r\n"
    assert SHEET.lines([]) == ""


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (None, ""),
        (-1, "-1"),
        (-1.5, "-1.5"),
        (14.212, "14.212"),
        (True, "true"),
        (RiskLevel.HIGH, "high"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2026, 5, 4), "2026-05-04"),
        (datetime(2026, 5, 4, 15, 58, 2, tzinfo=UTC), "2026-05-04T15:58:02Z"),
        (datetime(2026, 5, 4, 15, 58, tzinfo=timezone(timedelta(hours=2))), "2026-05-04T15:58:00+02:00"),
        ("", ""),
        ("Ada Okafor", "Ada Okafor"),
        ("Ünï 日本", "Ünï 日本"),
        ("a,b", '"a,b"'),
        ('say "no"', '"say ""no"""'),
        ("two\nlines", '"two\nlines"'),
        ({"phone": "+1"}, '"{""phone"":""+1""}"'),
    ],
)
def test_how_a_value_is_spelled(value: object, spelled: str) -> None:
    assert cell(value) == spelled


FORMULAS = (
    "=1+1",
    "+1 555 0100",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "=cmd|' /C calc'!A0",
    '=A1&",x"',
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_is_a_formula(formula: str) -> None:
    written = cell(formula)
    assert written[:2] == "\"'"
    assert written[-1] == '"'
    (row,) = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert len(row) == 1
    assert row[0].replace("'", "") == formula.replace("'", "")


@pytest.mark.parametrize("text", ["x;=1+1", "x\t@SUM(A1)", "x\r\n=1+1", '";=1+1', "x;;-1"])
def test_nor_is_what_another_country_s_spreadsheet_takes_for_a_cell(text: str) -> None:
    """It parts cells at semicolons or tabs, and to it quotation marks amid a cell mean nothing."""
    cells = cell(text).replace("\r\n", ";").replace("\t", ";").split(";")
    assert not [each for each in cells if each[:1] in {*"=+-@"}]


def test_what_is_written_is_read_back() -> None:
    """By a reader that takes RFC 4180 by the letter; only what would be a formula comes back with a mark."""
    values = ["plain", 'quote " and, comma', "line\r\nend", " spaces ", "'quoted'", "1;2", "a-b", "a=b", "3 + 4"]
    text = SHEET.lines([{"value": value, "part": None} for value in values])
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""), strict=True)] == values
