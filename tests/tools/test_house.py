"""Each house rule on a file that breaks it and on one that keeps it."""

from __future__ import annotations

import pytest

from tools.house import SourceFile, findings

LONG_FUNCTION = "def drive() -> None:\n" + "    stop()\n" * 59
SHORT_FUNCTION = "def drive() -> None:\n" + "    stop()\n" * 58
LONG_JS = "export async function drive(way) {\n" + "  stop();\n" * 58 + "}\n"
LONG_ARROW = "  const drive = async ({ way }) => {\n" + "    if (way) {\n      stop();\n    }\n" * 20 + "  };\n"
SHORT_JS = LONG_JS.replace("  stop();\n", "", 1)
# Put together, so that this file keeps the rules that it tests.
NOQA, UNFINISHED, HOME, MIRROR = (
    "# no" + "qa: S608",
    "# TO" + "DO",
    "/home/" + "ann/roadlens",
    "https:/" + "/a-mirror.example",
)


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("src/a.py", "pass\n" * 300, "300 lines"),
        ("src/a.js", "go();\n" * 300, "300 lines"),
        ("src/a.py", LONG_FUNCTION, "`drive` has 60 lines"),
        ("src/a.js", LONG_JS, "`drive` has 60 lines"),
        ("src/a.js", LONG_ARROW, "`drive` has 62 lines"),
        ("src/a.css", "a {}\n" * 300, "300 lines"),
        ("README.md", "words\n" * 150, "150 lines"),
        ("src/a.py", f"x = 1  {NOQA}\n", "does not say why"),
        ("src/a.py", f"x = 1  # type: ignore[misc]  {NOQA}\n", "does not say why"),
        ("pyproject.toml", '\nignore = [\n    "S101",\n]\n', "does not say why"),
        ("pyproject.toml", '\nignore = [\n]\n[per-file]\n"tests/**" = ["S101"]\n', "does not say why"),
        ("docs/a.md", UNFINISHED, "do it"),
        ("docs/a.md", f"in {HOME}/data", "one machine"),
        ("docs/a.md", f"from {MIRROR}/simple", "where packages come from"),
        ("requirements/run.txt", "--index-url somewhere", "where packages come from"),
        ("requirements/run.txt", "rich @ file:///x.whl", "where packages come from"),
    ],
)
def test_finds_what_breaks_a_rule(path: str, text: str, what: str) -> None:
    (finding,) = findings(SourceFile(path, text))
    assert what in str(finding)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/a.py", "pass\n" * 299),
        ("src/a.py", SHORT_FUNCTION),
        ("src/a.js", SHORT_JS * 4),
        ("src/roadlens/storage/migrations/versions/m0001_foundation.py", LONG_FUNCTION + "pass\n" * 300),
        ("docs/a.md", "words\n" * 500),
        ("README.md", "words\n" * 149),
        ("src/a.py", f"x = 1  {NOQA} - names of our own, never input\n"),
        ("src/a.py", f"x = 1  # type: ignore[misc]  {NOQA}  # the library has no types\n"),
        ("src/a.py", f'x = "{NOQA}"\n'),
        ("pyproject.toml", '\nignore = [\n    "S101", # said so\n]\n'),
        ("docs/a.md", "see https://www.rfc-editor.org/rfc/rfc9211 and /api/v1/work/home/x"),
        ("requirements/run.txt", "rich==15.0.0 \\\n    --hash=sha256:00ff\n"),
    ],
)
def test_leaves_alone_what_keeps_the_rules(path: str, text: str) -> None:
    assert findings(SourceFile(path, text)) == []
