"""Tables that people make: read by the names of their columns, and every mistake told with where it is."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from roadlens.domain import unix_microseconds
from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.rows import Row, read_rows


def rows(path: Path, text: str | bytes) -> list[Row]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_rows(path, needed=("who", "when"), known=("note",)))


@pytest.mark.parametrize(
    "text",
    [
        "who,when\nada,2026-01-02\n\nbo, 2026-01-03 \n",
        "\ufeffWhen;other;Who\r\n2026-01-02;x;ada\r\n;;\r\n2026-01-03;;bo\r\n",
        gzip.compress(b"when\twho\n2026-01-02\tada\n\n2026-01-03\tbo"),
    ],
)
def test_any_order_and_delimiter(tmp_path: Path, text: str | bytes) -> None:
    found = rows(tmp_path / "table.csv", text)
    assert [(row.line, row.text("who"), row.day("when"), row.text("note")) for row in found] == [
        (2, "ada", date(2026, 1, 2), ""),
        (4, "bo", date(2026, 1, 3), ""),
    ]


def test_a_row_over_two_lines_is_named_by_its_first(tmp_path: Path) -> None:
    found = rows(tmp_path / "table.csv", 'who,when\n"a\nda",1\nbo,2\n')
    assert [(row.line, row.count("when")) for row in found] == [(2, 1), (4, 2)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs who, when and may have note; here are none"),
        ("who,what\n", "names no column when"),
        ("who,when,who\n", "names the column who twice"),
        ("who,when\nada\n", "table.csv:2: 1 cells, where the first line names 2"),
        (b"who,when\nad\xe4,x\n", "table.csv:2: is not UTF-8 text"),
        ('who,when\n"ada,1\n', "Is a quote left open?"),
        (gzip.compress(b"who,when\nada,1\n")[:-9], "breaks off here"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        rows(tmp_path / "table.csv", text)
    assert says in caught.value.detail


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nothing: cannot be read"):
        list(read_rows(tmp_path / "nothing", needed=("who",)))


def row(**cells: str) -> Row:
    return Row(Path("table.csv"), 7, cells)


def test_values() -> None:
    assert row(at="2026-01-02T01:00:00+01:00").moment("at") == unix_microseconds(datetime(2026, 1, 2, tzinfo=UTC))
    assert row(years="0.75").positive("years") == 0.75
    assert row(claims="007").count("claims") == 7


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("moment", "2026-01-02T01:00:00"),
        ("moment", "yesterday"),
        ("day", "02.01.2026"),
        ("day", ""),
        ("count", "-1"),
        ("count", "1.5"),
        ("count", "²"),
        ("count", "1" * 10),
        ("positive", "0"),
        ("positive", "nan"),
        ("positive", "1,5"),
        ("positive", ""),
    ],
)
def test_a_wrong_value_is_told_with_its_place(kind: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        getattr(row(it=text), kind)("it")
    assert caught.value.detail.startswith(
        f"table.csv:7: column it: {text!r}" if text else "table.csv:7: column it: what"
    )
