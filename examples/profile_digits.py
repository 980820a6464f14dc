"""What the 64 pixels of scikit-learn's handwritten digits are worth, as given and along principal axes.

Run: python examples/profile_digits.py [--quick]; writes profile_digits.png, .html and .json into the current folder.
As given the prefixes are rows of pixels from the top, and none keeps the neighbours; along principal axes a third of
the dimensions keep nearly all of them.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

import fastcurse as fc

X, y = load_digits(return_X_y=True)
rows = np.arange(0, len(X), 4 if "--quick" in sys.argv[1:] else 1)
given, turned = (fc.profile(X[rows], y[rows], order=order, progress=True) for order in ("given", "pca"))
print(given.summary(), turned.summary(), sep="\n\n")
turned.plot().savefig("profile_digits.png", dpi=100)
turned.to_html("profile_digits.html", name="digits, principal axes")
turned.to_json("profile_digits.json")
# Principal axes have the most of the variance first: half of them keep more neighbours than half of the pixels.
middle = given.prefixes.size - 2
better = turned.columns["overlap"][middle] > given.columns["overlap"][middle]
print("profile_digits.png", "all checks hold" if better else "A CHECK FAILED")
