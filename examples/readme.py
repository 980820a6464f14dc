"""Regenerates README.md's figure, tables and numbers from a run of the article and from the committed benchmarks.

Run in the root of the source tree: python examples/readme.py [FOLDER OF THE RUN], after `fastcurse article` and
`python -m benchmarks --all --output benchmarks/results`. With --check it only says whether README.md is up to date with
examples/readme.json, where the numbers of the last run are kept; with --benchmarks it takes the numbers from there;
with --scaling FOLDER it takes over what `fastcurse scaling --output FOLDER` wrote. The promises are those of
tests/promises.toml.
"""

import json
import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NUMBERS = Path(__file__).with_suffix(".json")
BENCHMARKS = ("distances", "neighbors", "profile", "discriminant", "balls", "remedies")


def collect(folder: Path) -> dict:
    """Return the numbers that README.md quotes, from a run's results.json."""
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    ours = {
        name: {check["name"]: check["ours"] for check in record[name]["checks"]} for name in record if name != "meta"
    }
    contrast = record["concentration"]["tables"]["contrast"]
    sizes = record["concentration"]["tables"]["sample_size"]
    splits = record["moons"]["tables"]["splits"]["linear"]
    noise = record["moons"]["tables"]["noise_features"]
    svm = record["noise"]["tables"]["svm"]
    summary = record["peaking"]["tables"]["summary"]
    cancelled = record["concentration"]["tables"]["cancellation"]
    mean = sum(splits) / len(splits)
    return {
        "formula_zero": ours["ball"]["first d where the article's formula gives 0"],
        "wrapped": round(ours["ball"]["the article's V(63, 2) with an integer radius"], 2),
        "squared_490": round(contrast["squared_contrast_mean"][489], 3),
        "euclidean_490": round(contrast["contrast_mean"][489], 3),
        "contrast_n100": round(sizes["squared_contrast_mean"][0], 2),
        "contrast_n5000": round(sizes["squared_contrast_mean"][-1], 2),
        "gram_square": round(cancelled["smallest_gram_square"][-1], 1),
        "true_square": round(cancelled["smallest_square"][-1], 2),
        "dip": round(summary["exact_accuracy_mean"][summary["p"].index(498)], 3),
        "late": round(summary["exact_accuracy_mean"][summary["p"].index(991)], 3),
        "known": round(summary["known_covariance_accuracy"][summary["p"].index(696)], 4),
        "linear_mean": round(mean, 3),
        "linear_sd": round((sum((x - mean) ** 2 for x in splits) / (len(splits) - 1)) ** 0.5, 3),
        "rbf_d20": round(noise["rbf_mean"][noise["d"].index(20)], 3),
        "linear_d20": round(noise["linear_mean"][noise["d"].index(20)], 3),
        "noise_test": round(sum(svm["test_mean"]) / len(svm["test_mean"]), 3),
        "noise_sd": round(sum(svm["test_sd"]) / len(svm["test_sd"]), 3),
        "splits": len(splits),
        "checks": sum(len(record[name]["checks"]) for name in ours),
        "seconds": round(record["meta"]["seconds"]["total"]),
        "cpu": record["meta"]["cpu"],
        "instruction_set": record["meta"]["instruction_set"],
        "threads": record["meta"]["threads"],
    }


def corrections(n: dict) -> str:
    """Return the table of what the article gets wrong."""
    rows = [
        (
            "Volume of the ball",
            f"0 from d = {n['formula_zero']:g} on; V(63, 2) = {n['wrapped']}",
            "logarithms: right for any d",
        ),
        (
            "Contrast at d = 490",
            ".443, called Euclidean",
            f"{n['squared_490']} squared, {n['euclidean_490']} Euclidean",
        ),
        (
            "Squared contrast at d = 100",
            ".725, for n = 5000 only",
            f"{n['contrast_n100']} at n = 100, {n['contrast_n5000']} at n = 5000",
        ),
        (
            "Nearest squared distance after a shift by 1e8",
            f"{n['gram_square']:g} by its Gram-matrix trick",
            f"{n['true_square']:g} by differences",
        ),
        ("Ten trials of LDA", "one trial ten times", "fresh data in each trial, with bands"),
        (
            "Why accuracy falls",
            "Trunk's mechanism",
            f"that leaves {n['known']} at p = 696 (closed form); it is the estimated covariance",
        ),
        ("LDA beyond p = n - 2", "hidden by a log axis", f"{n['dip']} at p = 498, back to {n['late']} at p = 991"),
        (
            "LinearSVC on two moons",
            ".9133, one split",
            f"{n['linear_mean']} ± {n['linear_sd']} over {n['splits']} splits",
        ),
        (
            "RBF machine on two moons",
            "always better: d is never varied",
            f"with 18 noise features {n['rbf_d20']}, the linear one {n['linear_d20']}",
        ),
        (
            "LinearSVC's test accuracy on random labels",
            ".4818, 'worse than chance'",
            f"{n['noise_test']} over fresh draws; one draw has a standard deviation of {n['noise_sd']}",
        ),
    ]
    lines = ["| | the article | measured here |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {subject} | {was} | {now} |" for subject, was, now in rows)])


def run(n: dict) -> str:
    """Return the sentence about the run."""
    return (
        f"The whole article takes {n['seconds']} s on {n['threads']} threads of an {n['cpu']} ({n['instruction_set']}) "
        f"and ends with {n['checks']} checks: the article's printed numbers, closed forms, and earlier measurements."
    )


def where(record: dict) -> str:
    """Return the machine and the versions of a benchmark's record."""
    machine = record["machine"]
    versions = ", ".join(f"{key} {value}" for key, value in machine["versions"].items())
    return f"{machine['cpu']}, {machine['instruction_set']}, {machine['threads']} threads; {versions}"


def speed() -> str:
    """Return the tables of the committed benchmarks."""
    lines = ["| case | peer | peer, s | fastcurse, s | ratio |", "|---|---|--:|--:|--:|"]
    alone, machines = [], set()
    for name in BENCHMARKS:
        record = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))
        machines.add(where(record))
        for row in record["rows"]:
            if "ratio" in row:
                ratio = f"{row['ratio']:.0f}" if row["ratio"] > 9.5 else f"{row['ratio']:.2g}"
                numbers = f"{row['peer_seconds']:.3g} | {row['our_seconds']:.3g} | {ratio}"
                lines.append(f"| {row['case']} | {row['peer']} | {numbers} |")
            else:
                alone.append(row)
    lines += ["", "| case | seconds | pair-features a second | of the float32 peak |", "|---|--:|--:|--:|"]
    for row in (row for row in alone if "share_of_float32_peak" in row):
        rate, share = row["pair_features_per_second"], row["share_of_float32_peak"]
        lines.append(f"| {row['case']} | {row['our_seconds']:.3g} | {rate:.3g} | {share:.0%} |")
    others = [row for row in alone if "share_of_float32_peak" not in row]
    lines += ["", "| measured alone | value |", "|---|--:|"]
    lines += [f"| {row['case']} | {row.get('value', row.get('our_seconds')):.3g} |" for row in others]
    how = "Peers in turn in one process, profiles each in a new one"
    return "\n".join([*lines, "", f"{how}, on {'; and '.join(sorted(machines))}."])


def scaling() -> str:
    """Return figure and tables of the committed scaling benchmark."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.scaling_figure import table

    record = json.loads((ROOT / "benchmarks" / "results" / "scaling.json").read_text(encoding="utf-8"))
    figure = "![Seconds against the number of points, and ratios on other data](benchmarks/results/scaling.png)"
    return f"{figure}\n\n{table(record)}\n\nOne process, each peer and fastcurse in turn, on {where(record)}."


def growth() -> str:
    """Return the table of the committed run of `fastcurse scaling`."""
    record = json.loads((ROOT / "benchmarks" / "results" / "scaling-experiment.json").read_text(encoding="utf-8"))
    table = record["scaling"]["tables"]["growth"]
    lines = [
        "| n, uniform, D = 100 | data sets | nearest | closed form | farthest | closed form | contrast | closed form |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row, n in enumerate(table["n_samples"]):
        cells = []
        for name in ("nearest", "farthest", "contrast"):
            cells += [f"{table[f'{name}_{kind}'][row]:.3g}" for kind in ("median", "theory")]
        lines.append(f"| {n} | {table['draws'][row]} | {' | '.join(cells)} |")
    checks = record["scaling"]["checks"]
    held = sum(check["ok"] for check in checks)
    return "\n".join([*lines, "", f"Medians over the data sets; {held} of {len(checks)} checks of that run hold."])


def promises() -> str:
    """Return the table of what is promised, and of the tests that hold it."""
    lines = ["| promise | held by, in `tests/` | result |", "|---|---|---|"]
    for row in tomllib.loads((ROOT / "tests" / "promises.toml").read_text(encoding="utf-8"))["promise"]:
        tests = ", ".join(f"`{test}`" for test in row["tests"])
        lines.append(f"| {row['says']} | {tests} | {row['result']} |")
    return "\n".join(lines)


def generate(text: str, n: dict) -> str:
    """Return README.md's text with its generated parts made anew."""
    parts = {
        "corrections": corrections(n),
        "run": run(n),
        "promises": promises(),
        "speed": speed(),
        "scaling": scaling(),
        "growth": growth(),
    }
    for name, part in parts.items():
        begin, end = f"<!-- {name}: generated by examples/readme.py -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{part}\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    """Write README.md, or check it."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if "--check" in sys.argv[1:]:
        fresh = generate(text, json.loads(NUMBERS.read_text(encoding="utf-8"))) == text
        print("README.md is up to date" if fresh else "README.md is out of date: run examples/readme.py")
        sys.exit(0 if fresh else 1)
    if "--scaling" in sys.argv[1:]:
        folder = Path(sys.argv[sys.argv.index("--scaling") + 1])
        shutil.copyfile(folder / "results.json", ROOT / "benchmarks" / "results" / "scaling-experiment.json")
        figure = "scaling-index.png"
        shutil.copyfile(folder / "figures" / figure, ROOT / "benchmarks" / "results" / figure)
    if {"--benchmarks", "--scaling"} & set(sys.argv[1:]):
        readme.write_text(generate(text, json.loads(NUMBERS.read_text(encoding="utf-8"))), encoding="utf-8")
        return
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "fastcurse-article")
    numbers = collect(folder)
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(folder / "figures" / "peaking-corrected.png", ROOT / "examples" / "readme.png")
    readme.write_text(generate(text, numbers), encoding="utf-8")


if __name__ == "__main__":
    main()
