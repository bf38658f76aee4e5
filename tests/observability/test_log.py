"""A process logs from its beginning to its end: what Python would print by itself is a line like all others."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys, threading, warnings
from roadlens.observability import log

log.begin("info", "test", form={form!r}, secrets=["s3cr3t-x"], serves={serves})
log.begin("debug", "again")

def fail():
    raise ValueError("'planted' s3cr3t-x")

class Broken:
    def __del__(self):
        fail()

thread = threading.Thread(target=fail)
thread.start()
thread.join()
Broken()
warnings.warn("this is old")
logging.getLogger("uvicorn.error").info("chatty")
logging.getLogger("roadlens").debug("unimportant")
fail()
"""


def _run(form: str | None, *, serves: bool = True) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(form=form, serves=serves)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_errors_that_nobody_catches_are_lines_too() -> None:
    done = _run("json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert [line["level"] for line in lines] == ["critical", "error", "warning", "critical"]
    assert [line.get("exception", "").partition("\n")[0] for line in lines] == [
        "ValueError",
        "ValueError",
        "",
        "ValueError",
    ]
    assert "this is old" in lines[2]["message"]
    assert "planted" not in done.stderr.replace("raise ValueError", "")


@pytest.mark.parametrize(("serves", "is_json"), [(True, True), (False, False)])
def test_a_server_whose_log_goes_to_a_program_writes_json(serves: bool, is_json: bool) -> None:
    assert _run(None, serves=serves).stderr.startswith("{") == is_json


def test_a_server_on_a_terminal_writes_for_people() -> None:
    ours, theirs = pty.openpty()
    program = PROGRAM.format(form=None, serves=True)
    subprocess.run([sys.executable, "-c", program], stderr=theirs, check=False)
    os.close(theirs)
    read = os.read(ours, 65536)
    os.close(ours)
    assert b"CRITICAL test: roadlens.observability.log: " in read
    assert b"\x1b" not in read
