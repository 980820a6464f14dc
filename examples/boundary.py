"""How near a linear boundary is: accuracy under an adversary against the number of features.

Run: python examples/boundary.py [--quick]; writes boundary.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.boundary.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.boundary.run(**params, progress=True)
result.plot("adversary").savefig("boundary.png", dpi=150)
print("boundary.png", "all checks hold" if result.ok else "A CHECK FAILED")
