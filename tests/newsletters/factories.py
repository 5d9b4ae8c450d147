"""Newsletters, subscriptions, issues, theme days and introductions for tests."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from events.documents import Event
from events.seating import PUBLISHED, Seats
from network_api.documents import utcnow
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.contributions.documents import Contribution
from newsletters.dispatch import batches
from newsletters.dispatch.ledger import Progress
from newsletters.documents import Newsletter, Sender
from newsletters.issues.documents import SENDING, Approval, Block, Issue, Source
from newsletters.subscriptions.documents import ACTIVE, Subscription, SubscriptionConsent
from tests.clients import Api, give_role

TEXT = {"fi": "Hyvät *verkostolaiset*, tervehdys toimituksesta."}
EDITORIAL = {"section": "editorial", "text": TEXT}


def make_newsletter(network: Network, slug: str = "uutiskirje", **given: Any) -> Newsletter:
    values = {
        "slug": slug,
        "name": {"fi": "Uutiskirje"},
        "network_id": network.pk,
        "languages": ["fi"],
        "sender": Sender(name="Keski-Suomen verkosto", email="uutiskirje@example.org"),
        "sections": ["editorial", "events", "introductions"],
        **given,
    }
    return Newsletter(**values).insert()


def subscription(newsletter: Newsletter, address: str, state: str = ACTIVE, **given: Any) -> Subscription:
    consent = SubscriptionConsent(source="test", confirmed_at=utcnow())
    return Subscription(
        newsletter_id=newsletter.pk,
        email=address,
        email_key=address.casefold(),
        state=state,
        consent=consent,
        **{"language": "fi", **given},
    )


def subscribe(newsletter: Newsletter, address: str, state: str = ACTIVE, **given: Any) -> Subscription:
    return subscription(newsletter, address, state, **given).insert()


def subscribe_many(newsletter: Newsletter, number: int) -> list[Subscription]:
    rows = [subscription(newsletter, f"tilaaja{place:04}@example.org").checked_row() for place in range(number)]
    Subscription.collection().insert_many(rows)
    return [Subscription.wrap(row) for row in rows]


def theme_day(network: Network, title: str = "Työhönvalmennuksen teemapäivä", **given: Any) -> Event:
    starts_at = given.pop("starts_at", utcnow() + timedelta(days=20))
    values = {
        "network_id": network.pk,
        "title": {"fi": title},
        "summary": {"fi": "Työnantajayhteistyö käytännössä"},
        "slug": f"paiva-{ObjectId()}",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=6),
        "status": PUBLISHED,
        "published_at": utcnow(),
        "seats": {"onsite": Seats(capacity=20)},
        **given,
    }
    return Event(**values).insert()


def introduce(network: Network, address: str, text: str, *, audience: str = "public", newsletter: bool = True) -> Member:
    member = Member.of_address(address)
    give_role(member, network, "member")
    given = {
        "text": {"fi": text},
        "offers": ["CV-klinikka"],
        "wishes": [],
        "audience": audience,
        "publish_in_newsletter": newsletter,
    }
    return Member.get(member.pk).introduce(given)


def contribute(network: Network, title: str, text: str = "Ryhmä kokoontuu tiistaisin.", *, section: str = "news") -> Contribution:
    """What an editor of the network would have contributed."""
    return Contribution(network_id=network.pk, section=section, title={"fi": title}, text={"fi": text}).insert()


def approved_issue(
    newsletter: Newsletter,
    *,
    sources: tuple[Source, ...] = (),
    title: str | dict[str, str] = "Marraskuun kirje",
    text: dict[str, str] = TEXT,
) -> Issue:
    """An issue that somebody has approved."""
    blocks = [Block(section="editorial", text=text)]
    blocks += [
        Block(section="introductions", text={"fi": f"Lähde {source.key}"}, source=source, edited=True) for source in sources
    ]
    author, approver = ObjectId(), ObjectId()
    issue = Issue(
        newsletter_id=newsletter.pk,
        network_id=newsletter.network_id,
        title={"fi": title} if isinstance(title, str) else title,
        blocks=blocks,
        author_id=author,
        edited_by=author,
    ).insert()
    issue = issue.move("submitted", ("draft",))
    return issue.move("approved", ("submitted",), approval=Approval(by=approver, content_hash=issue.content_hash).to_mongo())


def issue_being_sent(newsletter: Newsletter, **given: Any) -> Issue:
    """An issue that has been approved and whose sending has just begun."""
    started = approved_issue(newsletter, **given).begin()
    assert started is not None
    assert started.state == SENDING
    return started


def work_until_idle(issue: Issue) -> Issue:
    """Do what the worker's jobs would do, until there is nothing to do at this moment."""
    while batches.work(issue.pk):
        pass
    return Issue.get(issue.pk)


def make_due(issue: Issue) -> None:
    """Let the time pass that leases and delays last."""
    Progress.collection().update_many(
        {"issue_id": issue.pk, "state": "open"}, {"$set": {"due_at": utcnow() - timedelta(seconds=1)}}
    )


def send_through_the_api(editor: Api, coordinator: Api, newsletter_id: Any, body: dict[str, Any]) -> str:
    """An issue from the first block to the start of its sending; returns its path."""
    issue = editor.post(f"/newsletters/{newsletter_id}/issues", body)
    assert issue.status_code == 201, issue.json
    path = f"/issues/{issue.json['id']}"
    assert editor.post(f"{path}/submit").status_code == 200
    assert coordinator.post(f"{path}/approve").status_code == 200
    sent = coordinator.post(f"{path}/send")
    assert sent.status_code == 202, sent.json
    return path
