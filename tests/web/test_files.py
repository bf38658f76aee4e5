"""Files in the codings that browsers take, and which modules a page needs first."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from roadlens.web.files import File, imported, read_files

LONG = b"let road = 1;\n" * 100


def test_a_file_is_compressed_as_the_browser_likes_it() -> None:
    file = File.of("text/javascript", LONG)
    coding, body = file.coded("gzip, deflate")
    assert (coding, gzip.decompress(body)) == ("gzip", LONG)
    coding, body = file.coded("gzip, br, zstd")
    assert (coding, zstandard.ZstdDecompressor().decompress(body)) == ("zstd", LONG)
    assert file.coded("") == ("identity", LONG)
    assert file.coded("gzip;q=0, identity") == ("identity", LONG)
    assert file.coded("zstd") is not file.coded("zstd")
    assert file.coded("zstd")[1] is file.coded("zstd")[1]


def test_a_short_file_is_sent_as_it_is() -> None:
    assert File.of("text/css", b"a{}").coded("gzip") == ("identity", b"a{}")


def test_a_large_file_may_stay_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "large.js"
    path.write_bytes(LONG)
    file = File.of("text/javascript", path)
    assert file.digest == File.of("text/javascript", LONG).digest
    assert file.source == path
    assert gzip.decompress(file.coded("gzip")[1]) == LONG


def test_only_what_a_browser_is_given_is_read(tmp_path: Path) -> None:
    for name in ("js/main.js", "main.css", "notes.md", "js/.main.js.swp", "key.pem"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert list(read_files(tmp_path)) == ["js/main.js", "main.css"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('import { a } from "./a.js";\n', ["main.js", "a.js"]),
        ('import {\n  a,\n  b,\n} from "./a.js";\n', ["main.js", "a.js"]),
        ('export { a } from "./a.js";\n', ["main.js", "a.js"]),
        ('const a = () => import("./a.js");\n', ["main.js"]),
        ('// import { a } from "./a.js";\n', ["main.js"]),
    ],
)
def test_imports_are_found_that_run_first(text: str, found: list[str]) -> None:
    files = {"main.js": File.of("", text.encode()), "a.js": File.of("", b"")}
    assert imported(files, "main.js") == found


def test_imports_are_followed_once_and_from_where_they_stand() -> None:
    files = {
        "js/main.js": File.of("", b'import "./parts/a.js";\nimport "./dom.js";\n'),
        "js/parts/a.js": File.of("", b'import { h } from "../dom.js";\nimport "../main.js";\n'),
        "js/dom.js": File.of("", b""),
    }
    assert imported(files, "js/main.js") == ["js/main.js", "js/parts/a.js", "js/dom.js"]
