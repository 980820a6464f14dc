"""Peers and fastcurse in turn in one process, reported as ratios. Run: python -m benchmarks --all."""
