"""The desk: pages for who runs a network."""
