"""A working day of a portfolio's administrators, as `benchmarks.day` replays it."""
