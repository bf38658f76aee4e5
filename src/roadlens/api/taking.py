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

# What was searched for may be a name: the log says that something was.
_SEARCHED: Final = "search"


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
    return {name: "…" if name == _SEARCHED else value[:200] for name, value in request.query_params.items()}


Taking = Annotated[Export, Depends(_viewer)]
TakingConfidential = Annotated[Export, Depends(_administrator)]
