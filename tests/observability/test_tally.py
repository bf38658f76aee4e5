"""Numbers in cells: kept over restarts, added up over processes, and right while another process is counting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roadlens.observability.tally import CELLS, Tally, cells_file

SERIES = ("requests", "GET", "summary")

# Counts up to the number it says, then waits to be killed.
_COUNTER = """
import sys
from pathlib import Path
from roadlens.observability.tally import Tally
tally = Tally(Path(sys.argv[1]))
place = tally.place(("requests", "GET", "summary"), 1)
for _ in range(1000):
    tally.cells[place] += 1
print("counted", flush=True)
sys.stdin.read()
"""


# Shows what is so now, in a file of the name that it is given, and says in which.
_SHOWER = """
import sys
from pathlib import Path
from roadlens.observability.tally import Tally, cells_file
tally = Tally(cells_file(Path(sys.argv[1]), sys.argv[2]))
tally.cells[tally.place(("waiting",), 1, momentary=True)] = 7
tally.cells[tally.place(("requests", "GET", "summary"), 1)] += 1
print("shown", flush=True)
sys.stdin.read()
"""


@contextmanager
def shower(directory: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _SHOWER, str(directory), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "shown\n"
        yield process


def count_to(tally: Tally, *numbers: float, series: tuple[str, ...] = SERIES) -> None:
    start = tally.place(series, len(numbers))
    for offset, number in enumerate(numbers):
        tally.cells[start + offset] += number


def test_numbers_of_one_process() -> None:
    tally = Tally()
    count_to(tally, 1, 2, 3)
    count_to(tally, 5, series=("other",))
    count_to(tally, 1, 1, 1)
    assert tally.read() == {SERIES: [2, 3, 4], ("other",): [5]}


def test_a_series_has_one_place(tmp_path: Path) -> None:
    for tally in (Tally(), Tally(cells_file(tmp_path, "1"))):
        assert tally.place(SERIES, 3) == tally.place(SERIES, 3)
        assert tally.place(("other",), 1) == tally.place(SERIES, 3) + 3


def test_each_process_reads_the_sum_of_all(tmp_path: Path) -> None:
    one, two = (Tally(cells_file(tmp_path, name)) for name in ("1", "2"))
    count_to(two, 7, series=("only in the second",))
    count_to(one, 1, 2)
    count_to(two, 10, 20)
    assert one.read() == two.read() == {SERIES: [11, 22], ("only in the second",): [7]}


def test_what_a_killed_process_counted_stays_and_its_successor_goes_on(tmp_path: Path) -> None:
    file = cells_file(tmp_path, "1")
    process = subprocess.Popen(
        [sys.executable, "-c", _COUNTER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        other = Tally(cells_file(tmp_path, "2"))
        assert other.read() == {SERIES: [1000]}
        os.kill(process.pid, signal.SIGKILL)
    assert other.read() == {SERIES: [1000]}
    count_to(Tally(file), 1)
    assert other.read() == {SERIES: [1001]}


def test_a_name_whose_writer_was_killed_in_the_middle_is_no_name(tmp_path: Path) -> None:
    file = cells_file(tmp_path, "1")
    count_to(Tally(file), 4)
    names = file.with_suffix(".names")
    names.write_text(names.read_text() + '[["half')
    assert Tally(cells_file(tmp_path, "2")).read() == {SERIES: [4]}
    successor = Tally(file)
    count_to(successor, 9, series=("next",))
    assert successor.read() == {SERIES: [4], ("next",): [9]}


def test_what_has_no_room_is_said_and_counted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally()
    count_to(tally, *[1.0] * (CELLS - 1))
    count_to(tally, 1, series=("one too many",))
    assert "no room to count ('one too many',)" in caplog.text
    assert list(tally.read()) == [SERIES]
    assert set(tally.read()[SERIES]) == {1.0}


def test_what_is_so_now_in_each_process_that_lives_and_in_none_that_was_killed(tmp_path: Path) -> None:
    own = Tally(cells_file(tmp_path, "2"))
    own.cells[own.place(("waiting",), 1, momentary=True)] = 3
    with shower(tmp_path, "1") as other:
        assert sorted(own.present(), key=str) == [{("waiting",): [3]}, {("waiting",): [7]}]
        os.kill(other.pid, signal.SIGKILL)
    assert own.present() == [{("waiting",): [3]}]
    assert own.read() == {SERIES: [1]}
    own.cells[own.place(("waiting",), 1, momentary=True)] = 0
    assert own.present() == [{("waiting",): [0]}]


def test_what_was_so_before_is_not_so_for_who_takes_the_place(tmp_path: Path) -> None:
    with shower(tmp_path, "1") as other:
        other.kill()
    successor = Tally(cells_file(tmp_path, "1"))
    assert successor.present() == [{("waiting",): [0]}]
    assert successor.read() == {SERIES: [1]}


def test_two_of_one_name_that_live_at_once_do_not_share_cells(tmp_path: Path) -> None:
    with shower(tmp_path, "1") as one, shower(tmp_path, "1") as two:
        reader = Tally(cells_file(tmp_path, "1"))
        assert reader.read() == {SERIES: [2]}
        assert [shown for shown in reader.present() if shown] == [{("waiting",): [7]}] * 2
        one.kill()
        one.wait()
        assert [shown for shown in reader.present() if shown] == [{("waiting",): [7]}]
        two.kill()
    assert reader.read() == {SERIES: [2]}


def test_processes_without_files_are_alone() -> None:
    one, two = Tally(), Tally()
    one.cells[one.place(("waiting",), 1, momentary=True)] = 3
    assert (one.present(), two.present()) == ([{("waiting",): [3]}], [{}])


# Counts on, where files may not grow any more, under many names, and says what is read then and when they may again.
_WITHOUT_ROOM = """
import resource
import sys
from pathlib import Path
from roadlens.observability.tally import Tally, cells_file
directory = Path(sys.argv[1])
tally = Tally(cells_file(directory, "worker"))
tally.cells[tally.place(("before",), 1)] += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
for number in range(300):
    tally.cells[tally.place(("since", "x" * 100, str(number)), 100)] += 1
alone = Tally(cells_file(directory, "another"))
alone.cells[alone.place(("alone",), 1)] += 1
assert alone.read() == {("alone",): [1.0]}
seen = tally.read()
assert seen["before",] == [1.0] and 0 < len(seen) < 301
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
tally.place(("at last",), 1)
assert len(tally.read()) == 302
print(sum(numbers[0] for numbers in tally.read().values()))
"""


def test_who_counts_does_not_fail_where_there_is_no_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_ROOM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "301.0\n"), done.stderr


def test_a_file_has_room_for_all_cells_from_the_first(tmp_path: Path) -> None:
    """A page that finds none when it is first counted in would end the process."""
    file = cells_file(tmp_path, "1")
    Tally(file)
    assert file.stat().st_blocks * 512 >= 8 * CELLS


def test_what_was_counted_under_a_name_that_could_not_be_written_is_not_the_next_one_s(tmp_path: Path) -> None:
    file = cells_file(tmp_path, "1")
    count_to(Tally(file), 1)
    count_to(Tally(file), 5, series=("lost",))
    names = file.with_suffix(".names")
    names.write_text(names.read_text().splitlines(keepends=True)[0])
    successor = Tally(file)
    count_to(successor, 2, series=("next",))
    assert successor.read() == {SERIES: [1], ("next",): [2]}
