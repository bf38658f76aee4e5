"""What people are told of changes: which tables, which tags, and why."""

from __future__ import annotations

import pytest

from roadlens.cache.changes import Changes


@pytest.mark.parametrize(
    ("tags", "cause", "tables"),
    [
        (["drivers", "driver:DRV-0001"], "edit", ("drivers",)),
        (["assignments", "driver:D:1", "vehicle:V", "device:7"], "edit", ("assignments",)),
        (["users", "users:bulk"], "edit", ("users",)),
        (["prefix:drivers_list", "prefix:attention"], "clear", ()),
        (["everything"], "other", ()),
    ],
)
def test_why(tags: list[str], cause: str, tables: tuple[str, ...]) -> None:
    changes = Changes()
    changes.heard(tags)
    (change,) = changes.last()
    assert (change.cause, change.tables, change.tags, change.more) == (cause, tables, tuple(sorted(tags)), 0)


def test_the_last_fifty_the_newest_first_and_of_each_ten_tags() -> None:
    changes = Changes()
    for number in range(60):
        changes.heard(["drivers", *(f"driver:{number}-{each}" for each in range(number))])
    last = changes.last()
    assert len(last) == 50
    assert (len(last[0].tags), last[0].more) == (10, 50)
    assert [change.at for change in last] == sorted((change.at for change in last), reverse=True)
