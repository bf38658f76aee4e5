"""`roadlens score`: versions of the scoring, and history scored again by another one."""

from __future__ import annotations

import typer

from roadlens.cli.score import compare, draft, forget, rebuild, switch, versions

app = typer.Typer(
    help="Scoring: draft another version, score history by it, compare, switch. docs/score-versions.md tells the way.",
    no_args_is_help=True,
)
app.command()(versions.versions)
app.command()(draft.draft)
app.command()(rebuild.rebuild)
app.command()(compare.compare)
app.command()(switch.switch)
app.command()(forget.forget)
