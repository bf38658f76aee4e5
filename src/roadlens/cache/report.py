"""What a worker's cache has counted, as plain values that can be told to others, and the sum of several workers'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from roadlens.cache.audit import Audit
from roadlens.cache.engine import Cache

# Of findings; what is told is renewed twice a second.
_TOLD = 5


def report(cache: Cache, audit: Audit | None) -> dict[str, Any]:
    """This worker's counts: by prefix, of its memory, of its audit."""
    contents = cache.memory.contents()
    prefixes = {}
    for prefix in sorted({*cache.tallies, *contents}):
        tally = cache.tallies.get(prefix)
        entries, size = contents.get(prefix, (0, 0))
        prefixes[prefix] = {
            "hits": tally.hits if tally else 0,
            "misses": tally.misses if tally else 0,
            "bypasses": tally.bypasses if tally else 0,
            "entries": entries,
            "bytes": size,
        }
    told: dict[str, Any] = {
        "prefixes": prefixes,
        "memory": {"used": cache.memory.used, "limit": cache.memory.limit},
        "audit": {"done": 0, "stale": 0, "findings": []},
    }
    if audit is not None:
        findings = [
            {"at": found.at.isoformat(), "key": found.key, "differing": list(found.differing), "kept": found.kept,
             "computed": found.computed}
            for found in list(audit.findings)[-_TOLD:]
        ]  # fmt: skip
        told["audit"] = {"done": audit.done, "stale": audit.stale, "findings": findings}
    return told


def summed(reports: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Several workers' counts by prefix, added up."""
    sums: dict[str, Counter[str]] = {}
    for told in reports:
        for prefix, counts in told.get("prefixes", {}).items():
            sums.setdefault(prefix, Counter()).update(counts)
    return {prefix: dict(counts) for prefix, counts in sorted(sums.items())}
