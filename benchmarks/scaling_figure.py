"""The figure and the table of `bench_scaling`, from its record."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from benchmarks.scaling_cases import PEERS_OF_GROWTH
from fastcurse.plots import ACCENT, FIRST, SECOND, panels, styled

_LOOKS = {
    "faiss IndexFlatL2": {"color": SECOND, "marker": "s", "linestyle": "-."},
    "scikit-learn brute force": {"color": ACCENT, "marker": "^", "linestyle": "--"},
    "SciPy cKDTree": {"color": "#5d5d5d", "marker": "v", "linestyle": ":"},
    "SciPy pdist": {"color": "#7d9bc1", "marker": "D", "linestyle": "-"},
}


def growth(record: dict[str, Any]) -> dict[str, dict[int, dict[str, Any]]]:
    """Return the rows of uniform points of 100 features by contender ("" is ours) and number of points."""
    found: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in ("", *PEERS_OF_GROWTH)}
    for row in record["rows"]:
        if row["case"] == f"uniform, {row['n_samples']} x 100" and row["peer"] in found:
            found[row["peer"]][row["n_samples"]] = row
    return found


def compared(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that name another contender and are not of `growth`."""
    return [row for row in record["rows"] if row["peer"] and row["case"] != f"uniform, {row['n_samples']} x 100"]


@styled
def draw(record: dict[str, Any]) -> Figure:
    """Left the time against the number of points; right how many times faster ours is on other data."""
    figure, (left, right) = panels(2, width=5.6, height=4.2)
    for name, rows in growth(record).items():
        key = "peer_seconds" if name else "our_seconds"
        points = sorted((n, row[key]) for n, row in rows.items() if key in row)
        if not points:
            continue
        both = " (both)" if name in ("", "SciPy pdist") else ""
        look: dict[str, Any] = _LOOKS.get(name, {"color": FIRST, "marker": "o", "linewidth": 2.4})
        left.plot(*zip(*points, strict=True), label=(name or "fastcurse, exact") + both, markersize=5, **look)
    left.set_xscale("log")
    left.set_yscale("log")
    left.set(xlabel="number of points n (logarithmic)", ylabel="seconds (logarithmic)",
             title="Uniform points, D = 100: nearest of all pairs, or both extremes")  # fmt: skip
    left.legend()
    rows = [row for row in compared(record) if "ratio" in row][::-1]
    ratios = [row["ratio"] for row in rows]
    right.barh(range(len(rows)), [ratio - 1 for ratio in ratios], left=1, color=FIRST, height=0.6)
    for at, ratio in enumerate(ratios):
        right.annotate(f" {ratio:.2g}" if ratio < 10 else f" {ratio:.0f}", (max(ratio, 1), at), va="center", fontsize=8)
    labels = [f"{row['case'].removeprefix('ratios: ')}\nvs {row['peer'].replace('fastcurse, ', '')}" for row in rows]
    right.set_yticks(range(len(rows)), labels, fontsize=7.5)
    right.set_xscale("log")
    right.axvline(1, color="#222222", linewidth=0.8)
    right.set(xlabel="its seconds / fastcurse's (logarithmic)", title="How many times faster fastcurse is")
    right.set_xlim(min([0.5, *ratios]) / 1.3, max([10.0, *ratios]) * 2)
    return figure


def table(record: dict[str, Any]) -> str:
    """Return the Markdown tables: seconds against the number of points, and ratios on other data."""
    found = growth(record)
    peers = [name for name in found if name and found[name]]
    titles = ["n, uniform, D = 100", "fastcurse, both extremes, s", *(f"{name}, s" for name in peers)]
    lines = [f"| {' | '.join(titles)} |", "|" + "--:|" * len(titles)]
    for n, row in sorted(found[""].items()):
        cells = [_cell(found[name].get(n)) for name in peers]
        lines.append(f"| {n} | {row['our_seconds']:.3g} | " + " | ".join(cells) + " |")
    lines += ["", "| other data | against | its s | fastcurse, s | ratio |", "|---|---|--:|--:|--:|"]
    for row in compared(record):
        case = f"| {row['case'].removeprefix('ratios: ')} | {row['peer']} |"
        if "skipped" in row:
            lines.append(f"{case} not run: {row['skipped']} | – | – |")
        else:
            ratio = f"{row['ratio']:.0f}" if row["ratio"] > 9.5 else f"{row['ratio']:.2g}"
            lines.append(f"{case} {row['peer_seconds']:.3g} | {row['our_seconds']:.3g} | {ratio} |")
    lines += ["", "| fastcurse alone | screen | dismissed by boxes | left early | memory beside the data, MiB |",
              "|---|---|--:|--:|--:|"]  # fmt: skip
    for row in (row for row in record["rows"] if not row["peer"]):
        shares = f"{row['share_boxed']:.1%} | {row['share_stopped']:.1%}"
        lines.append(
            f"| {row['case'].removeprefix('ratios: ')} | {row['screen']} | {shares} | {row['our_extra_mib']:.0f} |"
        )
    return "\n".join(lines)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    return row["skipped"] if "skipped" in row else f"{row['peer_seconds']:.3g}"
