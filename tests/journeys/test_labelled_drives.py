"""How well events agree with labels, as somebody sees who imports labelled drives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import Installation, real_drives

# What events derived from positions at 1 Hz must reach, F1: a floor, not what they are tuned to.
FLOOR = {"harsh_braking": 0.35, "rapid_acceleration": 0.45, "harsh_cornering": 0.55}

ONE = pytest.mark.parametrize("positions", real_drives("positions.jsonl.gz"), ids=lambda path: path.name)


def evaluated(installation: Installation, *arguments: str) -> dict[str, Any]:
    printed = installation.run("score", "evaluate", "--json", *arguments)
    return dict(json.loads(printed[printed.index("{") :]))


@ONE
def test_derived_events_are_compared_with_labels(installation: Installation, positions: Path) -> None:
    labels = str(positions.with_name("events.csv"))
    with installation.server():
        installation.run("import", "--register", str(positions))
        told = evaluated(installation, labels, "--source", "gps")
        assert {kind: figures["labels"] for kind, figures in told["types"].items()} == {
            "harsh_braking": 5,
            "rapid_acceleration": 8,
            "harsh_cornering": 19,
        }
        (covered,) = told["covered"]
        assert (covered["unique_id"], covered["trips"]) == ("nds-blackbox-1", 13)
        for kind, figures in told["types"].items():
            assert figures["f1"] >= FLOOR[kind]
            assert figures["f1"] == 2 * figures["agree"] / (figures["labels"] + figures["derived"])
        missed, unlabelled = len(told["missed"]), len(told["unlabelled"])
        listed = installation.run("score", "evaluate", labels, "--source", "gps", "--list")
        assert len(listed.split("not derived:")[1].splitlines()) == 1 + missed + 2 + unlabelled
        told_off = installation.run("score", "evaluate", labels, "--device", "van", fails=True)
        assert "There is no device van" in told_off


@ONE
def test_alarms_that_are_the_labels_agree_with_all_of_them(installation: Installation, positions: Path) -> None:
    with installation.server():
        installation.run("import", "--register", str(positions.with_name("alarms.jsonl.gz")))
        told = evaluated(installation, str(positions.with_name("events.csv")), "--source", "device")
    assert {kind: figures["f1"] for kind, figures in told["types"].items()} == dict.fromkeys(told["types"], 1.0)
    assert (told["missed"], told["unlabelled"]) == ([], [])
