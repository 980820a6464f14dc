"""What whitening takes from distances: the contrast of points whitened by their own covariance.

Run: python examples/whitening.py [--quick]; writes whitening.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.whitening.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.whitening.run(**params, progress=True)
result.plot("distances").savefig("whitening.png", dpi=150)
print("whitening.png", "all checks hold" if result.ok else "A CHECK FAILED")
