"""The operator's tool: makes what matches a pattern of keys unreachable, on all workers, and frees its room.

Edits need none of this. A pattern is matched against keys as they are written (docs/cache.md): `*drivers_list*`, say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from roadlens.cache.keys import ANSWERS, VALUES
from roadlens.cache.memory import Memory
from roadlens.cache.policy import generation
from roadlens.cache.store import SharedStore

_WILDCARDS: Final = ("*", "?", "[")

# Raises tags and returns when every worker has heard of it.
Raise = Callable[[Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clearing:
    """What is cleared.

    Attributes:
        prefixes: all there are.
        memory: this process's; None where it keeps none.
    """

    prefixes: frozenset[str]
    shared: SharedStore
    memory: Memory | None = None

    async def invalidate_cache_pattern(self, pattern: str, raise_tags: Raise) -> int:
        """Clear what matches; how many kept answers that freed here and in the shared store.

        First the generation of each prefix that the pattern can mean is raised, so that what any worker keeps, or is
        computing at this moment, is never found again. What is freed after that was unreachable already. A pattern that
        spells no prefix, such as `*DRV-0001*` or `*driver*`, may mean keys of any: then all are raised.
        """
        await raise_tags([generation(prefix) for prefix in sorted(prefixes_of(pattern, self.prefixes))])
        spelled = f"*:{pattern}:*" if pattern in self.prefixes else pattern
        return (self.memory.clear(spelled) if self.memory else 0) + await self.shared.clear(spelled)


def prefixes_of(pattern: str, prefixes: Iterable[str]) -> frozenset[str]:
    """The prefixes whose keys a pattern can mean."""
    known = frozenset(prefixes)
    named = {prefix for prefix in known if any(fnmatchcase(name, pattern) for name in _names(prefix))}
    # What begins with a wildcard may match what stands behind any prefix too, unless it spells one out.
    anywhere = pattern[:1] in _WILDCARDS and pattern.strip("*:") not in known
    return known if anywhere or not named else frozenset(named)


def _names(prefix: str) -> tuple[str, ...]:
    """What a pattern that means a whole prefix matches."""
    return (prefix, f"{ANSWERS}:{prefix}:", f"{VALUES}:{prefix}:")
