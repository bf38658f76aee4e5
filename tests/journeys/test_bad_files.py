"""Nonsense in files: each bad record is named with its line and what is wrong, and the good ones beside it are kept."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import Installation

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def forward(second: int, **position: Any) -> dict[str, Any]:
    """One good forward of a car that drives north at 20 knots; keywords replace parts of its position."""
    moment = (START + timedelta(seconds=second)).isoformat()
    fields = {"latitude": 50 + second * 0.0001, "longitude": 8.0, "speed": 20, "course": 0, "valid": True}
    return {
        "position": {"id": 0, "fixTime": moment, "attributes": {"ignition": True}, **fields, **position},
        "device": {"uniqueId": "car-1", "name": "Car 1"},
    }


GOOD = [json.dumps(forward(second)) for second in range(120)]
BAD = {
    "{": "not valid JSON",
    '{"position": {"latitude": NaN}}': "not valid JSON",
    "[]": "Expected `object`",
    json.dumps(forward(1, latitude="50.1")): "$.position.latitude",
    json.dumps(forward(2, latitude=95)): "must be within ±90 and ±180 degrees",
    json.dumps(forward(3, latitude=0, longitude=0)): "a device without a fix reports this",
    json.dumps(forward(4, speed=-3)): "speed -5.6 km/h",
    json.dumps(forward(5, fixTime="2099-01-01T00:00:00+00:00")): "is in the future",
    json.dumps(forward(6, fixTime="1980-01-06T00:00:00+00:00")): "is before 2000",
    json.dumps(forward(7, fixTime="yesterday")): "$.position.fixTime",
    json.dumps(forward(8, valid=False)): "no valid fix",
    json.dumps(forward(9, attributes={"alarm": 7})): "the alarm must be a string",
}


@pytest.fixture(scope="module")
def module_installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("bad") / "data")


def test_bad_records_are_named_and_good_ones_kept(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_text("\n".join([*GOOD[:60], *BAD, *GOOD[60:]]))
    told = installation.run("import", "--register", str(file))
    for number, says in enumerate(BAD.values(), start=61):
        assert any(line.startswith(f"{file}:{number}: ") and says in line for line in told.splitlines()), (says, told)
    assert "kept 120 positions: 1 new trip " in told
    assert f"dropped {len(BAD)}" in told
    assert "no differences" in installation.run("doctor")


def test_a_truncated_gzip_keeps_what_came_before(installation: Installation, tmp_path: Path) -> None:
    packed = gzip.compress("\n".join(GOOD).encode())
    file = tmp_path / "cut.jsonl.gz"
    file.write_bytes(packed[: len(packed) * 2 // 3])
    told = installation.run("import", "--register", str(file), fails=True)
    assert "the file breaks off here" in told
    kept = int(told.split("kept ")[1].split()[0])
    assert 0 < kept < len(GOOD)
    file.write_bytes(packed)
    assert f"kept {len(GOOD) - kept} positions" in installation.run("import", str(file))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "missing.jsonl"], "missing.jsonl: cannot be read"),
        (["import", ".", "--shift-to", "soon"], "--shift-to 'soon' is not a time"),
    ],
)
def test_a_command_says_what_is_wrong_with_it(
    module_installation: Installation, arguments: list[str], says: str
) -> None:
    told = module_installation.run(*arguments, fails=True)
    assert says in told
    assert "Traceback" not in told
