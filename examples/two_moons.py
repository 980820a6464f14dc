"""Two moons: points, a linear rule and the regions of an RBF machine.

Run: python examples/two_moons.py [--quick]; writes two_moons.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.moons.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.moons.run(**params, progress=True)
result.plot("article").savefig("two_moons.png", dpi=150)
print("two_moons.png", "all checks hold" if result.ok else "A CHECK FAILED")
