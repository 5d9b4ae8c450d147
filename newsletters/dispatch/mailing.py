"""An issue on its way: its mails to recipients, from sources that are read again as it goes."""

from collections.abc import Mapping
from threading import Lock
from time import monotonic

from bson import ObjectId

from network_api import audit
from network_api.documents import Row, transactional
from newsletters.dispatch.letters import Placeholders, Variant, as_carried
from newsletters.dispatch.smtp import Mail
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import Issue
from newsletters.issues.rendering import fallen, render, visible_blocks
from newsletters.subscriptions.documents import ACTIVE, Subscription
from newsletters.subscriptions.suppression import Suppression, address_hashes
from newsletters.subscriptions.verp import return_path

READ_AGAIN_AFTER = 1.0  # seconds: how long a withdrawn source may still be in a letter that is going out


class Mailing:
    """An issue with its newsletter and its variants, made once each. The connections of a worker share it."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self.newsletter = Newsletter.get(issue.newsletter_id)
        self._variants: dict[tuple[str, tuple[str, ...]], Variant] = {}
        self._standing: set[str] = set()
        self._read_at = float("-inf")
        self._making = Lock()

    def recipients(self, group: Mapping[int, ObjectId]) -> dict[int, Row]:
        """The subscriptions of those of a group who may be written to at this moment."""
        rows = self._not_suppressed(
            {key: row for key, row in Subscription.by_ids(group.values()).items() if row["state"] == ACTIVE}
        )
        return {place: rows[key] for place, key in group.items() if key in rows}

    def mails(self, recipients: Mapping[int, Row]) -> dict[int, Mail]:
        """A mail to each, from the sources as they are now."""
        with self._making:
            self._read_sources()
            variants = {place: self._variant(row) for place, row in recipients.items()}
        return {place: self._mail(variants[place], row) for place, row in recipients.items()}

    def _mail(self, variant: Variant, subscription: Row) -> Mail:
        """One mail as it goes out: envelope and content are final."""
        sender = return_path(self.issue.pk, subscription["_id"]) or self.newsletter.sender.email
        recipient = as_carried(subscription["email"])
        return Mail(sender, recipient, variant.mail(self.issue.pk, subscription, recipient))

    def _not_suppressed(self, rows: dict[ObjectId, Row]) -> dict[ObjectId, Row]:
        hashes = {
            one: key
            for key, row in rows.items()
            for one in address_hashes("suppression", str(row["newsletter_id"]), row["email_key"])
        }
        for found in Suppression.rows({"_id": {"$in": list(hashes)}}):
            rows.pop(hashes[found["_id"]], None)
        return rows

    def _variant(self, subscription: Row) -> Variant:
        key = (subscription["language"], tuple(sorted(subscription.get("sections") or ())))
        if key not in self._variants:
            self._variants[key] = self._make_variant(*key)
        return self._variants[key]

    def _make_variant(self, language: str, sections: tuple[str, ...]) -> Variant:
        placeholders = Placeholders()
        wanted = ("editorial", *sections) if sections else ()
        blocks = visible_blocks(self.issue, self._standing, wanted)
        rendered = render(self.newsletter, self.issue, language, placeholders.links, blocks=blocks)
        return Variant(self.newsletter, rendered, language, placeholders, self.issue.started_at)

    def _read_sources(self) -> None:
        """Read the sources again, at most once a second; what has fallen out is noted in the audit log."""
        if monotonic() - self._read_at < READ_AGAIN_AFTER:
            return
        standing = sources.standing(self.issue.blocks)
        if standing != self._standing:
            self._standing, self._variants = standing, {}
        note_fallen(self.issue, standing)
        self._read_at = monotonic()


@transactional
def note_fallen(issue: Issue, standing: set[str]) -> None:
    """Name in the audit log what has fallen out of an approved issue, each source once."""
    for key in sorted(fallen(issue, standing)):
        if issue.drop(key):
            changes = {"blocks": {"before": key, "after": None}}
            audit.record(None, "issue.block_fell_out", issue.pk, network_id=issue.network_id, changes=changes)
