"""The pages, or parts of them, that follow from the code: `python -m tests.readme` writes them anew."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from events import retention
from network_api.settings import PREFIX, SETTINGS, Setting
from newsletters import retention as of_subscribers

FILE = Path(__file__).parents[1] / "README.md"
RETENTION = FILE.parent / "docs/retention.md"
RETENTION_BEGINS = """# What is kept about people, what for, and how long

Written by `python -m tests.readme` from `events/retention.py` and `newsletters/retention.py`; a test holds it to the code.
Terms are settings, in days. What is kept about participants has a term from the end of the theme day on: a job takes out
what is kept no longer, `GET /events/{id}/retention` shows the proof of it, and `network-api check` tells what is overdue. What
stays for the figures tells nothing about a person once the rest is gone.
"""
RETENTION_OF_SUBSCRIBERS = """
# Subscribers

They are kept as long as they get the letter. A term begins when somebody has left, or a report has come; who never confirmed is
forgotten after `NETWORK_RETAIN_UNCONFIRMED_DAYS`. What stays names nobody: a hash that only the platform's secret key can make.
"""
BEGIN = "<!-- settings: written by `python -m tests.readme`, from network_api/settings.py -->\n"
END = "<!-- end of settings -->\n"


def settings_table() -> str:
    """Every setting with its default and its meaning."""
    rows = [f"| `{PREFIX}{setting.name}` | {_default(setting)} | {setting.meaning} |" for setting in SETTINGS]
    return "\n".join(["| variable | default | what it is |", "| --- | --- | --- |", *rows, ""])


def _default(setting: Setting) -> str:
    if setting.required:
        return "**must be set**"
    if setting.default is None:
        return "empty"
    return f"`{setting.default if isinstance(setting.default, str) else json.dumps(setting.default)}`"


def with_settings(text: str) -> str:
    """The README with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + settings_table() + END + after


def retention_page() -> str:
    """What is kept about people: field, purpose and term."""
    participants = _register(retention.FIELDS, retention.TERMS, "stays, for the figures")
    subscribers = _register(of_subscribers.FIELDS, of_subscribers.TERMS, "stays, without a name")
    return RETENTION_BEGINS + participants + RETENTION_OF_SUBSCRIBERS + subscribers


def _register(fields: Mapping[str, Sequence[retention.Field]], terms: Mapping[str, str], without: str) -> str:
    page = ""
    for document, kept in fields.items():
        rows = [f"| {_in_code(field.name)} | {field.purpose} | {_term(field, terms, without)} |" for field in kept]
        page += "\n".join(["", f"## {document}", "", "| field | what for | term |", "| --- | --- | --- |", *rows, ""])
    return page


def _in_code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _term(field: retention.Field, terms: Mapping[str, str], without: str) -> str:
    if field.kind is None:
        return without
    return f"`{PREFIX}{terms[field.kind]}`" if field.kind in terms else field.kind


def tour(file: Path = FILE, mark: str = "sh tour") -> list[tuple[str, str]]:
    """The commands of each step of a tour, with the output that the page claims; empty where it claims none."""
    found = re.findall(rf"^```{mark}\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", file.read_text(), re.DOTALL | re.MULTILINE)
    return [(commands, claimed) for commands, claimed in found]


if __name__ == "__main__":
    FILE.write_text(with_settings(FILE.read_text()))
    RETENTION.write_text(retention_page())
