"""Plain NumPy and loops: the same names and arguments as the public functions, for tests to hold them against.

Nothing here imports anything of fastcurse outside this folder, and nothing outside the tests and the
experiments' literal article code imports this folder.
"""
