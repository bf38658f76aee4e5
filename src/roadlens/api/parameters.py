"""Query and path parameters that several routes share: their bounds, and what they mean for ids that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query

from roadlens.api.schemas.answer import Moment, Text
from roadlens.domain import EventState, first_id_at
from roadlens.storage.reads.id_spans import IdSpan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


DriverId = Annotated[Text, Path(max_length=100, examples=["DRV-0001"])]
VehicleId = Annotated[Text, Path(max_length=100, examples=["VEH-0001"])]
UserId = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]
AssignmentId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]
DeviceId = Annotated[Text, Path(max_length=200, examples=["tracker-1"], description="What the device calls itself.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
After = Annotated[str | None, Query(max_length=2000, description="The `next` of the page before.")]
From = Annotated[
    Moment | None, Query(alias="from", description="Not before this time (ISO 8601; UTC if it has no offset).")
]
To = Annotated[Moment | None, Query(alias="to", description="Before this time.")]


# Filters that a list and its export have alike.
Search = Annotated[Text | None, Query(max_length=200, description="Part of an id, a name or an e-mail.")]
Order = Annotated[
    Literal["asc", "desc"] | None,
    Query(description="Without it: ids and names ascending; the riskiest, latest and newest first."),
]
OfDriver = Annotated[Text | None, Query(alias="driver_id", max_length=100)]
OfFactor = Annotated[
    Literal[
        "harsh_braking",
        "rapid_acceleration",
        "harsh_cornering",
        "speeding",
        "phone_use",
        "speeding_share",
        "night_share",
    ]
    | None,
    Query(alias="factor", description="Only trips that something of this factor of the risk score comes from."),
]
OfVehicle = Annotated[Text | None, Query(alias="vehicle_id", max_length=100)]
OfDevice = Annotated[Text | None, Query(alias="unique_id", max_length=200, description="The device's.")]
Unassigned = Annotated[
    bool | None, Query(description="true: those that nobody has now; false: the others; without it: all.")
]
Reviewed = Annotated[EventState | None, Query(alias="state")]
Entity = Annotated[Text | None, Query(max_length=100, description="Such as `driver`.")]
ChangedBy = Annotated[Text | None, Query(alias="actor", max_length=200, description="Who, exactly as the log has it.")]
Action = Annotated[Text | None, Query(max_length=100, description="Such as `update` or `sign in`.")]
EntityId = Annotated[Text | None, Query(max_length=200)]


def id_span(begin: datetime | None, end: datetime | None, position: list[str] | None) -> IdSpan:
    """The ids of what happened from `begin` until before `end`, continued after `position`. The ids begin in 1970."""
    return IdSpan(
        first=first_id_at(max(begin, _EPOCH)) if begin else None,
        end=first_id_at(max(end, _EPOCH)) if end else None,
        after=UUID(position[0]) if position else None,
    )
