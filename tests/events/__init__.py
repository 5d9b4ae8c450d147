"""Tests of theme days."""
