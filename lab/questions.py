"""What readers ask: every route whose answers are kept, and what each answer says of the registers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from lab import registers
from lab.fleet import Fleet
from lab.orders import Kept
from lab.registers import (
    ABSENT,
    ASSIGNMENT,
    BY,
    COMMUTES,
    COUNT,
    DEVICES,
    EVENT,
    IS,
    PARITY,
    SCORE_VERSION,
    THERE,
    ZIP_CODES,
    Seen,
)

ADMIN: Final = "/api/v1/admin"
NOT_FOUND: Final = 404

# Takes a decoded answer, which is None where nothing was found.
Reading = Callable[[Any], list[Seen]]


@dataclass(frozen=True)
class Question:
    """An address, what its answer says, and which registers it is about: after a write to one it is asked at once.

    `decode` makes of a body what `read` takes.
    """

    path: str
    read: Reading
    about: frozenset[str]
    weight: int = 1
    may_be_absent: bool = False
    decode: Callable[[bytes], Any] = msgspec.json.decode


class Questions:
    """All of them over one fleet."""

    def __init__(self, fleet: Fleet, kept: Kept) -> None:
        self._fleet = fleet
        self._kept = kept
        self._chains = {chain.register for chain in (*fleet.drivers, *fleet.contested)}
        self._users = {chain.register for chain in (*fleet.users, fleet.promoted, fleet.reset)}
        self._locked = {chain.register for chain in fleet.users}
        self.all: tuple[Question, ...] = (
            *self._dashboard(),
            *self._lists(),
            *self._exports(),
            *self._of_one(),
            *self._coming_and_going(),
            *self._decided(),
        )
        self.about: dict[str, list[Question]] = {}
        for question in self.all:
            for register in question.about:
                self.about.setdefault(register, []).append(question)

    def of_hired(self, driver_id: str) -> Question:
        """Somebody who may be gone again."""
        name = registers.driver(driver_id)

        def read(found: Any) -> list[Seen]:
            return [Seen(name, ABSENT if found is None else THERE, 0)]

        return Question(f"{ADMIN}/drivers/{driver_id}", read, frozenset({name}), may_be_absent=True)

    def _dashboard(self) -> Iterator[Question]:
        hired, trips = registers.HIRED, frozenset({ASSIGNMENT})
        whole = frozenset({hired})
        yield Question(f"{ADMIN}/dashboard/stats", self._stats, frozenset({hired, DEVICES, *self._users}), 3)
        yield Question(f"{ADMIN}/dashboard/summary", lambda found: [self._total(found["total_drivers"])], whole, 3)
        yield Question(f"{ADMIN}/dashboard/trip-activity?days=30", self._activity, trips)
        yield Question(f"{ADMIN}/dashboard/risk-distribution", self._distribution, trips)
        yield Question(
            f"{ADMIN}/dashboard/safety-events",
            lambda found: self._covered(any(e["event_type"] == "phone_use" and e["count"] for e in found)),
            trips,
        )
        yield Question(f"{ADMIN}/dashboard/attention?limit=50", self._named, trips)

    def _lists(self) -> Iterator[Question]:
        edited = frozenset({*self._chains, ASSIGNMENT, registers.HIRED})
        yield Question(f"{ADMIN}/drivers?limit=1000", self._listed, edited)
        yield Question(f"{ADMIN}/drivers?limit=5&sort=name&order=desc", self._listed, frozenset(self._chains))
        yield Question(f"{ADMIN}/drivers?search=Odd&limit=100", self._odd, frozenset(self._chains), 2)
        vehicles = frozenset(chain.register for chain in self._fleet.vehicles)
        for path in (f"{ADMIN}/vehicles", self._fleet.more_vehicles):
            yield Question(path, self._vehicles, vehicles | {ASSIGNMENT}, 2)
        yield Question(f"{ADMIN}/users", self._listed_users, frozenset(self._users), 2)
        scoring, versions = frozenset({SCORE_VERSION}), f"{ADMIN}/score-versions"
        yield Question(versions, lambda found: self._score_version(found["items"][0]), scoring, 8)
        yield Question(f"{versions}/1", self._score_version, scoring, 8)

    def _exports(self) -> Iterator[Question]:
        """Files, of which nothing is kept. Each is noted in the log, so nobody asks for one after each edit."""
        rows = lambda found: [each for row in found for each in self._row(row)]  # noqa: E731 - one expression, named
        yield Question(f"{ADMIN}/exports/drivers.csv", rows, frozenset(), decode=_rows)
        yield Question(f"{ADMIN}/exports/vehicles.csv", self._vehicle_names, frozenset(), decode=_rows)

    def _of_one(self) -> Iterator[Question]:
        for chain in (*self._fleet.drivers, *self._fleet.contested):
            yield Question(chain.path, self._detail, frozenset({chain.register}), 20)

    def _coming_and_going(self) -> Iterator[Question]:
        one, trips = f"{ADMIN}/drivers/{self._fleet.come_and_go}", frozenset({ASSIGNMENT})
        any_items: Reading = lambda found: self._covered(bool(found["items"]))  # noqa: E731 - one expression, named
        yield Question(f"{one}/statistics?period_days=60", lambda found: self._covered(found["trips"] > 0), trips, 2)
        yield Question(f"{one}/risk", lambda found: self._covered(found["risk_score"] is not None), trips, 2)
        yield Question(f"{one}/trips", any_items, trips, 2)
        yield Question(f"{ADMIN}/trips?driver_id={self._fleet.come_and_go}", any_items, trips, 2)
        yield Question(f"{ADMIN}/events?driver_id={self._fleet.come_and_go}", any_items, trips, 2)
        yield Question(f"{ADMIN}/trips/{self._fleet.trip_id}", self._trip, trips, 2, may_be_absent=True)
        yield Question(
            f"{ADMIN}/drivers/{self._fleet.commuter}/trips?limit=1000",
            lambda found: (
                [Seen(COMMUTES, IS, len(found["items"]) - 1, self._kept.trips_s)] if not found["next"] else []
            ),
            frozenset(),
        )

    def _decided(self) -> Iterator[Question]:
        """What shows a decision about an event: it, lists and counts of events, its trip, its driver's totals."""
        event, events, about = self._fleet.event, self._fleet.events, frozenset({EVENT})
        braking: Reading = lambda found: [Seen(EVENT, PARITY, events - found["event_counts"]["harsh_braking"])]  # noqa: E731 - one expression, named
        yield Question(event.path, self._event, about, 2)
        yield Question(f"{ADMIN}/trips/{self._fleet.braked}", braking, about, 2)
        whose = f"driver_id={self._fleet.commuter}"
        yield Question(
            f"{ADMIN}/events?{whose}&limit=1000",
            lambda found: [Seen(EVENT, PARITY, sum(each["state"] == "dismissed" for each in found["items"]))],
            about,
            2,
        )
        dismissed = f"{ADMIN}/events?{whose}&state=dismissed"
        yield Question(dismissed, lambda found: [Seen(EVENT, PARITY, len(found["items"]))], about, 2)
        for inbox in (f"{ADMIN}/events/inbox?{whose}", f"{ADMIN}/events/inbox"):
            yield Question(inbox, lambda found: [Seen(EVENT, PARITY, found["states"][-2]["count"])], about, 2)
        yield Question(f"{ADMIN}/drivers/{self._fleet.commuter}/statistics?period_days=60", braking, about, 2)

    def _event(self, found: Any) -> list[Seen]:
        said = found["review"] and found["review"]["note"]
        return [
            Seen(EVENT, IS, found["version"]),
            Seen(EVENT, IS, int(said[1:]) if said else 0),
            Seen(EVENT, PARITY, int(found["state"] == "dismissed")),
        ]

    def _total(self, number: int) -> Seen:
        return Seen(registers.HIRED, COUNT, number - self._fleet.others - len(self._chains))

    def _covered(self, trips: bool) -> list[Seen]:
        return [Seen(ASSIGNMENT, PARITY, int(trips))]

    def _person(self, found: Any) -> list[Seen]:
        """What a name says, wherever it stands; nothing of people whom nobody edits."""
        name = registers.driver(found["driver_id"])
        if name in self._chains:
            number, author = registers.read_by(found["last_name"])
            seen = [Seen(name, IS, number), Seen(name, PARITY, int(found["first_name"] == "Odd"))]
            return [*seen, Seen(name, BY, author)] if author else seen
        return [Seen(name, THERE, 0)] if name.startswith(registers.HIRED) else []

    def _row(self, found: Any) -> list[Seen]:
        seen = self._person(found)
        if registers.driver(found["driver_id"]) in self._chains:
            seen.append(Seen(registers.driver(found["driver_id"]), IS, int(found["version"])))
        return seen

    def _named(self, found: Any) -> list[Seen]:
        seen = [each for row in found for each in self._person(row)]
        return seen + self._covered(any(row["driver_id"] == self._fleet.come_and_go for row in found))

    def _stats(self, found: Any) -> list[Seen]:
        totals = [self._total(found["totals"]["drivers"]), Seen(DEVICES, IS, found["totals"]["devices"])]
        people = [each for row in found["recent_drivers"] for each in self._person(row)]
        return totals + people + [each for row in found["recent_users"] for each in self._role(row)]

    def _role(self, found: Any) -> list[Seen]:
        promoted = self._fleet.promoted.register
        return [Seen(promoted, PARITY, int(found["role"] == "viewer"))] if _user(found) == promoted else []

    def _listed_users(self, found: Any) -> list[Seen]:
        ours = [each for each in found["items"] if _user(each) in self._users]
        locked = [Seen(_user(each), PARITY, int(each["active"])) for each in ours if _user(each) in self._locked]
        return [
            *(Seen(_user(each), IS, each["version"]) for each in ours),
            *locked,
            *(seen for each in ours for seen in self._role(each)),
        ]

    def _score_version(self, found: Any) -> list[Seen]:
        return [Seen(SCORE_VERSION, IS, int(found["note"][1:]) if found["note"] else 0)]

    def _activity(self, found: Any) -> list[Seen]:
        counts = {day["date"]: day["trip_count"] for day in found}
        return self._covered(counts[self._fleet.trip_day] > 0)

    def _distribution(self, found: Any) -> list[Seen]:
        return self._covered(sum(share["driver_count"] for share in found) > self._fleet.scored)

    def _listed(self, found: Any) -> list[Seen]:
        seen = [each for row in found["drivers"] for each in self._row(row)]
        for row in found["drivers"]:
            if row["driver_id"] == self._fleet.come_and_go:
                seen += self._covered(row["trips"] > 0) + self._covered(row["vehicle"] is not None)
        codes = {row["zip_code"] for row in found["drivers"] if row["zip_code"]}
        seen += [Seen(ZIP_CODES, IS, int(code[1:])) for code in codes]
        return [*dict.fromkeys(seen), self._total(found["total"])]

    def _odd(self, found: Any) -> list[Seen]:
        """Who is not found is even: membership of a list by what was edited."""
        there = {registers.driver(row["driver_id"]) for row in found["drivers"]}
        absent = [Seen(name, PARITY, 0) for name in sorted(self._chains - there)]
        return absent + [each for row in found["drivers"] for each in self._row(row)]

    def _vehicles(self, found: Any) -> list[Seen]:
        seen = self._vehicle_names(found["items"])
        for row in found["items"]:
            seen += self._person(row["driver"]) if row["driver"] else []
            if row["vehicle_id"] == "VEH-01":
                seen += self._covered(row["driver"] is not None)
        return list(dict.fromkeys(seen))

    def _vehicle_names(self, rows: Any) -> list[Seen]:
        return [
            Seen(registers.vehicle(row["vehicle_id"]), IS, int(said))
            for row in rows
            for said in (row["version"], row["name"][1:])
        ]

    def _detail(self, found: Any) -> list[Seen]:
        seen = [*self._row(found), Seen(ZIP_CODES, IS, int(found["zip_code"][1:]))]
        seen += [Seen(registers.vehicle(each["vehicle_id"]), IS, int(each["name"][1:])) for each in found["vehicles"]]
        if found["driver_id"] == self._fleet.come_and_go:
            seen += self._covered(found["totals"]["trips"] > 0)
        if found["driver_id"] == self._fleet.commuter:
            seen.append(Seen(COMMUTES, IS, found["totals"]["trips"] - 1, self._kept.detail_s))
            seen.append(Seen(EVENT, PARITY, self._fleet.events - found["totals"]["events"]))
        return list(dict.fromkeys(seen))

    def _trip(self, found: Any) -> list[Seen]:
        if found is None:
            return self._covered(False)
        first, last = found["driver_name"].split()
        name = registers.driver(self._fleet.come_and_go)
        seen = [Seen(name, IS, int(last[1:])), Seen(name, PARITY, int(first == "Odd"))]
        return [*self._covered(True), *seen, Seen(registers.vehicle("VEH-01"), IS, int(found["vehicle_name"][1:]))]


def _user(found: Any) -> str:
    return registers.user(found["user_id"])


def _rows(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(file.decode().splitlines()))
