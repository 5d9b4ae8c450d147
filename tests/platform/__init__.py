"""Tests of what surrounds the features: the command, its processes, the mail sink, the files that build and deploy."""
