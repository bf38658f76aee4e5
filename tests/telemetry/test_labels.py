"""Labels as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadlens.errors import InvalidInput
from roadlens.telemetry.labels import read_labels

AT = "2026-01-02T10:00:0{}Z"


def test_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        f"drive,type,start,end,unique_id,severity\n7,Brake,{AT.format(1)},{AT.format(3)},van,high\n"
        f",phone_use,{AT.format(5)},,,\n"
    )
    braking, call = read_labels(path)
    assert (braking.event_type, braking.end - braking.start, braking.device) == ("harsh_braking", 2_000_000, "van")
    assert (braking.line, braking.drive, braking.severity) == (2, "7", "high")
    assert (call.event_type, call.end - call.start, call.device) == ("phone_use", 0, None)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "labels.csv: has no labels"),
        (f"swerve,{AT.format(1)},\n", "labels.csv:2: column type: 'swerve' is none of harsh_braking, "),
        (f"brake,{AT.format(3)},{AT.format(1)}\n", "labels.csv:2: column end: '2026-01-02T10:00:01Z' is before"),
        (
            "brake,9999-12-31T23:59:59Z,\n",
            "labels.csv:2: column start: '9999-12-31T23:59:59Z' is not from 1970 to 2099",
        ),
        ("brake,2026-01-02 10:00,\n", "labels.csv:2: column start: '2026-01-02 10:00' is not a time with its offset"),
    ],
)
def test_a_wrong_label_is_told_with_its_place(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"type,start,end\n{lines}")
    with pytest.raises(InvalidInput) as caught:
        read_labels(path)
    assert says in caught.value.detail
