"""Names, addresses, vehicles and devices of a generated portfolio. Nothing of it exists."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.storage.writes.fleet import NewDriver, NewVehicle
from roadlens.telemetry.demo.names import CARS, FIRST_NAMES, LAST_NAMES, MAIL_HOSTS, STREETS, TRACKERS, VANS
from roadlens.telemetry.demo.people import check_digit
from roadlens.telemetry.demo.roads import CITIES
from roadlens.telemetry.generated.traits import DAYS, Plan, Traits

_MODELS = (*CARS, *CARS, *VANS)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """A driver with one or two vehicles, and a device, or two for two vehicles at a time."""

    driver: NewDriver
    vehicles: tuple[NewVehicle, ...]
    claims: tuple[DeviceClaim, ...]


def people(plan: Plan, traits: Traits, first: datetime) -> Iterator[Person]:
    """The people numbered from 1, in order; all were there before `first`, when the drives begin."""
    chance = np.random.default_rng((plan.seed, 1))
    # Twelve choices for everybody at once: a number from 0 to 1 for each question.
    luck = chance.random((len(traits), 12)).tolist()
    for number, (asked, city, two, moved_on) in enumerate(
        zip(luck, traits.city.tolist(), traits.two.tolist(), traits.moved_on.tolist(), strict=True), 1
    ):
        driver = _driver(number, asked, city, first)
        vehicles = tuple(
            _vehicle(number, at, asked[8 + 2 * at :], driver) for at in range(1 + (two or moved_on < DAYS))
        )
        claims = tuple(_claim(number, at, asked[7], driver, vehicles[at]) for at in range(1 + two))
        yield Person(driver, vehicles, claims)


def _driver(number: int, asked: list[float], city_index: int, first: datetime) -> NewDriver:
    city = CITIES[city_index]
    first_name = FIRST_NAMES[int(asked[0] * len(FIRST_NAMES))]
    last_name = LAST_NAMES[int(asked[1] * len(LAST_NAMES))]
    age = 18 + int(asked[2] * 62)
    return NewDriver(
        first_name=first_name,
        last_name=last_name,
        email=f"{_ascii(first_name)}.{_ascii(last_name)}.g{number}@{MAIL_HOSTS[number % len(MAIL_HOSTS)]}",
        phone=f"+1 555 01{number % 100:02d}",
        date_of_birth=date(first.year - age - 1, 1, 1) + timedelta(days=int(asked[3] * 365)),
        licence_number=f"G{number:07d}",
        licence_state=city.state,
        years_licensed=int(asked[4] * (age - 16)),
        address=f"{number % 2400 + 3} {STREETS[number % len(STREETS)]}",
        city=city.name,
        state=city.state,
        zip_code=f"{city.zip_prefix}{int(asked[5] * 90) + 1:02d}",
        created_at=first - timedelta(days=1 + 700 * asked[6]),
    )


def _vehicle(number: int, at: int, asked: list[float], driver: NewDriver) -> NewVehicle:
    model = _MODELS[int(asked[0] * len(_MODELS))]
    letters = "".join(_LETTERS[int(asked[1] * len(_LETTERS) ** (place + 1)) % len(_LETTERS)] for place in range(3))
    vin = f"1D9G{at}{letters}0LA{number:06d}"
    return NewVehicle(
        name=f"{model.make} {model.model} {letters}",
        vin=vin[:8] + check_digit(vin) + vin[9:],
        plate=f"{letters}-{number % 10_000:04d}",
        make=model.make,
        model=model.model,
        model_year=driver.created_at.year - int(asked[1] * 10),
        category=model.category,
        created_at=driver.created_at,
    )


def _claim(number: int, at: int, luck: float, driver: NewDriver, vehicle: NewVehicle) -> DeviceClaim:
    return DeviceClaim(
        unique_id=f"generated-{number:06d}" + (f"-{at + 1}" if at else ""),
        name=vehicle.name,
        model=TRACKERS[int(luck * len(TRACKERS))],
        category=vehicle.category,
        contact=f"{driver.first_name} {driver.last_name}",
    )


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
