"""Estimating p means at once: from p = 3 on James and Stein's shrinkage has a smaller total error than the mean.

Run: python examples/james_stein.py [--quick]; writes james_stein.png into the current folder. The means are Trunk's,
μ_i = 1/√i, each measured m times: the mean's error is p/m, their own squared length S only log p. One
factor for all of them changes no sign of μ·x: it helps the estimate, not the rule that is made of it.
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from scipy import special, stats

import fastcurse as fc

quick = "--quick" in sys.argv[1:]
m, p_max, repeats = 1, 100, 2000 if quick else 40_000
p = np.arange(1, p_max + 1)


def closed_form(p, signal, n_terms=400):
    """Risks of the estimator and of its positive part, for variances 1 and squared length `signal` of the means θ.

    F = |x|² is a χ² of p + 2N degrees of freedom, N ~ Poisson(signal/2). With c = p - 2 and the factor g = 1 - c/F the
    first risk is p - c² E 1/(p - 2 + 2N); the second is less by E[g² F - 2 g θ·x] over F < c. There
    E θ·x g(F) = signal E g(F') with two degrees more, and each term is an incomplete gamma function.
    """
    n = np.arange(n_terms)
    weight = stats.poisson.pmf(n, signal / 2)
    c, half = p - 2.0, p / 2.0 + n
    plain = p - c**2 * (weight / (p - 2 + 2 * n)).sum()
    less, at, more = (special.gammainc(half + shift, c / 2) for shift in (-1, 0, 1))
    square = 2 * half * more - 2 * c * at + c**2 * less / (2 * half - 2)
    along = signal * (more - c * at / (2 * half))
    return plain, plain - (weight * (square - 2 * along)).sum()


generator = np.random.default_rng(0)
means = 1 / np.sqrt(p)
total = np.zeros((3, p_max))
squares = np.zeros((3, p_max))
for _ in range(repeats // 200):
    x = means + generator.standard_normal((200, p_max)) / np.sqrt(m)
    shrink = 1 - (p - 2) / (m * np.cumsum(x**2, axis=1))
    shrink[:, :2] = 1  # no shrinkage at p = 1 and 2, where the mean is admissible
    signal = fc.theory.separation(p)
    product, length = np.cumsum(x * means, axis=1), np.cumsum(x**2, axis=1)
    for k, factor in enumerate((np.ones_like(shrink), shrink, np.maximum(shrink, 0))):
        loss = factor**2 * length - 2 * factor * product + signal
        total[k] += loss.sum(axis=0)
        squares[k] += np.square(loss).sum(axis=0)
risk = total / repeats
error = np.sqrt((squares / repeats - risk**2) / repeats)
forms = np.array([[size, *closed_form(size, m * s)] if size > 2 else [size] * 3
                  for size, s in zip(p, fc.theory.separation(p), strict=True)]).T / m  # fmt: skip

figure = Figure(figsize=(7, 4.2), layout="constrained")
ax = figure.subplots()
some = np.unique(np.geomspace(1, p_max, 16).astype(int)) - 1
looks = (
    ("the mean", "#b5325c", "-", "o"),
    ("James-Stein", "#e08a1e", "--", "s"),
    ("positive part", "#123f73", "-.", "^"),
)
for k, (text, color, style, marker) in enumerate(looks):
    ax.plot(p, forms[k] * m / p, color=color, linestyle=style)
    ax.plot(p[some], risk[k, some] * m / p[some], marker, color=color, markersize=5, label=text)
ax.plot(p, fc.theory.separation(p) * m / p, color="#777777", linewidth=1, label="all taken as 0")
ax.set_xscale("log")
ax.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
ax.set(xlabel="number of means p (logarithmic)", ylabel="expected squared error / that of the mean", ylim=(0, 1.08))
ax.set_title(f"Trunk's means, m = {m} (lines: closed forms; marks: simulation)")
ax.legend(loc="lower left", frameon=False)
ax.spines[["top", "right"]].set_visible(False)
figure.savefig("james_stein.png", dpi=150)

# 5 standard errors at each of 300 numbers that hang together: a false alarm in less than one of 5000 seeds.
ok = (np.abs(risk - forms) <= 5 * error + 1e-12).all() and (np.diff(forms[:, 2:], axis=0) < 0).all()
print("james_stein.png", "all checks hold" if ok else "A CHECK FAILED")
