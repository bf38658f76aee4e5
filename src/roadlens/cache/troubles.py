"""What can be wrong with a Redis, in words for whoever runs it: what to do, said once in a while and not each time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import exceptions

from roadlens.cache.connections import RedisConfig, Unreachable

AGAIN_S = 300.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure.

    Attributes:
        advice: a sentence that says what to do.
        decisive: nothing will be answered while it lasts, so that asking again is a waste of time.
    """

    kind: str
    advice: str
    decisive: bool = False


SLOW = Trouble("slow", "did not answer in time. It is paused, overloaded or cut off.", decisive=True)
LATE = Trouble("late", "was not heard in time, because this process was busy.")
LOST = Trouble("lost", "closed a connection.")
AWAY = Trouble("away", "cannot be reached. Check REDIS_HOST and REDIS_PORT, and that it runs.", decisive=True)
LOGIN = Trouble("login", "does not accept the password. Check REDIS_PASSWORD.", decisive=True)
LOADING = Trouble("loading", "is still loading its data.", decisive=True)
CLUSTER_DOWN = Trouble("cluster down", "is a cluster that does not work. See `CLUSTER INFO` on it.", decisive=True)
OLD = Trouble("old", "does not know HELLO. Roadlens needs Redis 6.2 or newer, or Valkey.", decisive=True)
FULL = Trouble("full", "is full and lets nothing go. Set its maxmemory-policy to allkeys-lru, or a higher maxmemory.")
READ_ONLY = Trouble("read-only", "is a replica, which keeps nothing. Set REDIS_HOST to the primary.")
RIGHTS = Trouble("rights", "does not let this user do what the cache needs: get, set, del, unlink, scan, eval, info.")
IS_CLUSTER = Trouble("is a cluster", "is a node of a cluster. Set ROADLENS_REDIS_CLUSTER=1.")
NOT_CLUSTER = Trouble("no cluster", "is not a cluster. Set ROADLENS_REDIS_CLUSTER=0.", decisive=True)

# The first that fits. Beside the class, a part of the message: for some there is no class.
_KNOWN: tuple[tuple[type[BaseException], str, Trouble], ...] = (
    (exceptions.AuthenticationError, "", LOGIN),
    (exceptions.AuthorizationError, "", LOGIN),
    (exceptions.BusyLoadingError, "", LOADING),
    (exceptions.OutOfMemoryError, "", FULL),
    (exceptions.ReadOnlyError, "", READ_ONLY),
    (exceptions.NoPermissionError, "", RIGHTS),
    (exceptions.MovedError, "", IS_CLUSTER),
    (exceptions.ClusterDownError, "", CLUSTER_DOWN),
    (exceptions.ResponseError, "NOAUTH", LOGIN),
    (exceptions.ResponseError, "unknown command 'HELLO'", OLD),
    (exceptions.ResponseError, "unknown command `HELLO`", OLD),
    (exceptions.ResponseError, "cluster support disabled", NOT_CLUSTER),
)


def trouble(error: BaseException, password: str | None) -> Trouble:
    """Which kind of failure an error is. A password that a server repeats is not repeated again."""
    cause = error.__cause__ if isinstance(error, Unreachable) else error
    text = str(cause)
    for kind, part, known in _KNOWN:
        if isinstance(cause, kind) and part in text:
            return known
    if isinstance(cause, exceptions.ResponseError):
        text = text.replace(password, "***") if password else text
        return Trouble("answer", f"answered with an error: {text}", decisive=isinstance(error, Unreachable))
    return AWAY if isinstance(error, Unreachable) else LOST


class Complaints:
    """Warns of each kind of trouble, and again only after some minutes, so that a log stays readable."""

    def __init__(self, config: RedisConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = f"{config.host}:{config.port}"
        self._clock = clock
        self._said: dict[str, float] = {}
        self._quiet = False
        self.last: str | None = None

    def about(self, found: Trouble) -> None:
        self.last = f"Redis at {self._place} {found.advice}"
        now = self._clock()
        if now >= self._said.get(found.kind, now):
            self._said[found.kind] = now + AGAIN_S
            self._quiet = False
            logger.warning("%s Until then answers are made without it.", self.last)

    def over(self) -> None:
        """It is used, for the first time or again; the latter is said if what was wrong was."""
        self.last = None
        if not self._quiet:
            self._quiet = True
            logger.info("Redis at %s is used", self._place)
