"""Two moons drowned in noise features: an RBF machine loses them, and finds them again among ranked features.

Run: python examples/moons_with_noise_features.py [--quick]; writes moons_with_noise_features.png into the current
folder. The ranking sees the training half alone.
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

import fastcurse as fc

quick = "--quick" in sys.argv[1:]
dimensions = np.array([2, 10, 50, 500] if quick else [2, 5, 10, 20, 50, 100, 200, 500])
repeats = 10 if quick else 50
generator = np.random.default_rng(0)

scores = np.empty((2, dimensions.size, repeats))
for at, d in enumerate(dimensions):
    for repeat in range(repeats):
        moons, y = make_moons(300, noise=0.1, random_state=int(generator.integers(2**31)))
        X = np.column_stack([generator.standard_normal((300, d - 2)), moons])
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=repeat)
        scores[0, at, repeat] = SVC().fit(X_train, y_train).score(X_test, y_test)
        ranked = fc.FeatureOrder("ranked").fit(X_train, y_train)
        X_train, X_test = (ranked.transform(rows)[:, :2] for rows in (X_train, X_test))
        scores[1, at, repeat] = SVC().fit(X_train, y_train).score(X_test, y_test)
mean, sd = scores.mean(axis=2), scores.std(axis=2, ddof=1)

figure = Figure(figsize=(7, 4.2), layout="constrained")
ax = figure.subplots()
texts = ("all features", "the two of largest F")
for k, (text, color, style) in enumerate(zip(texts, ("#123f73", "#e08a1e"), ("o-", "s--"), strict=True)):
    ax.errorbar(dimensions, mean[k], yerr=sd[k], color=color, fmt=style, capsize=3)
    ax.annotate(text, (dimensions[-2], mean[k, -2]), (8, 10), textcoords="offset points", color=color)
ax.axhline(0.5, color="#777777", linewidth=1)
ax.set_xscale("log")
ax.set_xticks(dimensions, [str(d) for d in dimensions])
ax.minorticks_off()
ax.set(xlabel="features: two moons and noise (logarithmic)", ylabel="accuracy on the test half", ylim=(0.45, 1.06))
ax.set_title(f"SVC(rbf), mean ± sd of {repeats} draws")
ax.spines[["top", "right"]].set_visible(False)
figure.savefig("moons_with_noise_features.png", dpi=150)

ok = mean[0, -1] < 0.65 and mean[1, -1] > 0.9 and mean[0, 0] == mean[1, 0] > 0.95
print("moons_with_noise_features.png", "all checks hold" if ok else "A CHECK FAILED")
