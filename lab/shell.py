"""An administrator at a shell of the machine: commands that change users and drivers, one at a time.

A command that has ended well is an acknowledged write, as one over the API is. It goes straight to the database.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from typing import Final

import psycopg

from lab.fleet import USER_PASSWORD, Fleet
from lab.harms import Harm
from lab.history import COMMAND_FAILED, SHELL, Event, Failed, Written
from lab.registers import GONE, driver
from lab.site import Site
from lab.statements import HEARD_S

_VERSION: Final = b"SELECT version FROM users WHERE username = %s"
_HIRE: Final = b"INSERT INTO drivers (driver_id, first_name, last_name) VALUES (%s, 'Hired', 'At a shell')"
_DETAIL: Final = 300


class Shell:
    """One person, who alone changes these. `events` is what has been written."""

    def __init__(self, site: Site, fleet: Fleet) -> None:
        self._site = site
        self._name = fleet.reset_name
        self._register = fleet.reset.register
        self._hired: list[str] = []
        self._number = 0
        self.events: list[Event] = []

    def harms(self) -> Iterator[Harm]:
        """No harm is done by them; but they come between harms as they do in life."""
        alone = threading.Lock()
        yield Harm("roadlens users password", SHELL, self._give_password, 3, alone)
        yield Harm("roadlens drivers erase", SHELL, self._erase, 3, alone)

    def _give_password(self, dice: random.Random) -> None:  # noqa: ARG002 - every harm takes the dice
        """The same as before: what must show is that tokens end."""
        try:
            with self._site.connected() as connection:
                row = connection.execute(_VERSION, [self._name]).fetchone()
        except psycopg.Error:
            return
        assert row is not None
        self._run(self._register, row[0] + 1, "users", "password", self._name, "--password-stdin", typed=USER_PASSWORD)

    def _erase(self, dice: random.Random) -> None:  # noqa: ARG002 - every harm takes the dice
        """Somebody whom a statement has made the last time."""
        while self._hired:
            driver_id = self._hired.pop()
            self._run(driver(driver_id), GONE, "drivers", "erase", driver_id, "--yes")
        self._number += 1
        driver_id, began = f"HIRED-AT-A-SHELL-{self._number}", time.monotonic()
        try:
            with self._site.connected() as connection:
                connection.execute(_HIRE, [driver_id])
        except psycopg.Error:
            self.events.append(Written(driver(driver_id), 1, began, time.monotonic(), False, "psql"))
            return
        self.events.append(Written(driver(driver_id), 1, began, time.monotonic() + HEARD_S, True, "psql"))
        self._hired.append(driver_id)

    def _run(self, register: str, number: int, *arguments: str, typed: str = "") -> None:
        began = time.monotonic()
        done, said = self._site.tried(*arguments, typed=typed)
        ended = time.monotonic()
        self.events.append(Written(register, number, began, ended, done, SHELL))
        if not done:
            what = f"roadlens {' '.join(arguments[:2])}"
            self.events.append(Failed(what, COMMAND_FAILED, said[-_DETAIL:], began, ended, SHELL))
