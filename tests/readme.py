"""The README's parts that follow from the code: `python -m tests.readme` writes them anew."""

import json
import re
from pathlib import Path

from network_api.settings import PREFIX, SETTINGS, Setting

FILE = Path(__file__).parents[1] / "README.md"
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


def tour() -> list[tuple[str, str]]:
    """The commands of each step of the tour, with the output that the README claims; empty where it claims none."""
    found = re.findall(r"^```sh tour\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", FILE.read_text(), re.DOTALL | re.MULTILINE)
    return [(commands, claimed) for commands, claimed in found]


if __name__ == "__main__":
    FILE.write_text(with_settings(FILE.read_text()))
