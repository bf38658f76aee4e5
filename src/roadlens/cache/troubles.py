"""What can be wrong with a Redis, in words for whoever runs it: what to do, said once in a while and not each time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from redis import exceptions

from roadlens.cache.connections import RedisConfig, Unreachable

AGAIN_S = 300.0

logger = logging.getLogger(__name__)


class Says(Enum):
    """What a failure says of the server."""

    THERE = "it refuses this command, and answers others"
    DOUBTFUL = "it may have been an accident"
    AWAY = "nothing will be answered while this lasts, so that asking again is a waste of time"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure.

    Attributes:
        advice: a sentence that says what to do.
        says: what it means for the next command.
    """

    kind: str
    advice: str
    says: Says


SLOW = Trouble("slow", "did not answer in time. It is paused, overloaded or cut off.", Says.AWAY)
SILENT = Trouble(
    "silent",
    "takes a connection and says nothing. It is paused or cut off; or check REDIS_PORT and ROADLENS_REDIS_TLS.",
    Says.AWAY,
)
LATE = Trouble("late", "was not heard in time, because this process was busy.", Says.DOUBTFUL)
LOST = Trouble("lost", "closed a connection.", Says.DOUBTFUL)
AWAY = Trouble("away", "cannot be reached. Check REDIS_HOST and REDIS_PORT, and that it runs.", Says.AWAY)
LOGIN = Trouble("login", "does not accept the password. Check REDIS_PASSWORD.", Says.AWAY)
LOADING = Trouble("loading", "is still loading its data.", Says.AWAY)
CLUSTER_DOWN = Trouble("cluster down", "is a cluster that does not work. See `CLUSTER INFO` on it.", Says.AWAY)
OLD = Trouble("old", "does not know HELLO. Roadlens needs Redis 6.2 or newer, or Valkey.", Says.AWAY)
FULL = Trouble(
    "full", "is full and lets nothing go. Set its maxmemory-policy to allkeys-lru, or a higher maxmemory.", Says.THERE
)
READ_ONLY = Trouble("read-only", "is a replica, which keeps nothing. Set REDIS_HOST to the primary.", Says.THERE)
RIGHTS = Trouble(
    "rights",
    "does not let this user do what the cache needs: "
    "hello, client|setname, ping, get, set, del, unlink, scan, eval, info, dbsize, cluster|slots.",
    Says.THERE,
)
IS_CLUSTER = Trouble("is a cluster", "is a node of a cluster. Set ROADLENS_REDIS_CLUSTER=1.", Says.THERE)
NOT_CLUSTER = Trouble("no cluster", "is not a cluster. Set ROADLENS_REDIS_CLUSTER=0.", Says.AWAY)

CERTIFICATE = Trouble(
    "certificate",
    "shows a certificate that is not believed. Check ROADLENS_REDIS_CA_FILE, and that REDIS_HOST is a name in it.",
    Says.AWAY,
)

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
    (exceptions.ConnectionError, "certificate verify failed", CERTIFICATE),
    (exceptions.TimeoutError, "", SILENT),
    (TimeoutError, "", SILENT),
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
        return Trouble(
            "answer", f"answered with an error: {text}", Says.AWAY if isinstance(error, Unreachable) else Says.THERE
        )
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
            logger.warning("%s Until then nothing fails; answers are only made more often.", self.last)

    def over(self) -> None:
        """It is used, for the first time or again; the latter is said if what was wrong was."""
        self.last = None
        if not self._quiet:
            self._quiet = True
            logger.info("Redis at %s is used", self._place)
