"""Benchmarks: what takes too long for the suite, on a whole platform of real processes. `make bench` runs them."""
