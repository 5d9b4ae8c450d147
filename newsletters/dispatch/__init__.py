"""The dispatch: who is to get an issue, the sending itself, and what became of each."""
