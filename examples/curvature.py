"""How curved a loss is: the largest stable step of gradient descent, too high, too low, on the plateau, and good.

Run: python examples/curvature.py [--quick]; writes curvature.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.curvature.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.curvature.run(**params, progress=True)
result.plot("descent").savefig("curvature.png", dpi=150)
print("curvature.png", "all checks hold" if result.ok else "A CHECK FAILED")
