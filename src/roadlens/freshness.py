"""Which answers are kept, how long, and what makes them stale. Nothing else anywhere decides that.

A tag is raised by the database itself when a watched table changes (docs/cache.md):

    drivers        any change of a driver          driver:X       a change of that one, or of who drove what with it
    vehicles       any change of a vehicle         vehicle:X      …
    devices        any change of a device          assignments    any change of who drove what when
    users          any change of a user            user:7         a change of that one
    score_versions another table of thresholds and weights
    event_reviews  any decision about an event, which raises driver:X of whose it is as well
    …:bulk         a change of that table too large to name its rows

An answer carries a tag of each watched table it reads: the row's own with the table's `:bulk` where its path names the
row, otherwise the table's. What telemetry adds raises nothing, and is seen when the time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from roadlens.cache.policy import Declaration, cache_response
from roadlens.domain import Audience

DRIVERS: Final = "drivers"
VEHICLES: Final = "vehicles"
DEVICES: Final = "devices"
USERS: Final = "users"
ASSIGNMENTS: Final = "assignments"
SCORE_VERSIONS: Final = "score_versions"
EVENT_REVIEWS: Final = "event_reviews"

# Whatever shows trips or scores: assignments say whose they are, a driver who goes takes them along, and an event that
# is dismissed counts no more.
_DRIVING: Final = (DRIVERS, ASSIGNMENTS, SCORE_VERSIONS, EVENT_REVIEWS)

# What an administrator sees change within the tags' versions is compared by the audit; see `Policy.edited`.
_Values = Mapping[str, object]


def user_tags(user_id: int) -> tuple[str, ...]:
    """What makes stale who a token belongs to."""
    return (f"user:{user_id}", "users:bulk")


def _of_one_driver(driver_id: str) -> tuple[str, ...]:
    return (f"driver:{driver_id}", "drivers:bulk", "assignments:bulk", "event_reviews:bulk", SCORE_VERSIONS)


def _of_one_driver_with_vehicles(driver_id: str) -> tuple[str, ...]:
    return (*_of_one_driver(driver_id), VEHICLES)


_PERSON: Final = (
    "first_name", "last_name", "email", "phone", "date_of_birth", "licence_number", "licence_state",
    "years_licensed", "address", "city", "state", "zip_code", "version",
)  # fmt: skip
_VEHICLE: Final = ("name", "vin", "plate", "make", "model", "model_year", "category", "version")
_USER: Final = ("username", "email", "role", "active", "version")


def _fields(answer: Mapping[str, Any], *names: str) -> _Values:
    return {name: answer[name] for name in names}


def _of_each(listed: str, key: str, names: tuple[str, ...]) -> Callable[[Any], _Values]:
    """The named fields of each item of a list, by its key: telemetry moves items in and out, edits change them."""
    return lambda answer: {f"{item[key]}.{name}": item[name] for item in answer[listed] for name in names}


def _edited_stats(answer: Mapping[str, Any]) -> _Values:
    totals = _fields(answer["totals"], DRIVERS, USERS, VEHICLES, DEVICES)
    return {**totals, **_fields(answer, "recent_drivers", "recent_users")}


dashboard_stats = cache_response(
    ttl=60,
    key_prefix="dashboard_stats",
    tags=(*_DRIVING, VEHICLES, DEVICES, USERS),
    audience=Audience.VIEWERS,
    edited=_edited_stats,
)
dashboard_summary = cache_response(
    ttl=60,
    key_prefix="dashboard_summary",
    tags=(*_DRIVING, VEHICLES),
    audience=Audience.VIEWERS,
    edited=lambda answer: _fields(answer, "total_drivers", "total_vehicles"),
)
trip_activity = cache_response(ttl=300, key_prefix="trip_activity", tags=_DRIVING, audience=Audience.VIEWERS)
risk_distribution = cache_response(ttl=300, key_prefix="risk_distribution", tags=_DRIVING, audience=Audience.VIEWERS)
safety_events = cache_response(ttl=300, key_prefix="safety_events", tags=_DRIVING, audience=Audience.VIEWERS)

attention = cache_response(
    ttl=300,
    key_prefix="attention",
    tags=_DRIVING,
    audience=Audience.VIEWERS,
)

drivers_list = cache_response(
    ttl=120,
    key_prefix="drivers_list",
    tags=(*_DRIVING, VEHICLES),
    audience=Audience.VIEWERS,
    edited=_of_each("drivers", "driver_id", _PERSON),
)
driver_detail = cache_response(
    ttl=180,
    key_prefix="driver_detail",
    tags=_of_one_driver_with_vehicles,
    audience=Audience.VIEWERS,
    edited=lambda answer: _fields(answer, *_PERSON),
)
driver_statistics = cache_response(
    ttl=180, key_prefix="driver_statistics", tags=_of_one_driver, audience=Audience.VIEWERS
)
risk_score = cache_response(ttl=180, key_prefix="risk_score", tags=_of_one_driver, audience=Audience.VIEWERS)

# The trips of all and those of one driver alike.
trips_list = cache_response(ttl=120, key_prefix="trips_list", tags=(*_DRIVING, VEHICLES), audience=Audience.VIEWERS)
trip_detail = cache_response(
    ttl=120,
    key_prefix="trip_detail",
    tags=(*_DRIVING, VEHICLES, DEVICES),
    audience=Audience.VIEWERS,
    edited=lambda answer: _fields(answer, "driver_id", "vehicle_id"),
)
events_list = cache_response(ttl=120, key_prefix="events_list", tags=_DRIVING, audience=Audience.VIEWERS)
events_inbox = cache_response(ttl=60, key_prefix="events_inbox", tags=_DRIVING, audience=Audience.VIEWERS)
vehicles_list = cache_response(
    ttl=120,
    key_prefix="vehicles_list",
    tags=(VEHICLES, DRIVERS, ASSIGNMENTS),
    audience=Audience.VIEWERS,
    edited=_of_each("items", "vehicle_id", _VEHICLE),
)
users_list = cache_response(
    ttl=120,
    key_prefix="users_list",
    tags=(USERS,),
    audience=Audience.VIEWERS,
    edited=_of_each("items", "user_id", _USER),
)

# How far a rebuild is raises nothing, and is seen when the time is over.
score_versions_list = cache_response(
    ttl=30, key_prefix="score_versions_list", tags=(SCORE_VERSIONS,), audience=Audience.VIEWERS
)
score_version_detail = cache_response(
    ttl=30, key_prefix="score_version_detail", tags=(SCORE_VERSIONS,), audience=Audience.VIEWERS
)


def prefixes() -> frozenset[str]:
    """All key prefixes there are."""
    return frozenset(found.policy.key_prefix for found in globals().values() if isinstance(found, Declaration))
