"""Holds the house rules that no linter knows. Reads the tracked files; knows nothing of what the code in them does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

LONGEST_FILE = 299
LONGEST_FUNCTION = 59
LONGEST_README = 149
CODE = {".css", ".html", ".js", ".py", ".sql"}
# A migration is history: it is as long as what it once did, and stays as it was.
MIGRATIONS = "src/roadlens/storage/migrations/versions/"

JS_FUNCTION = re.compile(
    r"(?P<indent> *)(?:export )?(?:default )?(?:async )?(?:function\*? (?P<function>\w+)|"
    r"(?:const |let )?(?P<arrow>[\w.]+) = (?:async )?(?:function\b|[^=]*=>)).*\{$"
)
EXCEPTION = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]+\])?|pragma:\s*no cover)"
)
REASON = re.compile(r"\w+\W+\w+")
# The brackets keep this rule from finding itself.
UNFINISHED = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK)\b")
# Where packages come from is a setting of a machine, and so is where its files lie: neither belongs to the project.
REGISTRY = re.compile(r"\b(?:https?|file)://[^\s/]*(?:pypi|hosted|npm|registry|mirror|/wheels)", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.~$}*])/(?:(?:home|Users)/\w+/|root/\.\w|work/\w)")
INDEX_OPTION = re.compile(r"^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b|://| @ ")
RULE_EXCEPTIONS = re.compile(r'^"[^"]+" = \[|^\s*"[A-Z]+\d+",')


class SourceFile(NamedTuple):
    """A tracked file: its path below the repository's root, with `/`, and its text."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")


class Finding(NamedTuple):
    """What breaks a rule, and where; line 0 is the whole file."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


def long_files(file: SourceFile) -> Iterator[Finding]:
    if Path(file.path).suffix not in CODE or file.path.startswith(MIGRATIONS):
        return
    if (length := len(file.lines)) > LONGEST_FILE:
        yield Finding(file.path, 0, f"{length} lines; at most {LONGEST_FILE}: find the second idea and name it")


def long_functions(file: SourceFile) -> Iterator[Finding]:
    if file.path.endswith(".js"):
        yield from _long_functions_of_js(file)
    if not file.is_python or file.path.startswith(MIGRATIONS):
        return
    for node in ast.walk(ast.parse(file.text, file.path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield Finding(file.path, node.lineno, f"`{node.name}` has {length} lines; at most {LONGEST_FUNCTION}")


def _long_functions_of_js(file: SourceFile) -> Iterator[Finding]:
    """A function ends where its closing brace stands as far in as its beginning, as any formatter writes it."""
    for number, line in enumerate(file.lines):
        if not (begin := JS_FUNCTION.match(line)):
            continue
        rest = enumerate(file.lines[number + 1 :], number + 1)
        end = next((at for at, below in rest if below.startswith(f"{begin['indent']}}}")), number)
        if (length := end - number + 1) > LONGEST_FUNCTION:
            name = begin["function"] or begin["arrow"]
            yield Finding(file.path, number + 1, f"`{name}` has {length} lines; at most {LONGEST_FUNCTION}")


def long_readme(file: SourceFile) -> Iterator[Finding]:
    if file.path == "README.md" and (length := len(file.lines)) > LONGEST_README:
        yield Finding(file.path, 0, f"{length} lines; at most {LONGEST_README}")


def exceptions_without_reason(file: SourceFile) -> Iterator[Finding]:
    if not file.is_python:
        return
    for token in tokenize.generate_tokens(StringIO(file.text).readline):
        found = EXCEPTION.search(token.string) if token.type == tokenize.COMMENT else None
        if found and not REASON.search(EXCEPTION.sub("", token.string)):
            yield Finding(file.path, token.start[0], f"`{found[0]}` does not say why")


def rule_exceptions_without_reason(file: SourceFile) -> Iterator[Finding]:
    if file.path != "pyproject.toml":
        return
    _, _, after = file.text.partition("\nignore = [")
    first = file.text.count("\n") - after.count("\n") + 1
    for number, line in enumerate(after.split("\n[tool.ruff.lint.mccabe]")[0].splitlines(), first):
        if RULE_EXCEPTIONS.match(line) and "#" not in line:
            yield Finding(file.path, number, "this exception from a rule does not say why")


def unfinished_work(file: SourceFile) -> Iterator[Finding]:
    for number, line in enumerate(file.lines, 1):
        if found := UNFINISHED.search(line):
            yield Finding(file.path, number, f"{found[0]}: do it, or file it where work is planned")


def machines_places(file: SourceFile) -> Iterator[Finding]:
    is_lock = file.path.startswith("requirements/")
    for number, line in enumerate(file.lines, 1):
        if found := REGISTRY.search(line) or (is_lock and INDEX_OPTION.search(line)):
            yield Finding(file.path, number, f"names where packages come from: {found[0].strip()}")
        elif found := MACHINE_PATH.search(line):
            yield Finding(file.path, number, f"names a place on one machine: {found[0]}")


RULES: tuple[Callable[[SourceFile], Iterator[Finding]], ...] = (
    long_files,
    long_functions,
    long_readme,
    exceptions_without_reason,
    rule_exceptions_without_reason,
    unfinished_work,
    machines_places,
)


def findings(file: SourceFile) -> list[Finding]:
    return [finding for rule in RULES for finding in rule(file)]


def tracked_files(root: Path) -> Iterator[SourceFile]:
    """Every text file that git tracks or would, were it added; binary ones are left out."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for name in sorted(set(listed.split("\0")) - {""}):
        path = root / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield SourceFile(name, content.decode())


def main() -> int:
    found = [finding for file in tracked_files(Path(__file__).parent.parent) for finding in findings(file)]
    for finding in found:
        print(finding)
    print(f"House rules: {len(found)} broken" if found else "House rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
