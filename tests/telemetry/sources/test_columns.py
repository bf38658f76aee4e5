"""Headers: what is unknown, missing or said twice is named together with what would be right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.columns import COLUMNS, understand
from roadlens.telemetry.sources.mapping import Mapping

HEADER = ["device", "time", "latitude", "longitude", "speed_kmh"]
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "file-formats.md"


def refusal(header: list[str], mapping: Mapping | None = None, device: str | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        understand(Path("drives.csv"), header, mapping or Mapping(), device)
    assert refused.value.detail.startswith("drives.csv: ")
    return refused.value.detail


def test_names_may_be_written_larger_and_a_column_may_have_none() -> None:
    layout = understand(Path("x"), [" Device", "TIME", "Latitude", "longitude ", "speed_kmh", ""], Mapping(), None)
    assert layout.width == 6
    assert sorted(layout.places) == sorted(["device", "time", "latitude", "longitude", "speed"])


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (
            [*HEADER, "alarms", "address"],
            "unknown columns 'alarms' (did you mean 'alarm'?), 'address'. Known are device,",
        ),
        ([*HEADER, *map(str, range(100, 150))], "'111' and 38 more. Known"),
        ([*HEADER, "speed_mph"], "'speed_kmh' and 'speed_mph' say the same"),
        ([*HEADER, "time_unix_s"], "'time' and 'time_unix_s' say the same"),
        ([*HEADER, "Device"], "'device' and 'Device' say the same"),
        (HEADER[1:], "no column says the device: add a column `device`, or name the file's device with --device"),
        (["device", *HEADER[2:]], "no column says the time: add a column `time`, `time_unix_s` or"),
        (HEADER[:4], "no column says the speed: add a column `speed_kmh`"),
    ],
)
def test_a_header_that_cannot_be_says_why(header: list[str], says: str) -> None:
    assert says in refusal(header)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (Mapping(columns={"speed": "v"}), "the mapping's columns: 'speed' is unknown (did you mean 'speed_"),
        (Mapping(columns={"course": "Heding"}), "there is no column 'Heding' (did you mean 'Heading'?)"),
        (Mapping(columns={"course": "Twice"}), "there is more than one column 'Twice'"),
        (Mapping(columns={"course": ["Heading", "Twice"]}), "course stands in one column"),
        (Mapping(columns={"course": "Heading"}), "no column says the device"),
        (Mapping(constants={"devise": "x"}), "the mapping's constants: 'devise' is unknown (did you mean 'device'?)"),
        (Mapping(constants={"speed_kmh": 5}), "speed_kmh cannot be the same in every row"),
    ],
)
def test_a_mapping_that_does_not_fit_says_why(mapping: Mapping, says: str) -> None:
    header = ["Heading", "Twice", "Twice"] if mapping.columns else HEADER
    assert says in refusal(header, mapping)


def test_what_may_have_been_meant_is_looked_for_in_few_columns() -> None:
    """A line of a megabyte can name half a million."""
    compared: list[object] = []

    def count(_frame: object, event: str, called: object) -> None:
        if event == "call":
            compared.append(called)

    def calls(columns: int) -> int:
        compared.clear()
        sys.setprofile(count)
        try:
            refusal([f"x{number}" for number in range(columns)])
        finally:
            sys.setprofile(None)
        return len(compared)

    assert calls(2000) < calls(20) * 2


def test_a_device_is_named_once() -> None:
    assert "leave --device out" in refusal(HEADER, device="van")
    layout = understand(Path("x"), HEADER[1:], Mapping(constants={"device": "car"}), "van")
    assert layout.constants == ("van",)


def test_every_column_is_documented() -> None:
    text = DOCUMENTATION.read_text()
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []
