"""`make bench` measures everything; `make bench ARGS='dispatch --sizes 1000'` one thing, as its options say."""

import sys

from benchmarks import dispatch, growth, guard, pages, reads, registration, rest

MEASURES = {
    "registration": registration.main,
    "dispatch": dispatch.main,
    "pages": pages.main,
    "reads": reads.main,
    "growth": growth.main,
    "rest": rest.main,
    "guard": guard.main,
}


def main(arguments: list[str]) -> int:
    """Measure what is named, or everything; the exit status, not 0 where a goal was missed."""
    if not arguments:
        return max([measure([]) for name, measure in MEASURES.items() if name != "guard"])
    name, *options = arguments
    if name not in MEASURES:
        sys.stderr.write(f"There is no benchmark {name}; there are: {', '.join(MEASURES)}.\n")
        return 2
    return MEASURES[name](options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
