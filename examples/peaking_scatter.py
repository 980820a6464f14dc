"""Scatter plots of four pairs of Trunk's features.

Run: python examples/peaking_scatter.py [--quick]; writes peaking_scatter.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.peaking.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.peaking.run(**params, progress=True)
result.plot("scatter").savefig("peaking_scatter.png", dpi=150)
print("peaking_scatter.png", "all checks hold" if result.ok else "A CHECK FAILED")
