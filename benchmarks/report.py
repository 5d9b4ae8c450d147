"""Tables of what was measured, and the page that keeps them: `docs/benchmarks.md`.

Each benchmark has a section of its own there, which `--write` makes anew; the others stay as they are.
"""

import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_BEGIN = "# Benchmarks\n\nWritten by `make bench ARGS='<name> --write'`. Judge by ratios: they are of one run on one machine.\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)) + "\n"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, and from the least to the most."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def told(text: str) -> None:
    """Say how it goes, beside the table."""
    print(text, file=sys.stderr, flush=True)


def machine() -> str:
    """What this is measured on."""
    model = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    cores = f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}"
    server = "the MongoDB server of NETWORK_MONGODB_URI" if os.environ.get("NETWORK_MONGODB_URI") else "the embedded database"
    return f"{cores}, Python {platform.python_version()}, {server}"


def write(name: str, title: str, text: str) -> None:
    """Put a section in the place of the one that this benchmark wrote before."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    said = f"`make bench ARGS='{name} --write'`, {datetime.now(UTC).date()}, on {machine()}."
    section = f"{begin}## {title}\n\n{said}\n\n{text}{end}"
    page = _read(PAGE) or _BEGIN
    before, found, rest = page.partition(begin)
    after = rest.partition(end)[2] if found else ""
    PAGE.write_text(before + ("" if found else "\n") + section + after)


def _read(path: Path | str) -> str:
    try:
        return Path(path).read_text()
    except FileNotFoundError:
        return ""
