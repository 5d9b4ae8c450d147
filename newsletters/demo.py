"""A demo newsletter: 630 subscribers who have confirmed, and one issue that has been sent to all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from events.documents import Event
from network_api import demo
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import utcnow
from network_api.members.documents import Member
from newsletters.contributions.contributing import contribute
from newsletters.dispatch.ledger import ACCEPTED, CODES, DONE, REFUSED, SECONDS, Progress, Snapshot, pack
from newsletters.documents import Cadence, Newsletter, Sender
from newsletters.issues.assembling import keep_told
from newsletters.issues.documents import SENT, Approval, Audience, Block, Issue
from newsletters.issues.sources import block_of, introductions, theme_days
from newsletters.issues.writing import make_issue
from newsletters.subscriptions.documents import ACTIVE, Subscription, SubscriptionConsent

_LANGUAGES = ("fi", "fi", "fi", "fi", "sv", "fi", "fi", "fi", "fi", "sv", "fi", "en")  # as often as people speak them
_REGIONS = ((), (), (), ("FI-08",), (), ("FI-18", "FI-19"), (), ("FI-12",), (), ("FI-11",), ())  # most want all of them
_SUBSCRIBED_APART = timedelta(hours=27)
_SNAPSHOT_SIZE = 500
_GONE = (97, 288, 541)  # the places in the list of those whose mailbox was not there any more
_NO_MAILBOX = "550 5.1.1 No such mailbox"


def make(made: dict[str, Any]) -> None:
    """Make the newsletter of the national network; `made["newsletter"]` is it."""
    texts = demo.content(__file__)
    given = texts["newsletter"]
    parts = {"sender": Sender(**given["sender"]), "cadence": Cadence(**given["cadence"])}
    newsletter = Newsletter(**{**given, **parts}, network_id=made["networks"]["kehittamisryhma"].pk).insert()
    people = made["people"][: texts["subscribers"]]
    subscriptions = [_subscription(newsletter, place, person) for place, person in enumerate(people)]
    Subscription.insert_all(subscriptions)
    _send(newsletter, texts["sent"], subscriptions, made)
    _begin(newsletter, texts, made)
    made["newsletter"] = newsletter


def _subscription(newsletter: Newsletter, place: int, person: Mapping[str, str]) -> Subscription:
    asked_at = utcnow() - timedelta(days=40) - place * _SUBSCRIBED_APART
    return Subscription(
        newsletter_id=newsletter.pk,
        email=person["email"],
        email_key=email_key(person["email"]),
        language=_LANGUAGES[place % len(_LANGUAGES)],
        regions=list(_REGIONS[place % len(_REGIONS)]),
        state=ACTIVE,
        consent=SubscriptionConsent(asked_at=asked_at, source="form", confirmed_at=asked_at + timedelta(minutes=9)),
        created_at=asked_at,
        updated_at=asked_at,
    )


def _send(
    newsletter: Newsletter, given: Mapping[str, Any], subscriptions: Sequence[Subscription], made: Mapping[str, Any]
) -> None:
    """An issue as it is once its dispatch has ended, with its ledger."""
    sent_at = demo.working_day(given["days"], "09:05")
    author, approver = (made["members"][given[who]] for who in ("author", "approver"))
    issue = Issue(
        newsletter_id=newsletter.pk,
        network_id=newsletter.network_id,
        title=given["title"],
        blocks=_blocks(newsletter, given, made),
        state=SENT,
        author_id=author.pk,
        edited_by=author.pk,
        started_at=sent_at - timedelta(minutes=5),
        sent_at=sent_at,
        audience=_audience(subscriptions, sent_at),
        created_at=sent_at - timedelta(days=3),
        updated_at=sent_at,
    )
    issue.clean()
    issue.approval = Approval(by=approver.pk, at=sent_at - timedelta(hours=20), content_hash=issue.content_hash)
    issue.insert()
    keep_told(issue)
    ledger = [_batch(issue, number, subscriptions) for number in range(-(-len(subscriptions) // _SNAPSHOT_SIZE))]
    Snapshot.insert_all([snapshot for snapshot, _ in ledger])
    Progress.insert_all([progress for _, progress in ledger])


def _begin(newsletter: Newsletter, texts: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """What networks have contributed since, and the next issue with it, as its editor finds it."""
    author = made["members"][texts["draft"]["author"]]
    caller = Caller(author.pk, is_administrator=True)
    for given in texts["contributions"]:
        parts = {name: value for name, value in given.items() if name != "network"}
        contribute(caller, made["networks"][given["network"]], parts)
    editorial = {"section": "editorial", "text": texts["draft"]["editorial"]}
    make_issue(caller, newsletter, {"title": texts["draft"]["title"], "blocks": [editorial], "assemble": True})


def _blocks(newsletter: Newsletter, given: Mapping[str, Any], made: Mapping[str, Any]) -> list[Block]:
    """By the newsletter's sections, as assembling would have put them."""
    events = Event.by_ids(made["events"][slug].pk for slug in given["events"]).values()
    members = Member.by_ids(made["members"][address].pk for address in given["introductions"]).values()
    blocks = [Block(**block) for block in given["blocks"]]
    blocks += [theme_days.block(event, newsletter.languages, None) for event in events]
    blocks += [block_of(introductions.KIND, member, newsletter.languages) for member in members]
    return sorted(blocks, key=lambda block: newsletter.sections.index(block.section))


def _audience(subscriptions: Sequence[Subscription], sent_at: datetime) -> Audience:
    return Audience(
        until=subscriptions[-1].pk,
        at_start=len(subscriptions),
        candidates=len(subscriptions),
        recipients=len(subscriptions),
        frozen_at=sent_at - timedelta(minutes=5),
    )


def _batch(issue: Issue, number: int, subscriptions: Sequence[Subscription]) -> tuple[Snapshot, Progress]:
    """One stretch of the audience with what became of it."""
    first = number * _SNAPSHOT_SIZE
    part = [subscription.pk for subscription in subscriptions[first : first + _SNAPSHOT_SIZE]]
    refused = [place - first for place in _GONE if first <= place < first + len(part)]
    states = bytes(CODES[REFUSED if place in refused else ACCEPTED] for place in range(len(part)))
    snapshot = Snapshot(issue_id=issue.pk, number=number, through=part[-1], recipients=pack(part), excluded=b"", reasons=b"")
    progress = Progress(
        id=snapshot.pk,
        issue_id=issue.pk,
        number=number,
        state=DONE,
        states=states,
        times=SECONDS.pack(int(issue.sent_at.timestamp())) * len(part),
        answers={str(place): _NO_MAILBOX for place in refused},
        due_at=issue.sent_at,
        updated_at=issue.sent_at,
    )
    return snapshot, progress
