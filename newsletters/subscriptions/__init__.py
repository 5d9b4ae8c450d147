"""Subscriptions: who wants the letter, how they agreed to it, and who must not be written to."""
