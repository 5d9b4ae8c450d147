"""The tests: one folder a feature, and what concerns the whole beside them."""
