"""The walk through OWASP ASVS: every requirement has its row, and whatever a row names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "asvs.md"
VERDICTS = ("holds", "operator", "not here", "does not hold")

# How many requirements of levels 1 and 2 each section of version 5.0.0 has, chapter by chapter, in order of sections;
# those of level 3 alone leave gaps in the numbers.
LEVELS_1_AND_2 = {
    1: "1-2 1-9 1-11 1-3 1-2",
    2: "1-3 1-3 1-4 1",
    3: "- 1-2 1-4 1-6 1-5 - 1-2",
    4: "1-3 1 1-2 1-4",
    5: "1 1-3 1-2 1-3",
    6: "1-3 1-12 1-4 1-4 1-5 1-3 - 1-4",
    7: "1-3 1-4 1-2 1-5 1-2 1-2",
    8: "1-2 1-3 1 1",
    9: "1-3 1-4",
    10: "1-2 1-2 1-4 1-11 1-5 1-2 1-3",
    11: "1-2 1-3 1-3 1-4 1 1",
    12: "1-3 1-2 1-4",
    13: "1 1-5 1-2 1-5",
    14: "1-2 1-4 1-3",
    15: "1-3 1-3 1-7",
    16: "1 1-5 1-4 1-3 1-3",
    17: "1 1-4 1-2",
}


def rows() -> list[list[str]]:
    """Number, level, what it asks, verdict, why."""
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    return [[number, *rest.split(" | ", 3)] for number, rest in found]


def requirements() -> list[str]:
    numbers = []
    for chapter, sections in LEVELS_1_AND_2.items():
        for section, span in enumerate(sections.split(), 1):
            first, _, last = span.partition("-")
            if first:
                numbers += [f"{chapter}.{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return numbers


def there(name: str) -> bool:
    within = ("tests/", "docs/", "tools/", "requirements")
    return (ROOT / name if name.startswith(within) else ROOT / "src" / "roadlens" / name).exists()


def test_every_requirement_has_its_row() -> None:
    assert [number for number, *_ in rows()] == requirements()
    assert Counter(level for _, level, *_ in rows()) == {"1": 70, "2": 183}


def test_every_row_has_a_verdict_and_says_why() -> None:
    assert [row for row in rows() if row[3] not in VERDICTS or len(row[4]) < 4] == []


def test_the_counts_are_right() -> None:
    counts = Counter(verdict for *_, verdict, _ in rows())
    told = re.search(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    assert told is not None
    assert [int(count) for count in told.groups()] == [counts[verdict] for verdict in VERDICTS]


def test_whatever_is_named_is_there() -> None:
    named = {name for *_, why in rows() for name in re.findall(r"`([\w./-]+(?:\.\w+))`", why) if "/" in name.strip("/")}
    named |= {name for *_, why in rows() for name in re.findall(r"`(\w+\.(?:py|md))`", why)}
    assert len(named) > 100
    assert sorted(name for name in named if not there(name)) == []
