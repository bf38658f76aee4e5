"""Who takes a list away as a file, and what of it: noted before anything leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from roadlens.api.dependencies import State
from roadlens.api.export import Exports
from roadlens.api.origin import From
from roadlens.api.security import administrator_beforehand, viewer_beforehand
from roadlens.storage.database import Database
from roadlens.storage.reads.users import TokenHolder
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Actor

# What may name a person, who may be erased one day: the log says that something was asked for, not what.
_NAMES: Final = ("search", "actor", "entity_id")


@dataclass(frozen=True, slots=True)
class Export:
    """One export: its transactions, its place among those under way, and who takes it."""

    database: Database
    exports: Exports
    who: Actor
    asked: dict[str, str]

    async def note(self, name: str) -> None:
        """Note it in the log, with the filters."""
        async with self.database.write() as session:
            await audit.record(session, self.who, "export", "list", name, None, self.asked or None)


async def _viewer(
    request: Request, state: State, holder: Annotated[TokenHolder, Depends(viewer_beforehand)], origin: From
) -> Export:
    return Export(state.database, state.exports, origin.of(holder), _asked(request))


async def _administrator(
    request: Request, state: State, holder: Annotated[TokenHolder, Depends(administrator_beforehand)], origin: From
) -> Export:
    return Export(state.database, state.exports, origin.of(holder), _asked(request))


def _asked(request: Request) -> dict[str, str]:
    # What the route does not know, it did not filter by; and it may be anything.
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    asked = request.query_params.items()
    return {name: "…" if name in _NAMES else value[:200] for name, value in asked if name in known}


Taking = Annotated[Export, Depends(_viewer)]
TakingConfidential = Annotated[Export, Depends(_administrator)]
