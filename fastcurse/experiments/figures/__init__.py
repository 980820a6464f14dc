"""The experiments' figures: one module an experiment, each with ``FIGURES``; matplotlib is loaded only here.

The first line of a drawing function's docstring is its caption on the page.
"""
