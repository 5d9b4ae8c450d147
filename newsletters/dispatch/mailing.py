"""An issue on its way: its mails to recipients, from sources that are read again as it goes."""

from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from time import monotonic

from bson import ObjectId

from network_api import audit
from network_api.documents import Row, transactional
from newsletters.dispatch.letters import Placeholders, Variant, as_carried
from newsletters.dispatch.smtp import Mail
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.counted_links import counting
from newsletters.issues.documents import Issue
from newsletters.issues.rendering import fallen, render, shown_places
from newsletters.issues.sources.kinds import Live
from newsletters.subscriptions.verp import return_path

MOST_VARIANTS = 128  # kept ready at a time, of at most 100 kB each
MOST_CHOICES = 4096
MOST_MAILINGS = 2  # that a process keeps ready for its next job
READ_AGAIN_AFTER = 1.0  # seconds: how long a withdrawn source may still be in what goes out


class Mailing:
    """An issue with its newsletter and its variants, made once each. The connections and the jobs of a worker share it."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self.newsletter = Newsletter.get(issue.newsletter_id)
        self._standing: dict[str, Live] = {}
        self._places = lru_cache(MOST_CHOICES)(self._places_for)
        self._made = lru_cache(MOST_VARIANTS)(self._make_variant)
        self._read_at = float("-inf")
        self._making = Lock()

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

    def _variant(self, subscription: Row) -> Variant:
        """The variant with what a subscriber gets; choices that come to the same blocks share one."""
        sections, regions = (tuple(sorted(subscription.get(name) or ())) for name in ("sections", "regions"))
        return self._made(subscription["language"], self._places(sections, regions))

    def _places_for(self, sections: tuple[str, ...], regions: tuple[str, ...]) -> tuple[int, ...]:
        return shown_places(self.issue, self._standing, sections, regions)

    def _make_variant(self, language: str, places: tuple[int, ...]) -> Variant:
        placeholders = Placeholders()
        blocks = [self.issue.blocks[place] for place in places]
        rendered = render(self.newsletter, self.issue, language, placeholders.links, standing=self._standing, blocks=blocks)
        if self.newsletter.count_links:
            rendered = counting(rendered, self.issue.pk)
        return Variant(self.newsletter, rendered, language, placeholders, self.issue.started_at)

    def _read_sources(self) -> None:
        """Read the sources again, at most once a second; what has fallen out is noted in the audit log."""
        if monotonic() - self._read_at < READ_AGAIN_AFTER:
            return
        standing = sources.standing(self.issue.blocks)
        if standing != self._standing:
            self._standing = standing
            self._places.cache_clear()
            self._made.cache_clear()
        note_fallen(self.issue, standing if self.issue.sent_at is None else sources.standing_in_archive(self.issue.blocks))
        self._read_at = monotonic()


def mailing(issue: Issue) -> Mailing:
    """The mailing of an issue whose audience is frozen, with the variants that jobs of this process before have made.

    Anew where anybody has edited the issue or its newsletter, or begun another round.
    """
    return _mailing(issue.pk, issue.version, Newsletter.get(issue.newsletter_id).version)


@lru_cache(MOST_MAILINGS)
def _mailing(issue_id: ObjectId, *_: int) -> Mailing:
    return Mailing(Issue.get(issue_id))


@transactional
def note_fallen(issue: Issue, standing: Mapping[str, Live]) -> None:
    """Name in the audit log what has fallen out of an approved issue, each source once.

    Where it has been sent already, and goes again to a few, that is what has been withdrawn or erased: what is over by now
    stays in the issue as all others have read it.
    """
    for key in sorted(fallen(issue, standing)):
        if issue.drop(key):
            changes = {"blocks": {"before": key, "after": None}}
            audit.record(None, "issue.block_fell_out", issue.pk, network_id=issue.network_id, changes=changes)
