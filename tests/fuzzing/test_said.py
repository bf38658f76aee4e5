"""An exception in a server's log is found, whichever way it was printed, and told with the place that is ours."""

from __future__ import annotations

import json

import pytest

from fuzzing.said import raised

PRINTED = """Traceback (most recent call last):
  File "/somewhere/roadlens/app.py", line 7, in compute
    fail()
ValueError: no
"""


def line(message: str, exception: str = "") -> str:
    return json.dumps({"level": "error", "message": message, "exception": exception}) + "\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], set()),
        (["Roadlens listens on http://127.0.0.1:8000\n", line("All is well"), "\n"], set()),
        (["{not a line of the log\n"], set()),
        ([line("It broke", "KeyError: 'a'\n  at psycopg/cursor.py:1 execute\n  at roadlens/app.py:7 compute")],
         {"KeyError: 'a' (at roadlens/app.py:7 compute): It broke"}),
        ([line("It broke", "KeyError: 'a'\n  at psycopg/cursor.py:1 execute")],
         {"KeyError: 'a' (at psycopg/cursor.py:1 execute): It broke"}),
        ([line("It broke", "KeyError: 'a'")] * 2, {"KeyError: 'a' (nowhere): It broke"}),
        (PRINTED.splitlines(keepends=True), {'ValueError: no (File "/somewhere/roadlens/app.py", line 7, in compute)'}),
    ],
)  # fmt: skip
def test_exceptions_are_found(said: list[str], expected: set[str]) -> None:
    assert raised(said) == expected
