"""Every page that a GET can open, with an address of each in the demo data, and what else answers a GET."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask

from events import certificates
from events.registration_documents import CONFIRMED, JOIN, MANAGE, Registration
from events.seating import ONSITE, REMOTE
from network_api.auth import links
from network_api.auth.documents import AccessToken
from network_api.demo import COORDINATOR
from network_api.members.documents import Member
from network_api.networks.documents import Membership
from newsletters.issues.documents import Issue
from newsletters.subscriptions import links as subscription_links
from newsletters.subscriptions.documents import Subscription

# What answers a GET with no page of ours: a file, a feed, an address that leads on, or what only machines read.
NO_PAGES = {
    "api-docs.openapi_json",
    "counted_links.follow",
    "docs.asset",
    "event_feeds.all_events",
    "event_feeds.events_of_network",
    "event_feeds.events_of_series",
    "event_feeds.one_event",
    "event_feeds.own_events",
    "event_feeds.registered_event",
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "issue_steps.progress",
    "newsletter_desk.letter",  # the letter itself, as its readers get it: tests of letters look at it
    "newsletter_feeds.show_feed",
    "newsletter_pages.static",
    "own_pages.export",
    "registering.form",
    "sitemap.robots",
    "sitemap.sitemap",
    "static",
    "theme_day_desk.download_attendance",
    "theme_day_desk.download_figures",
    "theme_day_desk.download_participants",
}


class Address(NamedTuple):
    """A page by its endpoint, and a path that opens it; some only for who has signed in."""

    endpoint: str
    path: str
    signed_in: bool = False

    @property
    def name(self) -> str:
        """What a picture of it is called."""
        return self.endpoint.replace(".", "-").replace("_", "-")


def page_endpoints(app: Flask) -> set[str]:
    """Every endpoint outside the API that answers a GET, and the API's reference."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return {
        rule.endpoint for rule in rules if not rule.rule.startswith("/api/") or rule.endpoint.startswith(("docs.", "api-docs."))
    }


def public() -> Iterator[Address]:
    """The pages for everybody; of those that look different with what they show, more than one."""
    yield Address("network_pages.front", "/")
    yield Address("network_pages.list_networks", "/networks")
    for slug in ("pohjanmaa", "kehittamisryhma"):
        yield Address("network_pages.show_network", f"/networks/{slug}")
    yield Address("theme_days.coming", "/events")
    yield Address("theme_days.coming", "/events?mode=onsite&region=FI-12")
    yield Address("theme_days.past", "/events/past")
    for slug in ("kentan-keinot", "kaamoskokous", "lainsaadanto-tutuksi", "tyonantaja-kumppanina"):
        yield Address("theme_days.one", f"/events/{slug}")
    yield Address("registering.registered", "/events/kentan-keinot/registered?mode=onsite&place=3")
    yield Address("introduction_pages.list_introductions", "/introductions")
    yield Address("sign_up_pages.list_newsletters", "/newsletters")
    yield Address("newsletter_archive.show_newsletter", "/newsletters/kehittajakirje")
    yield Address("newsletter_archive.show_issue", f"/newsletters/kehittajakirje/{_issue('sent').pk}")
    yield Address("sign_up_pages.sign_up", "/newsletters/kehittajakirje/subscribe")
    yield Address("sign_up_pages.asked", "/newsletters/kehittajakirje/asked")
    yield Address("certificate_pages.ask_for_code", "/verify")
    yield Address("certificate_pages.verify", f"/verify/{certificates.code_of(_registration(attended_at={'$ne': None}))}")
    yield Address("statements.privacy", "/privacy")
    yield Address("statements.accessibility", "/accessibility")
    yield Address("statements.thank", "/accessibility/thanks")
    yield Address("guide_pages.list_guides", "/guides")
    for name in ("arrange-a-theme-day", "send-the-monthly-letter", "bring-your-members"):
        yield Address("guide_pages.show_guide", f"/guides/{name}")
    yield Address("sign_in_pages.ask_for_address", "/sign-in")
    yield Address("docs.page", "/api/v1/docs")


def from_mails(made: dict[str, Any]) -> Iterator[Address]:
    """The pages that links in mails lead to."""
    event = made["events"]["kieli-mukana-tyossa"].pk
    for mode in (ONSITE, REMOTE):
        found = _registration(event_id=event, mode=mode)
        yield Address("manage_pages.show", f"/manage/registrations/{links.make_token(MANAGE, found.pk, found.nonce)}")
    for endpoint, last in (("change", "change"), ("choose", "switch"), ("ask_to_cancel", "cancel")):
        token = links.make_token(MANAGE, found.pk, found.nonce)
        yield Address(f"manage_pages.{endpoint}", f"/manage/registrations/{token}/{last}")
    yield Address("door_pages.show", f"/join/{links.make_token(JOIN, found.pk, found.nonce_for(JOIN))}")
    subscription = Subscription.wrap(Subscription.rows({"state": "active"}, limit=1)[0])
    for endpoint, path, purpose in (
        ("newsletter_pages.show_subscription", "/manage/subscriptions", subscription_links.MANAGE),
        ("one_click.ask_to_unsubscribe", "/unsubscribe", subscription_links.UNSUBSCRIBE),
    ):
        yield Address(endpoint, f"{path}/{links.make_token(purpose, subscription.pk, subscription.nonce)}")


def of_the_desk(made: dict[str, Any]) -> Iterator[Address]:
    """The pages of who has signed in and runs a network."""
    path = f"/desk/events/{made['events']['kieli-mukana-tyossa'].pk}"
    yield Address("desk_pages.home", "/desk", signed_in=True)
    yield Address("theme_day_desk.new", "/desk/events/new", signed_in=True)
    yield Address("theme_day_desk.show", path, signed_in=True)
    yield Address("theme_day_desk.edit", f"{path}/edit", signed_in=True)
    for part in ("questions", "agenda", "materials", "co_hosts"):
        yield Address(f"theme_day_parts.show_{part}", f"{path}/{part.replace('_', '-')}", signed_in=True)
    yield Address("theme_day_desk.list_participants", f"{path}/participants", signed_in=True)
    yield Address("check_in_pages.show", f"{path}/check-in?q=an", signed_in=True)
    yield Address("newsletter_desk.show_newsletter", f"/desk/newsletters/{made['newsletter'].pk}", signed_in=True)
    path = f"/desk/issues/{_issue('draft').pk}"
    yield Address("newsletter_desk.edit", path, signed_in=True)
    yield Address("newsletter_desk.preview", f"{path}/preview", signed_in=True)
    yield Address("newsletter_desk.show_checks", f"{path}/checks", signed_in=True)
    yield Address("issue_steps.watch", f"/desk/issues/{_issue('sent').pk}/sending", signed_in=True)


def of_oneself() -> Iterator[Address]:
    """The pages about who has signed in."""
    membership = Membership.first({"email_key": COORDINATOR})
    assert membership is not None
    yield Address("me_pages.overview", "/me", signed_in=True)
    yield Address("me_pages.ask_to_leave", f"/me/memberships/{membership.pk}/leave", signed_in=True)
    yield Address("own_pages.details", "/me/details", signed_in=True)
    yield Address("own_pages.introduction", "/me/introduction", signed_in=True)
    yield Address("own_pages.ask_to_erase", "/me/erase", signed_in=True)


def session_of_coordinator() -> str:
    """The value of the session cookie of who coordinates the national network."""
    _, secret = AccessToken.issue("session", Member.get_by_address(COORDINATOR).pk, expires_at=None)
    return secret


def _issue(state: str) -> Issue:
    return Issue.wrap(Issue.rows({"state": state}, limit=1)[0])


def _registration(**where: Any) -> Registration:
    return Registration.wrap(Registration.rows({"status": CONFIRMED, **where}, limit=1)[0])
