"""The pages, or parts of them, that follow from the code: `python -m tests.readme` writes them anew."""

import json
import re
from pathlib import Path

from events import retention
from network_api.settings import PREFIX, SETTINGS, Setting

FILE = Path(__file__).parents[1] / "README.md"
RETENTION = FILE.parent / "docs/retention.md"
RETENTION_BEGINS = """# What is kept about participants, what for, and how long

Written by `python -m tests.readme` from `events/retention.py`; a test holds it to the code. Terms are settings, counted in
days from the end of the theme day. A job takes out what is kept no longer, `GET /events/{id}/retention` shows the proof of
it, and `network-api check` tells what is overdue. What stays for the figures tells nothing about a person once the rest is
gone.
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
    """What is kept about participants: field, purpose and term."""
    page = RETENTION_BEGINS
    for document, fields in retention.FIELDS.items():
        rows = [f"| {_in_code(field.name)} | {field.purpose} | {_term(field)} |" for field in fields]
        page += "\n".join(["", f"## {document}", "", "| field | what for | term |", "| --- | --- | --- |", *rows, ""])
    return page


def _in_code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _term(field: retention.Field) -> str:
    return f"`{PREFIX}{retention.TERMS[field.kind]}`" if field.kind else "stays, for the figures"


def tour() -> list[tuple[str, str]]:
    """The commands of each step of the tour, with the output that the README claims; empty where it claims none."""
    found = re.findall(r"^```sh tour\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", FILE.read_text(), re.DOTALL | re.MULTILINE)
    return [(commands, claimed) for commands, claimed in found]


if __name__ == "__main__":
    FILE.write_text(with_settings(FILE.read_text()))
    RETENTION.write_text(retention_page())
