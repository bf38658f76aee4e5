"""The rules of a version that is not the active one, as those who score history by it need them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from roadlens.errors import SetupError
from roadlens.scoring.parameters import FORMULA, Parameters
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import rebuilds as read
from roadlens.telemetry.work import Rules


async def read_version(session: ReadSession, version: int) -> Rules:
    """The rules that a score version is.

    Raises:
        SetupError: there is no such version any more, or it is of a formula that history cannot be scored by.
    """
    found = await read.version(session, version)
    if found is None:
        raise SetupError(f"There is no score version {version}. `roadlens score versions` lists those that there are.")
    parameters = Parameters.from_dict(found.parameters)
    if parameters.formula != FORMULA:
        raise SetupError(
            f"Score version {version} is of the formula {parameters.formula}: history can be scored again by "
            f"versions of {FORMULA} alone. `roadlens score draft` makes one."
        )
    return Rules(version, parameters, ZoneInfo(found.timezone))
