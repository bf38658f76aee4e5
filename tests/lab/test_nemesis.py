"""The nemesis does what it may, one harm to a target at a time, never in the calm, and undoes all of it."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from lab import history
from lab.harms import Harm
from lab.nemesis import Nemesis, Weather
from lab.run import Log

STORM = Weather(storm_s=1e9, calm_s=0, at_once=3, rest_s=0)


class Target:
    """Counts those who harm it at the same time."""

    def __init__(self) -> None:
        self.done = self.now = self.most = 0
        self._alone = threading.Lock()
        self.harms = [
            Harm("press", "target", self._press, 1, self._alone),
            Harm("pull", "target", self._press, 1, self._alone),
        ]

    def _press(self, dice: random.Random) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(dice.uniform(0, 0.002))
        self.done += 1
        self.now -= 1


def test_one_harm_to_a_target_at_a_time_each_in_the_history(tmp_path: Path) -> None:
    target = Target()
    Nemesis(target.harms, Log(tmp_path), STORM, 1).work(lambda: target.done < 40)
    faults = history.faults(tmp_path)
    assert (target.now, target.most) == (0, 1)
    assert len(faults) == target.done >= 40
    assert {fault.kind for fault in faults} == {"press", "pull"}
    assert all(fault.began < fault.ended for fault in faults)


def test_nothing_is_done_in_the_calm(tmp_path: Path) -> None:
    target, looks = Target(), iter(range(5))
    Nemesis(target.harms, Log(tmp_path), Weather(storm_s=-1, calm_s=1e9), 1).work(lambda: next(looks) < 4)
    assert target.done == 0


def test_what_cannot_be_undone_ends_the_run(tmp_path: Path) -> None:
    def harm(_: random.Random) -> None:
        raise OSError("it does not come back")

    with pytest.raises(OSError, match="does not come back"):
        Nemesis([Harm("kill", "target", harm)], Log(tmp_path), STORM, 1).work(lambda: True)
    assert len(history.faults(tmp_path)) >= 1


def test_who_interrupts_it_finds_all_undone(tmp_path: Path) -> None:
    target = Target()

    def interrupted() -> bool:
        if target.done > 10:
            raise KeyboardInterrupt
        return True

    with pytest.raises(KeyboardInterrupt):
        Nemesis(target.harms, Log(tmp_path), STORM, 1).work(interrupted)
    done = target.done
    time.sleep(0.05)
    assert (target.now, target.done) == (0, done)
