"""The contract of who counts what comes in live. How it is exported is not known here."""

from __future__ import annotations

from typing import Literal, Protocol

from roadlens.telemetry.delivery import Outcome

Kind = Literal["single", "batch"]

# `busy`: too many wait, and the sender must try again. `closed`: the server is starting or shutting down.
Refusal = Literal["busy", "closed"]


class Observer(Protocol):
    """Each method is called once for what it names, and returns at once."""

    def stored(self, outcome: Outcome) -> None:
        """A transaction has committed."""

    def committed(self, kind: Kind, seconds: float) -> None:
        """A sender's single position or batch is stored, so long after it was taken."""

    def refused(self, kind: Kind, why: Refusal) -> None:
        """One was not taken, and nothing of it stored."""


class Silent:
    """An observer that counts nothing."""

    def stored(self, outcome: Outcome) -> None: ...

    def committed(self, kind: Kind, seconds: float) -> None: ...

    def refused(self, kind: Kind, why: Refusal) -> None: ...
