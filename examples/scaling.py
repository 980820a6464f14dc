"""What an index saves against the number of features: uniform points, and points of low intrinsic dimension.

Run: python examples/scaling.py [--quick]; writes scaling.png into the current folder. `fastcurse scaling` goes further.
"""

import sys

import fastcurse as fc

params = fc.experiments.scaling.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.scaling.run(**params, progress=True)
result.plot("index").savefig("scaling.png", dpi=150)
print("scaling.png", "all checks hold" if result.ok else "A CHECK FAILED")
