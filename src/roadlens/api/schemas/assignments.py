"""Assignments: a device given to a driver in a vehicle for a span of time."""

from __future__ import annotations

import datetime

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Moment, Next, Text, Version, example
from roadlens.api.schemas.edits import Body, absent

_SPAN = {
    "driver_id": "DRV-0001",
    "vehicle_id": "VEH-0001",
    "valid_from": "2026-03-01T08:00:00Z",
    "valid_to": None,
}
_ASSIGNMENT = {
    "assignment_id": 1,
    "unique_id": "tracker-1",
    **_SPAN,
    "created_at": "2026-03-01T08:00:00Z",
    "version": 1,
}

_FROM = "Beginning with this time (ISO 8601; UTC if it has no offset); null: ever."
_TO = "Until before this time; null: until further notice."


class Assignment(Answer):
    model_config = example(_ASSIGNMENT)

    assignment_id: int
    unique_id: str = Field(description="The device's.")
    driver_id: str
    vehicle_id: str
    valid_from: datetime.datetime | None = Field(description=_FROM)
    valid_to: datetime.datetime | None = Field(description=_TO)
    created_at: datetime.datetime
    version: Version


class AssignmentPage(Answer):
    model_config = example({"items": [_ASSIGNMENT], "next": None})

    items: list[Assignment]
    next: Next


class DeviceAssignments(Answer):
    model_config = example({"items": [_ASSIGNMENT]})

    items: list[Assignment] = Field(description="All of them, in the order of time.")


class _Span(Body):
    valid_from: Moment | None = Field(default=None, description=_FROM)
    valid_to: Moment | None = Field(default=None, description=_TO)


class NewAssignment(_Span):
    model_config = example(_SPAN)

    driver_id: Text = Field(max_length=100)
    vehicle_id: Text = Field(max_length=100)


class AssignmentPatch(_Span):
    """JSON merge patch (RFC 7396): what is left out stays; null takes the bound away."""

    model_config = example({"valid_to": "2026-05-04T18:00:00Z"})

    driver_id: Text = absent(max_length=100)
    vehicle_id: Text = absent(max_length=100)
