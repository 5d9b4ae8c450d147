"""The pages, or parts of them, that follow from the code: `python -m tests.readme` writes them anew."""

import json
import re
from pathlib import Path

from network_api import privacy
from network_api.app import FEATURES
from network_api.settings import PREFIX, SETTINGS, Setting
from network_api.site import guide_pages
from network_api.webhooks.catalogue import types_of

FILE = Path(__file__).parents[1] / "README.md"
PRIVACY = FILE.parent / "docs/privacy.md"
WEBHOOKS = guide_pages.FOLDER / "hear-of-changes.md"
PRIVACY_BEGINS = """# What is known about people, what for, and how long

The register of personal data (GDPR, article 30), field by field. `python -m tests.readme` writes it from what each feature says
of itself (`Feature.register`), a test finds the field that is in it neither as personal nor as telling nothing about anybody,
and `network-api privacy` prints it. Bases are articles of the GDPR; terms in code are settings, in days.

What is kept about participants has a term from the end of the theme day on: a job takes out what is kept no longer, of the
audit log's values too, `GET /events/{id}/retention` shows the proof of it, and `network-api check` tells what is overdue.
What stays for the figures tells nothing about a person once the rest is gone. Subscribers are kept as long as they get the
letter. A term begins when somebody has left, or a report has come; who never confirmed is forgotten after
`NETWORK_RETAIN_UNCONFIRMED_DAYS`. What stays names nobody: a hash that only the platform's secret key can make.

Whoever signs in can see all that is held about them, and erase it. The notice for people, in their languages, is at `/privacy`.
"""
TYPES_BEGIN = "The API document has each with its shape (`webhooks`):\n\n"
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


def with_types(text: str) -> str:
    """The guide to webhooks with the types of message that there are, which end it."""
    before, begin, _ = text.partition(TYPES_BEGIN)
    return before + begin + "".join(f"- `{kind.name}`: {kind.meaning}\n" for kind in types_of(FEATURES))


def privacy_page() -> str:
    """What is kept about people: field, purpose, basis and term."""
    return PRIVACY_BEGINS + privacy.page((feature.name, feature.register) for feature in FEATURES)


def tour(file: Path = FILE, mark: str = "sh tour") -> list[tuple[str, str]]:
    """The commands of each step of a tour, with the output that the page claims; empty where it claims none."""
    found = re.findall(rf"^```{mark}\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", file.read_text(), re.DOTALL | re.MULTILINE)
    return [(commands, claimed) for commands, claimed in found]


if __name__ == "__main__":
    FILE.write_text(with_settings(FILE.read_text()))
    PRIVACY.write_text(privacy_page())
    WEBHOOKS.write_text(with_types(WEBHOOKS.read_text()))
