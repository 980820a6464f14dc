"""What a k-d tree spares a nearest-neighbour query, against the number of features.

Run: python examples/indexes.py [--quick]; writes indexes.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.indexes.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.indexes.run(**params, progress=True)
result.plot("share").savefig("indexes.png", dpi=150)
print("indexes.png", "all checks hold" if result.ok else "A CHECK FAILED")
