"""Which drivers a list shows: those of a level, those that a text is found in, and how many there are of them.

Each filter is made for both ends. What is rare is looked up first and put in order; what is frequent is met soon by
whoever walks the order. Which of the two it is depends on what is asked for and on who is there, and the statements
find out themselves: PostgreSQL cannot know beforehand how many high risks there are among the first names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from roadlens.domain import LOW_UP_TO, MEDIUM_UP_TO, RiskLevel
from roadlens.storage.database import ReadSession

# Matches of a search. To put as many in order takes as long as to walk past those between a hundred of them, with a
# hundred thousand drivers.
LOOKED_UP_TO: Final = 3000

# Matches of a text, each of whom is asked for a level.
_FEW: Final = 1000

# The buckets of `risk_histogram` that make a level: above the first, up to the second.
_BOUNDS: Final = {
    RiskLevel.LOW: (-1, LOW_UP_TO),
    RiskLevel.MEDIUM: (LOW_UP_TO, MEDIUM_UP_TO),
    RiskLevel.HIGH: (MEDIUM_UP_TO, 100),
}

# The same text as in the two indexes of searches.
_TEXT: Final = (
    "lower(driver.driver_id || ' ' || driver.first_name || ' ' || driver.last_name || ' ' || "
    "coalesce(driver.email, ''))"
)
SEARCHED: Final = f"{_TEXT} LIKE lower(:pattern)"

# A trigram is three letters or digits side by side. A text without any is looked up by the pairs of its characters, or
# by the one that it has: unless one of twenty drivers has it, for then the first ones will do.
_TRIGRAM: Final = re.compile(r"[^\W_]{3}")
_BY_TRIGRAMS: Final = f"SELECT driver_id FROM drivers AS driver WHERE {SEARCHED}"
_BY_PAIRS: Final = f"""
SELECT driver_id FROM drivers AS driver WHERE {SEARCHED} AND (SELECT frequent FROM sample)
UNION ALL SELECT driver_id FROM (
    SELECT driver_id FROM drivers AS driver
    WHERE roadlens_pairs({_TEXT}) @> cast(:pairs AS text[]) AND strpos({_TEXT}, lower(:search)) > 0 OFFSET 0
) AS looked_up WHERE NOT (SELECT frequent FROM sample)
"""
_SAMPLE: Final = f"""
sample AS MATERIALIZED (
    SELECT count(*) >= 100 AS frequent
    FROM (SELECT {_TEXT} AS text FROM drivers AS driver LIMIT 2000) AS first_ones WHERE text LIKE lower(:pattern)
)
"""

# To look up n drivers takes some 0.9 µs for each; to walk past those between a hundred of them, 6 µs for each of
# 100 N / n, with N in all. It is the same where n² is 670 N: 8,200 of 100,000, and 7 ms either way. Where that many are
# skipped, looking up always pays.
_RARITY: Final = """
rarity AS MATERIALIZED (
    SELECT wanted * wanted < 670 * everybody OR :skip > 10000 AS rare
    FROM (SELECT {wanted} AS wanted, {everybody} AS everybody) AS counted
)
"""
_RARE_DRIVERS: Final = """
rare_drivers AS MATERIALIZED (
    SELECT driver_id FROM driver_summary WHERE {stretch} AND (SELECT rare FROM rarity)
)
"""


def level_of_one_stretch(score: str, level: RiskLevel) -> str:
    """The condition on a walk along the index of scores: one stretch of it.

    With the level beside it PostgreSQL would take both for rare together, and sort.
    """
    above, up_to = _BOUNDS[level]
    return f"{score} > {above} AND {score} <= {up_to}"


def _level_of_each(driver_id: str) -> str:
    return f"(SELECT risk_level FROM driver_summary AS own WHERE own.driver_id = {driver_id}) = :risk_level"


def level_on_the_way(driver_id: str) -> str:
    """The condition on any other walk, with `level_tables` above it.

    CASE, so that the drivers of a rare level become a table in memory in which each one on the way is looked for.
    """
    return (
        f"CASE WHEN (SELECT rare FROM rarity) THEN {driver_id} IN (SELECT driver_id FROM rare_drivers) "
        f"ELSE {_level_of_each(driver_id)} END"
    )


def level_tables(level: RiskLevel) -> list[str]:
    """What `level_on_the_way` asks."""
    rarity = _RARITY.format(wanted=total_of(level), everybody=total_of(None))
    return [rarity, _RARE_DRIVERS.format(stretch=level_of_one_stretch("coalesce(risk_score, -1)", level))]


def total_of(level: RiskLevel | None) -> str:
    """How many drivers there are in all or of a level, from the read models."""
    if level is None:
        return "(SELECT sum(drivers)::bigint FROM fleet_totals)"
    above, up_to = _BOUNDS[level]
    counted = f"bucket > {above} AND bucket <= {up_to}"
    return f"(SELECT coalesce(sum(drivers), 0)::bigint FROM risk_histogram WHERE {counted})"


async def look_up(session: ReadSession, search: str, level: RiskLevel | None) -> tuple[int, list[str] | None]:
    """How many fit, counted up to one more than `LOOKED_UP_TO`, and their ids in no order; None for the ids if more do.

    With a level, by what is rarer: a text that few have; a level that few have, each of whom is looked at; or, where
    both are frequent, by the text until there are enough.
    """
    by_pairs = not _TRIGRAM.search(search)
    tables = [_SAMPLE] if by_pairs else []
    texts = found = _BY_PAIRS if by_pairs else _BY_TRIGRAMS
    if level is not None:
        tables += [*level_tables(level), f"fitting AS MATERIALIZED ({texts} LIMIT {_FEW + 1})"]
        few, rare = f"(SELECT count(*) <= {_FEW} FROM fitting)", "(SELECT rare FROM rarity)"
        # Asked of each, so that PostgreSQL looks nowhere else for them.
        found = f"""
SELECT driver_id FROM fitting WHERE {few} AND {_level_of_each("fitting.driver_id")}
UNION ALL SELECT driver_id FROM rare_drivers WHERE NOT {few} AND {rare}
    AND (SELECT {SEARCHED} FROM drivers AS driver WHERE driver.driver_id = rare_drivers.driver_id)
UNION ALL SELECT driver_id FROM ({texts} OFFSET 0) AS matching
WHERE NOT {few} AND NOT {rare} AND {_level_of_each("matching.driver_id")}
"""
    statement = f"""
{with_tables(tables)}
SELECT count(*) AS count, CASE WHEN count(*) <= {LOOKED_UP_TO} THEN array_agg(driver_id) END AS ids
FROM (SELECT driver_id FROM ({found}) AS found LIMIT {LOOKED_UP_TO + 1}) AS some_of_them
"""
    params = {"search": search, "pairs": _pairs(search), "risk_level": level and level.value, "skip": 0}
    ((count, ids),) = await session.rows(
        statement, lambda count, ids: (count, ids), search_params(search) | params, anew=True
    )
    return count, ids


def search_params(search: str) -> dict[str, Any]:
    """For LIKE: the text anywhere, without wildcards in it."""
    literal = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"pattern": f"%{literal}%"}


def _pairs(search: str) -> list[str]:
    small = search.lower()
    return [small[place : place + 2] for place in range(max(1, len(small) - 1))]


def with_tables(tables: Sequence[str]) -> str:
    return f"WITH {', '.join(tables)}" if tables else ""
