"""Mapping files: the documented ones are good, and a mistake in one is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.mapping import Mapping, read_mapping

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "file-formats.md"


def test_the_documented_mappings_are_good(file: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        file.write_text(example)
        assert read_mapping(file).columns


def test_an_empty_mapping_is_what_is_documented(file: Path) -> None:
    file.write_text("")
    assert read_mapping(file) == Mapping()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[columns", "Expected"),
        ("colums = 1", "unknown field `colums`"),
        ("[columns]\ntime = 3", "$.columns"),
        ("[columns]\ntime = []", "$.columns"),
        ('decimal = ";"', "$.decimal"),
        ('delimiter = "ab"', "delimiter: must be one character"),
        ('encoding = "utf-16"', "encoding: must be one in which a line's end is one byte"),
        ('encoding = "klingon"', "encoding: must be"),
        ('encoding = "hex"', "encoding: must be"),
        ('timezone = "Mars/Olympus"', "timezone: must be one of the IANA time zones"),
        ('timezone = "../../etc/passwd"', "timezone: must be one of"),
        ('time_format = "%Q"', "time_format: must be in strptime's letters"),
        ('time_format = "%d.%m.%Y %Y"', "time_format: must be in strptime's letters"),
        ('[alarms]\nBrake = "hardBrake"', "alarms: must be Traccar's, one of hardBraking, "),
    ],
)
def test_a_mistake_is_named(file: Path, content: str, says: str) -> None:
    file.write_text(content)
    with pytest.raises(InvalidInput) as refused:
        read_mapping(file)
    assert refused.value.detail.startswith(f"{file}: ")
    assert says in refused.value.detail


def test_a_mapping_that_is_not_there_or_no_text_says_so(file: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_mapping(file.with_name("none.toml"))
    file.write_bytes(b"\xff\xfe\0")
    with pytest.raises(InvalidInput, match="utf-8"):
        read_mapping(file)
