"""Training and test accuracy on random labels.

Run: python examples/fitting_noise.py [--quick]; writes fitting_noise.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.noise.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.noise.run(**params, progress=True)
result.plot("article").savefig("fitting_noise.png", dpi=150)
print("fitting_noise.png", "all checks hold" if result.ok else "A CHECK FAILED")
