"""Percentages that add up to exactly 100, by the method of largest remainders (Hamilton)."""

from __future__ import annotations

from collections.abc import Sequence


def percentages(counts: Sequence[int]) -> list[float]:
    """Each count's share in percent, to one decimal where possible; all 0 if all counts are.

    As binary fractions one in twelve triples of tenths adds up to 99.99999999999999. Such a triple gets another number
    of decimals, so that whoever adds them up gets 100.
    """
    if not any(counts):
        return [0.0] * len(counts)
    return next(shares for decimals in (1, 2, 0) if sum(shares := _rounded(counts, decimals)) == 100)


def _rounded(counts: Sequence[int], decimals: int) -> list[float]:
    units = 100 * 10**decimals
    total = sum(counts)
    parts = [count * units // total for count in counts]
    remainders = [count * units % total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -remainders[place])
    for place in by_remainder[: units - sum(parts)]:
        parts[place] += 1
    return [part / 10**decimals for part in parts]
