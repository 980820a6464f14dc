"""Searches and scans over tiles of pairs or queries: their plans, and what runs them in batches, here or on Dask."""
