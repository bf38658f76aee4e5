"""`roadlens score`: versions of the scoring, history scored again by another one, and how good scores are."""

from __future__ import annotations

import typer

from roadlens.cli.score import calibrate, compare, draft, evaluate, forget, rebuild, relativities, switch, versions

app = typer.Typer(
    help="Scoring: draft another version, score history by it, compare, switch; compare with labels and with claims.",
    no_args_is_help=True,
)
app.command()(versions.versions)
app.command()(draft.draft)
app.command()(rebuild.rebuild)
app.command()(compare.compare)
app.command()(switch.switch)
app.command()(forget.forget)
app.command()(evaluate.evaluate)
app.command()(calibrate.calibrate)
app.command()(relativities.relativities)
