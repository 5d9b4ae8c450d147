"""Contributions: what networks give to newsletters for their sections of news and practices, until they are told."""
