"""What every delivery and every new cut is judged by, as the database has it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from roadlens.scoring.parameters import Parameters
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.scores import ActiveVersion, active_version
from roadlens.telemetry.work import Rules


async def read_rules(session: ReadSession) -> Rules:
    """The rules that hold: the active score version and the installation's time zone.

    Raises:
        SetupError: there is no active score version, or it is of another formula.
    """
    return rules_of(await active_version(session))


def rules_of(active: ActiveVersion) -> Rules:
    """What a version's row says.

    Raises:
        SetupError: it is of another formula.
    """
    return Rules(active.version, Parameters.from_dict(active.parameters), ZoneInfo(active.timezone))
