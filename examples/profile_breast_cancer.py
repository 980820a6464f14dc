"""A table whose distances are those of one column, before and after scaling: scikit-learn's breast cancer data.

Run: python examples/profile_breast_cancer.py [--quick]; writes profile_breast_cancer.png and .html into the current
folder. Areas are in square pixels, so that one feature of thirty has nearly all of the variance, and neighbours are
those of equal area; with equal scales the nearest neighbours tell more, while linear discriminant analysis, which
scales by itself, tells the same.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer

import fastcurse as fc

data = load_breast_cancer()
X, y = data.data, data.target
scaled = (X - X.mean(axis=0)) / X.std(axis=0)
raw, equal = (fc.profile(rows, y) for rows in (X, scaled))
print(raw.summary(), equal.summary(), sep="\n\n")
equal.plot().savefig("profile_breast_cancer.png", dpi=100)
equal.to_html("profile_breast_cancer.html", name="breast cancer, equal scales")
checks = (
    equal.columns["knn_accuracy"][-1] > raw.columns["knn_accuracy"][-1],
    np.allclose(equal.columns["lda_accuracy"], raw.columns["lda_accuracy"]),
    raw.columns["effective_dimension"][-1] < 1.1 < equal.columns["effective_dimension"][-1],
)
print("profile_breast_cancer.png", "all checks hold" if all(checks) else "A CHECK FAILED")
