"""The verb of trying: an issue to one address, before anybody else gets it."""

from collections.abc import Mapping
from typing import Any

from network_api.documents import transactional
from network_api.mail import outbox
from newsletters.issues import mails
from newsletters.issues.documents import Issue
from newsletters.issues.variants import preview


@transactional
def test_send(issue: Issue, given: Mapping[str, Any]) -> Issue:
    """Mail a variant of the issue, as it would go out now, to one address. Raises Invalid."""
    outbox.put(mails.test_letter(issue.pk, given["email"], preview(issue, given)))
    return Issue.get(issue.pk)
