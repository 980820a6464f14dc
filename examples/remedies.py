"""What helps against many features: nine rules on Trunk's classes, with three covariances.

Run: python examples/remedies.py [--quick]; writes remedies.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.remedies.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.remedies.run(**params, progress=True)
result.plot("covariances").savefig("remedies.png", dpi=150)
print("remedies.png", "all checks hold" if result.ok else "A CHECK FAILED")
