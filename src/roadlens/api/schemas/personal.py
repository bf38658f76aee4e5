"""All that is held about a driver; and erasing somebody: the word that it is meant, and what is gone."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Text, example
from roadlens.api.schemas.edits import Body

Rows = list[dict[str, Any]]


class DriverFile(Answer):
    """The export's document. Columns have the names of the database; times are UTC."""

    model_config = example(
        {
            "format": "roadlens driver 1",
            "made_at": "2026-05-04T09:10:00Z",
            "driver": {"driver_id": "DRV-0001", "first_name": "Ada", "last_name": "Okafor"},
            "summary": {"trips": 1, "distance_m": 10000, "events": 0},
            "vehicles": [{"vehicle_id": "VEH-0001", "name": "Van 1"}],
            "devices": [{"unique_id": "tracker-1"}],
            "assignments": [{"unique_id": "tracker-1", "vehicle_id": "VEH-0001", "valid_from": None, "valid_to": None}],
            "log": [{"at": "2026-05-01T08:00:00Z", "action": "create", "entity": "driver", "entity_id": "DRV-0001"}],
            "risk_scores": [],
            "days": [{"day": "2026-05-03", "trips": 1, "distance_m": 10000}],
            "trips": [{"started_at": "2026-05-03T07:30:00Z", "ended_at": "2026-05-03T07:50:00Z"}],
            "reviews": [],
            "events": [],
            "rescored_risk": [],
            "rescored_trips": [],
            "rescored_events": [],
            "positions": [{"fix_time": "2026-05-03T07:30:00Z", "latitude": 52.5, "longitude": 13.4}],
        }
    )

    format: str = Field(description="Another one when a part changes its form.")
    made_at: datetime.datetime
    driver: dict[str, Any]
    summary: dict[str, Any] | None
    vehicles: Rows
    devices: Rows
    assignments: Rows
    log: Rows = Field(description="What was changed about the driver; not by whom, for that is about somebody else.")
    risk_scores: Rows
    days: Rows
    trips: Rows
    reviews: Rows = Field(description="What was decided about the driver's events, and noted beside it.")
    events: Rows
    rescored_risk: Rows = Field(description="What versions of the scoring that are not live have made of the trips.")
    rescored_trips: Rows
    rescored_events: Rows
    positions: Rows = Field(description="While devices were assigned to the driver.")


class Confirmation(Body):
    model_config = example({"confirm": "DRV-0001"})

    confirm: Text = Field(max_length=200, description="Whom: the driver's id, or the user's name. It cannot be undone.")


class _Erased(Answer):
    erased_as: str | None = Field(
        description="The name under which the log keeps entries of this person, without their values: keep it with the "
        "request, for nothing else connects them. Null: nothing was held."
    )
    audit_entries: int = Field(description="Entries of the log that have lost their values.")


class ErasedUser(_Erased):
    model_config = example({"erased_as": "erased-5f0c2a9d1b7e4c38", "audit_entries": 41})


class ErasedDriver(_Erased):
    model_config = example(
        {
            "erased_as": "erased-5f0c2a9d1b7e4c38",
            "audit_entries": 3,
            "trips": 412,
            "positions": 190233,
            "assignments": 1,
            "vehicles": ["VEH-0001"],
        }
    )

    trips: int
    positions: int
    assignments: int
    vehicles: list[str] = Field(
        description="Vehicles that nobody else has driven. They stay; where one is the person's own, delete it."
    )
