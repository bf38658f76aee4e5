"""Claims as people write them; a line that cannot be used costs no other."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from roadlens.calibration.claims import read_claims
from roadlens.errors import InvalidInput

GOOD = "DRV-0001,2025-01-01,2026-01-01,2,"


def test_periods_are_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(f"driver_id,from,to,claims,exposure_years\n{GOOD}\nDRV-0002,2025-01-01,2026-01-01,0,0.25\n")
    read = read_claims(path)
    whole, part = read.periods
    assert (whole.line, whole.driver_id, whole.first, whole.until, whole.claims) == (
        2,
        "DRV-0001",
        date(2025, 1, 1),
        date(2026, 1, 1),
        2,
    )
    assert whole.exposure == pytest.approx(365 / 365.25)
    assert (part.claims, part.exposure) == (0, 0.25)
    assert read.complaints == []
    assert read.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",2025-01-01,2026-01-01,2,", "claims.csv:2: column driver_id: what is empty names no driver"),
        ("D,2025-13-01,2026-01-01,2,", "claims.csv:2: column from: '2025-13-01' is not a day"),
        ("D,2025-01-01,2025-01-01,2,", "claims.csv:2: column to: '2025-01-01' is not after 2025-01-01"),
        ("D,2025-01-01,2026-01-01,-1,", "claims.csv:2: column claims: '-1' is not a whole number"),
        ("D,2025-01-01,2026-01-01,0.5,", "claims.csv:2: column claims: '0.5' is not a whole number"),
        ("D,2025-01-01,2026-01-01,1,0", "claims.csv:2: column exposure_years: '0' is not above 0"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_are_read(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(f"driver_id,from,to,claims,exposure_years\n{line}\n{GOOD}\n")
    read = read_claims(path)
    assert [period.line for period in read.periods] == [3]
    (complaint,) = read.complaints
    assert says in complaint


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("driver_id,start,end,claims\n")
    with pytest.raises(InvalidInput, match="names no column from and no to"):
        read_claims(path)
