"""Volume of the unit ball and share of its outer shell, d = 1..49.

Run: python examples/ball_volume.py [--quick]; writes ball_volume.png into the current folder.
"""

import sys

import fastcurse as fc

params = fc.experiments.ball.QUICK if "--quick" in sys.argv[1:] else {}
result = fc.experiments.ball.run(**params, progress=True)
result.plot("volume").savefig("ball_volume.png", dpi=150)
print("ball_volume.png", "all checks hold" if result.ok else "A CHECK FAILED")
