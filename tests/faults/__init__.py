"""The whole platform as processes, two of everything, with people on it, while its parts are broken one after another.

`python -m tests.faults` (`make faults`) runs rounds of it. A round's seed decides what is broken, in which order and for
how long; what the processes make of it, it does not.
"""
