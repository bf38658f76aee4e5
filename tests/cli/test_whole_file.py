"""A file is whole or not there, and is nobody else's to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadlens.cli.whole_file import whole_file
from roadlens.errors import SetupError


def test_it_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with whole_file(path) as file:
        file.write("a\n")
        assert not path.exists()
    assert path.read_bytes() == b"a\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UnicodeEncodeError), whole_file(path) as file:
        file.write("b\udfff\n")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["a\n"]
    with pytest.raises(SetupError, match="cannot be written: No such file"), whole_file(tmp_path / "no" / "table.csv"):
        pass
