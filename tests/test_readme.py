"""The README says what the code does."""

import re
from pathlib import Path

from network_api.members.documents import AUDIENCES
from network_api.members.documents import CONSENT_WORDING as MEMBERS_WORDING
from newsletters.subscriptions.documents import CONSENT_WORDING as NEWSLETTER_WORDING
from tests import readme

ROOT = readme.FILE.parent
DOCS = (
    "docs/benchmarks.md",
    "docs/deployment.md",
    "docs/consents.md",
    "docs/privacy.md",
    "docs/threat-model.md",
    "docs/bounces.md",
)
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", *DOCS)


def test_the_table_of_settings_is_the_code_s() -> None:
    text = readme.FILE.read_text()
    assert text == readme.with_settings(text), "python -m tests.readme writes it anew"


def test_the_register_of_personal_data_is_the_code_s() -> None:
    assert readme.PRIVACY.read_text() == readme.privacy_page(), "python -m tests.readme writes it anew"


def test_the_guide_to_webhooks_lists_what_there_is_to_hear() -> None:
    text = readme.WEBHOOKS.read_text()
    assert text == readme.with_types(text), "python -m tests.readme writes it anew"
    assert "- `registration.created`: " in text


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        file = ROOT / page
        links = re.findall(r"\]\((?!https?://|#)([^)#]+)", file.read_text())
        assert [link for link in links if not (file.parent / Path(link)).exists()] == [], page


def test_the_wording_that_people_consent_to_is_written_down() -> None:
    text = (ROOT / "docs/consents.md").read_text()
    for version in (MEMBERS_WORDING, NEWSLETTER_WORDING):
        assert f"## Version {version}\n" in text
    assert all(f"| `{audience}` |" in text for audience in AUDIENCES)
