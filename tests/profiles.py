"""How long hypothesis looks: the suite the same examples every time and a few, `make fuzz` others every time and many."""

from hypothesis import HealthCheck, Phase, settings

_SLOW_IS_FINE = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
QUICK = settings(_SLOW_IS_FINE, derandomize=True, max_examples=10, stateful_step_count=15)
WITHOUT_SHRINKING = settings(QUICK, phases=[Phase.generate], max_examples=100, report_multiple_bugs=False)
LONG = settings(_SLOW_IS_FINE, max_examples=400, stateful_step_count=60, print_blob=True)
