"""``fastcurse ball``."""

from __future__ import annotations

from pathlib import Path

import click

from fastcurse.cli._arguments import Count
from fastcurse.cli._messages import complain, named_as_on_the_command_line, resumable
from fastcurse.report.tables import print_aligned


@click.command()
@click.argument("d", type=click.IntRange(min=0))
@click.option("--draws", "n_draws", type=Count(min=1), default=10**7, show_default=True, help="Random draws.")
@click.option("--method", type=click.Choice(["hit_or_miss", "telescoping", "quasi"]), default="hit_or_miss",
              show_default=True, help="How they are used; telescoping works to D = 10^7.")  # fmt: skip
@click.option("--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95,
              show_default=True, help="Level of the interval.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws.")
@click.option("--threads", "n_threads", type=click.IntRange(min=1), default=None, help="Default: all available.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None,
              help="File from which an interrupted hit_or_miss goes on.")  # fmt: skip
def ball(
    d: int, n_draws: int, method: str, confidence: float, seed: int, n_threads: int | None, checkpoint: Path | None
) -> None:
    """Print the volume of the unit ball of dimension D: closed form and Monte Carlo estimate."""
    from fastcurse.balls import ball_volume, estimate_ball_volume, log_ball_volume

    names = {"n_draws": "--draws", "d": "D", "method": "--method", "confidence": "--confidence",
             "checkpoint": "--checkpoint"}  # fmt: skip
    with named_as_on_the_command_line(names), resumable("the count so far is", checkpoint):
        est = estimate_ball_volume(
            d, n_draws, method=method, random_state=seed, confidence=confidence, n_threads=n_threads,
            checkpoint=checkpoint, progress=True,
        )  # fmt: skip
    name, interval = method.replace("_", " "), f"{100 * confidence:.12g} % interval"
    rows = [
        ("closed form", f"{ball_volume(d):.10g}"),
        ("closed form, logarithm", f"{log_ball_volume(d):.10g}"),
        (name, f"{est.volume:.6g}"),
        (f"{name}, logarithm", f"{est.log_volume:.10g}"),
        ("relative standard error", f"{est.standard_error:.2g}"),
        (interval, " .. ".join(f"{end:.6g}" for end in est.interval)),
        (f"{interval}, logarithm", " .. ".join(f"{end:.10g}" for end in est.log_interval)),
        ("draws", str(est.n_draws)),
        *([] if est.hits is None else [("hits", str(est.hits))]),
        ("z-score", f"{est.z_score:z.2f}"),
    ]
    print_aligned(("quantity", "value"), rows)
    if est.advice:
        advice = est.advice.replace("method='telescoping'", "--method telescoping").replace(" d = ", " D = ")
        complain(advice.replace("log_ball_volume", "the closed form"))
