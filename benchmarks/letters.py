"""A letter to send and who reads it, for benchmarks."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from network_api.languages import search_terms
from network_api.networks.documents import Network
from newsletters.dispatch.mailing import Mailing
from newsletters.dispatch.smtp import Mail
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription, new_nonce
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscription

MAIL_SIZE = 17_000  # bytes, of a mail as it goes out
_AT_ONCE = 2000
_READ_BY_A_FREEZE = (
    {"_id"},
    {"newsletter_id", "_id"},
    {"newsletter_id", "state", "paused_until", "_id"},
    {"newsletter_id", "pulse"},
)
_PARAGRAPH = "Työhönvalmennuksen **verkosto** kokoontui ja päätti: [pöytäkirja](https://verkosto.example.org/poytakirja/{}). "


def newsletter_of(subscribers: int) -> Newsletter:
    """A newsletter with so many subscribers who have confirmed."""
    place = f"n{ObjectId()}"
    network = Network(slug=place, name={"fi": "Verkosto"}, kind="national").insert()
    newsletter = make_newsletter(network, place)
    template = subscription(newsletter, "tilaaja@example.org").checked_row()
    for first in range(0, subscribers, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, subscribers))
        Subscription.collection().insert_many([_subscriber(template, number) for number in numbers], ordered=False)
    return newsletter


def keep_indexes_of_a_freeze() -> None:
    """Do without the indexes that no freeze reads: with them a million subscribers take half an hour to store."""
    collection = Subscription.collection()
    for name, index in collection.index_information().items():
        if {field for field, _ in index["key"]} not in _READ_BY_A_FREEZE:
            collection.drop_index(name)


def _subscriber(template: Mapping[str, Any], number: int) -> dict[str, Any]:
    address = f"tilaaja{number:07}@example.org"
    own = {"email": address, "email_key": address, "nonce": new_nonce(), "search": search_terms(address)}
    return {**template, "_id": ObjectId(), **own}


def text_of_size(newsletter: Newsletter) -> str:
    """A text with which the mails of an issue are as large as those of the benchmark are to be."""
    for paragraphs in range(1, 200):
        text = "\n\n".join(_PARAGRAPH.format(number) * 3 for number in range(paragraphs))
        issue = issue_being_sent(newsletter, text={"fi": text})
        size = len(a_mail(issue).content)
        Issue.remove({"_id": issue.pk})
        if size >= MAIL_SIZE:
            return text
    raise AssertionError("no text is long enough")


def a_mail(issue: Issue) -> Mail:
    """A mail of an issue."""
    first = Subscription.rows({"newsletter_id": issue.newsletter_id}, sort=[("_id", 1)], limit=1)[0]
    return Mailing(issue).mails({0: first})[0]
