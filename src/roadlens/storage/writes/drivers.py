"""Makes and changes drivers. What hangs on one that is removed is the business of `telemetry.removal`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from roadlens.storage import tables
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import edits
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.edits import Check, Expected, Kind, Row

KIND: Final = Kind(
    name="driver",
    table="drivers",
    key="driver_id",
    columns=tuple(column.name for column in tables.drivers.columns if column.name != "version"),
    listed_at="/api/v1/admin/drivers",
    conflicts={
        "drivers_pkey": (
            "driver_id",
            "There is already a driver {driver_id}. Choose another one, or leave `driver_id` out to be given one.",
        ),
        "drivers_email_key": ("email", "Another driver has the e-mail address {email}, in whatever case."),
        "drivers_licence_key": ("licence_number", "Another driver has this licence of this state."),
    },
)


async def create(session: WriteSession, who: Who, values: Mapping[str, Any]) -> Row:
    """Make a driver; one without a `driver_id` gets the next free one.

    Raises:
        Conflict: the id, the e-mail address or the licence is taken; `field` says which.
    """
    if values.get("driver_id") is not None:
        return await edits.insert(session, who, KIND, values)
    given = {name: value for name, value in values.items() if name != "driver_id"}
    return await edits.insert(session, who, KIND, given, drawn="roadlens_new_driver_id()")


async def change(
    session: WriteSession, who: Who, driver_id: str, values: Mapping[str, Any], expected: Expected, check: Check
) -> Row:
    """Change a driver's columns to `values`; those that are not named stay.

    Raises:
        NotFound: there is no such driver.
        PreconditionFailed: it has another version than those expected.
        InvalidInput: `check` does not accept what would come of it.
        Conflict: the e-mail address or the licence is taken; `field` says which.
    """
    before = await edits.hold(session, KIND, driver_id, expected)
    check({**before, **values})
    return await edits.update(session, who, KIND, before, values)
