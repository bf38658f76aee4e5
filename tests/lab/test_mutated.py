"""Every mistake that the laboratory must find can still be built in. That it is found, `make lab-mutants` shows."""

from __future__ import annotations

import filecmp
import re
from pathlib import Path

import pytest

from lab.mutated import CONTROL, MUTANTS, PATCHES, ROOT, mutated


def test_each_mutant_has_a_patch_and_each_patch_a_mutant() -> None:
    assert {patch.stem for patch in PATCHES.iterdir()} == {CONTROL, *MUTANTS}


def test_the_page_tells_of_each() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs" / "lab.md").read_text(), re.MULTILINE)
    assert dict(rows).items() >= {name: mutant.what for name, mutant in MUTANTS.items()}.items()


@pytest.mark.parametrize("name", [CONTROL, *MUTANTS])
def test_a_patch_applies_to_the_source_as_it_is(name: str, tmp_path: Path) -> None:
    source = mutated(name, tmp_path)
    files = [path.relative_to(source) for path in source.rglob("*.py")]
    _, different, errors = filecmp.cmpfiles(ROOT / "src", source, files, shallow=False)
    assert (len(different) in (1, 2), errors) == (True, [])
    for changed in different:
        compile((source / changed).read_text(), changed, "exec")
