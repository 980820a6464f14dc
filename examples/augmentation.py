"""Augmentation and dropout are ridge: what they do to the dip of least squares at p = n.

Run: python examples/augmentation.py [--quick]; writes augmentation.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.augmentation.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.augmentation.run(**params, progress=True)
result.plot("peak").savefig("augmentation.png", dpi=150)
print("augmentation.png", "all checks hold" if result.ok else "A CHECK FAILED")
