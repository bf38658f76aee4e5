"""Failures and slow writes: those that a fault explains, and those that nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from lab.checker import Violation
from lab.history import COMMAND_FAILED, LATE, LONGEST_S, SHELL, Failed, Fault, Waited, Written
from lab.promises import GRACE_S, latencies, lost_edits, quantile, slow, unavailable, undisturbed
from lab.registers import COMMUTES, GONE

FAULTS = [Fault("kill -9", "server 1", 10, 12), Fault("pause", "database", 50, 60)]
OTHERS = [Fault("kill -9", "Redis", 10, 12), Fault("kill -9", "server 2", 10, 12)]


def failed(kind: str, began: float) -> Failed:
    return Failed("/path", kind, "", began, began + 0.1, "server 1")


def took(began: float, ended: float, *, done: bool = True) -> Written:
    return Written("driver A", 2, began, ended, done, "server 1")


def slow_of(written: list[Written], faults: list[Fault], waits: Sequence[Waited] = ()) -> list[Violation]:
    """Writes; and reads of the same times are judged alike."""
    found = slow(written, [], faults, waits)
    reads = [Failed("/path", LATE, "", each.began, each.ended, each.server) for each in written if each.acknowledged]
    assert [(each.began, each.ended) for each in slow([], reads, faults, waits)] == [
        (each.began, each.ended) for each in found
    ]
    assert not unavailable(reads, faults)
    in_vain = [Failed("/path", "timeout", "", each.began, each.ended, each.server) for each in reads]
    late = [each for each in in_vain if each.ended - each.began > LONGEST_S]
    assert len(unavailable(late, [], waits)) == len(slow([], reads, [], waits))
    return found


def test_within_a_fault_one_may_be_unanswered_or_told_so() -> None:
    within = [
        failed("503", 11),
        failed("ConnectionResetError", 12 + GRACE_S / 2),
        failed("timeout", 9.95),
        failed("408", 11),
    ]
    assert not unavailable(within, FAULTS)
    assert len(unavailable(within, OTHERS)) == len(within)
    without = [failed("503", 8), failed("timeout", 12.1 + GRACE_S)]
    assert [each.rule for each in unavailable(without, FAULTS)] == ["unavailable"] * 2


def test_another_servers_way_to_the_database_excuses_no_failure_but_a_wait_for_its_locks() -> None:
    faults = [Fault("hold, both ways", "server 2, its way to the database", 10, 12)]
    assert [each.rule for each in unavailable([failed("503", 11)], faults)] == ["unavailable"]
    assert not unavailable([failed("503", 11)], [Fault("lock", "rows of the database", 10, 12)])
    assert not slow_of([took(10, 11 + LONGEST_S)], faults)


def test_of_two_who_edit_the_same_one_waits_for_the_other_s_server() -> None:
    """That one sleeps with the row held."""
    faults = [Fault("pause", "server 2, a worker", 10, 12)]
    one, two = Failed("/path", "timeout", "", 10, 20, "server 1"), took(10, 11 + LONGEST_S)
    assert not unavailable([structs.replace(one, shared=True)], faults)
    assert not slow([structs.replace(two, author=1)], [], faults)
    assert [each.rule for each in (*unavailable([one], faults), *slow([two], [], faults))] == [
        "unavailable",
        "slow write",
    ]


def test_a_command_may_take_its_time_and_fail_with_the_database() -> None:
    """No fault of a server or of Redis is one of whoever sits at the machine."""
    told = Failed("roadlens users password", COMMAND_FAILED, "", 11, 11.5, SHELL)
    assert [each.rule for each in unavailable([told], [*FAULTS, *OTHERS])] == ["unavailable"]
    assert not unavailable([structs.replace(told, began=51, ended=52)], FAULTS)
    assert not slow([structs.replace(took(20, 30), server=SHELL)], [], [])


def test_no_fault_excuses_an_error() -> None:
    assert [each.rule for each in unavailable([failed("500", 11), failed("401", 11)], FAULTS)] == ["an error"] * 2


def test_a_write_waits_no_longer_than_two_leases_and_than_the_database_is_away() -> None:
    fine = [took(0, LONGEST_S), took(50, 60 + LONGEST_S), took(0, 9, done=False)]
    assert not slow_of(fine, FAULTS)
    assert len(slow_of([took(20, 20.1 + LONGEST_S)], FAULTS)) == 1
    assert len(slow_of([took(50, 62.2 + GRACE_S + LONGEST_S)], FAULTS)) == 1


def test_faults_at_the_same_time_excuse_no_more_than_one() -> None:
    """For ten seconds in all, and the grace after them."""
    twice = [*FAULTS, Fault("kill -9", "server 1", 49, 58), Fault("pause", "server 1", 51, 52)]
    most = 10 + GRACE_S + LONGEST_S
    assert not slow_of([took(50, 50 + most)], twice)
    assert len(slow_of([took(50, 50.1 + most)], twice)) == 1


def test_a_write_may_take_as_much_longer_as_its_server_had_no_processor() -> None:
    def waits(server: str, worker: int = 1) -> list[Waited]:
        return [Waited(server, worker, 20 + n / 4, 20.25 + n / 4, 0.2) for n in range(4)]

    most = 20 + LONGEST_S + 0.75
    assert not slow_of([took(20, most)], [], waits("server 1"))
    assert len(slow_of([took(20, most + 0.1)], [], [*waits("server 1"), *waits("server 1", 2)])) == 1
    assert len(slow_of([took(20, most)], [], waits("server 2"))) == 1
    assert len(slow_of([took(20.5, 20.95 + LONGEST_S)], [], waits("server 1"))) == 1, "half of it was before"
    paused = [Fault("pause", "server 1, a worker", 20, 20.5)]
    assert len(slow_of([took(20, most + 0.5 + GRACE_S)], paused, waits("server 1"))) == 1, "that counts already"


def test_an_acknowledged_edit_is_there_in_the_end() -> None:
    written = [took(1, 2), took(3, 4, done=False), Written("driver B", GONE, 1, 2, True, "server 1")]
    written[1].number = 3
    for version in (2, 3):
        assert not lost_edits(written, {"driver A": version})
    for stored in ({"driver A": 1}, {"driver A": 4}, {}, {"driver A": 2, "driver B": 1}):
        assert [each.rule for each in lost_edits(written, stored)] == ["lost"], stored


def test_an_undisturbed_edit_has_ended_before_the_first_fault() -> None:
    written = [took(1, 1.2), took(0, 0.1), took(4, 6), took(2, 2.5, done=False)]
    positions = Written(COMMUTES, 2, 1, 3, True, "server 1")
    assert [round(each, 3) for each in undisturbed([*written, positions], 5)] == [0.1, 0.2]


def test_latencies_are_of_acknowledged_writes_apart_from_faults() -> None:
    calm, troubled = latencies([took(0, 0.2), took(1, 1.1), took(10, 12), took(3, 4, done=False)], FAULTS)
    assert [round(each, 3) for each in calm] == [0.1, 0.2]
    assert troubled == [2]
    assert quantile([1, 2, 3], 0.5) == 2
    assert quantile([1, 2, 3], 0.99) == 3
