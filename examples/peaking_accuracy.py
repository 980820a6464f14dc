"""Accuracy of LDA against the number of features.

Run: python examples/peaking_accuracy.py [--quick]; writes peaking_accuracy.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.peaking.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.peaking.run(**params, progress=True)
result.plot("corrected").savefig("peaking_accuracy.png", dpi=150)
print("peaking_accuracy.png", "all checks hold" if result.ok else "A CHECK FAILED")
