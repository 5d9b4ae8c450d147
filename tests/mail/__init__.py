"""Tests of transactional mail."""
