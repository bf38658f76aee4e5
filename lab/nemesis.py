"""Does harm at random, several at once, and rests now and then: in the calm, nothing may fail."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from lab.harms import Harm
from lab.run import Log

_LOOK_S: Final = 0.05


@dataclass(frozen=True)
class Weather:
    """Seconds of storms and of the calms between them; how many harms at once, and the longest rest after each."""

    storm_s: float = 40.0
    calm_s: float = 10.0
    at_once: int = 2
    rest_s: float = 0.6


class Nemesis:
    """Works until it is told to stop. A seed throws the same dice; when each harm begins, the machine says."""

    def __init__(self, harms: Sequence[Harm], log: Log, weather: Weather, seed: int) -> None:
        self._harms = harms
        self._log = log
        self._weather = weather
        self._seed = seed
        self._stop = threading.Event()

    def work(self, while_true: Callable[[], bool]) -> None:
        """Returns when it is not any more, and all has been undone.

        Raises:
            Exception: something could not be undone.
        """
        began = time.monotonic()
        count = self._weather.at_once if self._harms else 0
        with ThreadPoolExecutor(max(1, count), thread_name_prefix="nemesis") as hands:
            working = [
                hands.submit(self._hand, began, random.Random(f"{self._seed} {number}")) for number in range(count)
            ]
            try:
                while while_true() and not any(hand.done() for hand in working):
                    time.sleep(_LOOK_S)
            finally:  # who interrupts this is to find all undone, and not to wait for ever
                self._stop.set()
        for hand in working:
            hand.result()

    def _hand(self, began: float, dice: random.Random) -> None:
        weights = [harm.weight for harm in self._harms]
        while not self._stop.is_set():
            if self._calm(time.monotonic() - began):
                self._stop.wait(_LOOK_S)
                continue
            (harm,) = dice.choices(self._harms, weights)
            if harm.alone.acquire(blocking=False):
                try:
                    self._log.during(harm.kind, harm.target, lambda: harm.do(dice))  # noqa: B023 - called at once
                finally:
                    harm.alone.release()
            self._stop.wait(dice.uniform(0, self._weather.rest_s))

    def _calm(self, passed: float) -> bool:
        return passed % (self._weather.storm_s + self._weather.calm_s) > self._weather.storm_s
