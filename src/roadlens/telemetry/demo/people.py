"""Invents the people of the fleet: who they are, what they drive, how they drive. The same number is the same person.

Nothing of it exists: e-mail hosts, telephone numbers and the makers' code of the VINs are of ranges set aside for that.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.storage.writes.fleet import NewDriver, NewVehicle
from roadlens.telemetry.demo.chance import Keys, root, uniform, within
from roadlens.telemetry.demo.drives import Motorist
from roadlens.telemetry.demo.habits import habit_of, style_of
from roadlens.telemetry.demo.names import (
    CARS,
    FIRST_NAMES,
    LAST_NAMES,
    MAIL_HOSTS,
    STREETS,
    TRACKERS,
    VANS,
)
from roadlens.telemetry.demo.receiver import Receiver
from roadlens.telemetry.demo.roads import CITIES

T = TypeVar("T")

# The fractional parts of n times these numbers cover a square evenly from the first n on, so that twelve drivers are
# already a mixture. Roberts 2018, "The unreasonable effectiveness of quasirandom sequences": the plastic number.
_HABITS_STEP, _STYLES_STEP = 0.7548776662466927, 0.5698402909980532

_AREA_CODES = {"KS": "785", "OH": "740", "TX": "325", "NE": "308", "IL": "309", "CO": "719"}
# 49 CFR 565: values of the letters, weights of the places, codes of the model years from 2010. A 9 as third character
# is of makers of fewer than 1,000 vehicles a year, so no vehicle of the makes named here has such a VIN.
_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_FIRST_VIN_YEAR = 2010

_INTERVALS_S = (10, 15, 20, 20, 30, 30)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the fleet.

    Attributes:
        number: from 1.
        claims: one device, or two for somebody with two vehicles at once.
        vehicles: of each device the first; after them the one that the first device moved to, if it did.
        moved_at: when it moved.
    """

    number: int
    driver: NewDriver
    motorist: Motorist
    claims: tuple[DeviceClaim, ...]
    vehicles: tuple[NewVehicle, ...]
    moved_at: datetime | None


def enlist(seed: int, count: int, first: datetime, until: datetime) -> Iterator[Member]:
    """The people numbered from 1 to `count`.

    Args:
        seed: another seed, another fleet.
        count: how many; a larger fleet begins with the smaller one.
        first: when the drives begin: people and vehicles have been there for longer.
        until: the present, by which ages are counted.
    """
    mails: set[str] = set()
    for number in range(1, count + 1):
        key = root(seed, number)
        motorist = _motorist(seed, number, key)
        driver = _driver(key, number, motorist, mails, first, until)
        two = motorist.weekend_vehicle
        moved = not two and bool(uniform(key, "sells")[0] < 0.06)
        vehicles = tuple(
            _vehicle(within(key, at), number, at, motorist, driver) for at in range(2 if two or moved else 1)
        )
        claims = tuple(_claim(key, number, at, driver, vehicles[at]) for at in range(2 if two else 1))
        moved_at = first + float(uniform(key, "sold", 0.3, 0.8)[0]) * (until - first) if moved else None
        yield Member(number, driver, motorist, claims, vehicles, moved_at)


def check_digit(vin: str) -> str:
    """The ninth character that makes a VIN valid, whatever stands there: 49 CFR 565.15(c)."""
    remainder = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


def _motorist(seed: int, number: int, key: Keys) -> Motorist:
    offset = root(seed)
    style = style_of((number * _STYLES_STEP + float(uniform(offset, "styles")[0])) % 1, key)
    habit = habit_of((number * _HABITS_STEP + float(uniform(offset, "habits")[0])) % 1, style)
    warns = 12.0 if uniform(key, "warns")[0] < 0.3 else None
    return Motorist(
        key=key,
        habit=habit,
        style=style,
        city=_pick(key, "city", CITIES),
        receiver=Receiver(_pick(key, "interval", _INTERVALS_S), warns),
        weekend_vehicle=habit.name == "commuter" and bool(uniform(key, "two vehicles")[0] < 0.15),
        activity=float(uniform(key, "activity", *((0.5, 0.8) if style.wild else (0.3, 1.15)))[0]),
    )


def _driver(key: Keys, number: int, motorist: Motorist, mails: set[str], first: datetime, until: datetime) -> NewDriver:
    """Adds the e-mail address to `mails`, where those of everybody before are."""
    city = motorist.city
    first_name, last_name = _pick(key, "first name", FIRST_NAMES), _pick(key, "last name", LAST_NAMES)
    mail = f"{_ascii(first_name)}.{_ascii(last_name)}@{_pick(key, 'mail', MAIL_HOSTS)}"
    if mail in mails:
        mail = mail.replace("@", f".{number}@")
    mails.add(mail)
    age = _between(key, "age", *((66, 83) if motorist.habit.name == "retired" else (20, 65)))
    started = _between(key, "started driving", 16, min(age, 30))
    new = motorist.habit.name == "not yet"
    ago = uniform(key, "since", 0.1, 3.0) if new else uniform(key, "since", 5.0, 500.0)
    return NewDriver(
        first_name=first_name,
        last_name=last_name,
        email=mail,
        phone=f"+1 {_AREA_CODES[city.state]} 555 01{_between(key, 'phone', 0, 100):02d}",
        date_of_birth=date(until.year - age - 1, 1, 1) + timedelta(days=_between(key, "birthday", 0, 365)),
        licence_number=f"{city.state[0]}{_between(key, 'licence', 100, 1000)}-{number:05d}",
        licence_state=city.state,
        years_licensed=age - started,
        address=f"{_between(key, 'house', 3, 2400)} {_pick(key, 'street name', STREETS)}",
        city=city.name,
        state=city.state,
        zip_code=f"{city.zip_prefix}{_between(key, 'zip', 1, 90):02d}",
        created_at=(until if new else first) - timedelta(days=float(ago[0])),
    )


def _vehicle(key: Keys, number: int, at: int, motorist: Motorist, driver: NewDriver) -> NewVehicle:
    model = _pick(key, "model", VANS if motorist.habit.name in ("courier", "field service") else CARS)
    year = driver.created_at.year - _between(key, "vehicle's age", 0, 10)
    plate = "".join(_pick(within(key, place), "plate", _VIN_LETTERS) for place in range(3))
    plant = "".join(_pick(within(key, place), "vin", _VIN_LETTERS) for place in range(5))
    year_code = _VIN_YEARS[(year - _FIRST_VIN_YEAR) % len(_VIN_YEARS)]
    vin = f"1D9{plant}0{year_code}A{(number * 10 + at) % 1_000_000:06d}"
    return NewVehicle(
        name=f"{model.make} {model.model} {plate}",
        vin=vin[:8] + check_digit(vin) + vin[9:],
        plate=f"{plate}-{_between(key, 'plate', 0, 10_000):04d}",
        make=model.make,
        model=model.model,
        model_year=year,
        category=model.category,
        created_at=driver.created_at,
    )


def _claim(key: Keys, number: int, at: int, driver: NewDriver, vehicle: NewVehicle) -> DeviceClaim:
    return DeviceClaim(
        unique_id=f"demo-{number:04d}" + (f"-{at + 1}" if at else ""),
        name=vehicle.name,
        model=_pick(within(key, at), "tracker", TRACKERS),
        category=vehicle.category,
        contact=f"{driver.first_name} {driver.last_name}",
    )


def _pick(key: Keys, question: str, choices: tuple[T, ...] | str) -> T:
    return choices[_between(key, question, 0, len(choices))]  # type: ignore[return-value]  # a str is a tuple of str here


def _between(key: Keys, question: str, low: int, high: int) -> int:
    """A whole number from low to high - 1."""
    return int(uniform(key, question, low, high)[0])


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
