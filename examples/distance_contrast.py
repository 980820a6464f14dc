"""Contrast of all pair distances against the number of features.

Run: python examples/distance_contrast.py [--quick]; writes distance_contrast.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.concentration.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.concentration.run(**params, progress=True)
result.plot("contrast").savefig("distance_contrast.png", dpi=150)
print("distance_contrast.png", "all checks hold" if result.ok else "A CHECK FAILED")
