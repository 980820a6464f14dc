"""Runs kernels in batches: threads, progress and Ctrl-C. Knows nothing of what a kernel computes."""
