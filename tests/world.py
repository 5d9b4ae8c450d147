"""One of everything, and somebody for every role: what the tests that walk all routes ask."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from events import attendance, certificates
from events.attendance_documents import MANUAL
from events.documents import ACCEPTED, Partner
from events.registration_documents import CONFIRMED, MANAGE, Registration
from events.seating import DRAFT, ONSITE
from events.series_documents import Series
from network_api.auth import links
from network_api.auth.documents import AccessToken
from network_api.documents import utcnow
from network_api.members import actions, erasing
from network_api.members.documents import Member
from network_api.networks.documents import Membership, Network
from newsletters.subscriptions import links as subscription_links
from tests.clients import Api
from tests.events.factories import make_event, person, send_pdf
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CALLERS = (
    "stranger",
    "member",
    "network_member",
    "editor",
    "coordinator",
    "other_coordinator",
    "national_coordinator",
    "national_editor",
    "administrator",
    "bare_token",
)
INTRODUCTION = {
    "text": {"fi": "Hei, valmennan nuoria."},
    "offers": ["CV-klinikka"],
    "wishes": [],
    "audience": "public",
    "publish_in_newsletter": True,
}
WEBHOOK = {"name": "Nettisivut", "url": "https://www.example.org/hook"}


def api_rules(app: Flask) -> list[tuple[str, Rule]]:
    """Every method of every route of the API but its document."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if method in (rule.methods or ())
        and rule.rule.startswith("/api/v1/")
        and not rule.endpoint.startswith(("docs.", "api-docs."))
    ]


def view_of(app: Flask, method: str, rule: Rule) -> Any:
    """The view function of a method of a route."""
    return getattr(app.view_functions[rule.endpoint].view_class, method.lower())  # type: ignore[attr-defined]


def arguments_of(app: Flask, method: str, rule: Rule, location: str) -> list[dict[str, Any]]:
    """What a view reads from a place of the request, as flask-smorest notes it."""
    found = view_of(app, method, rule)._apidoc.get("arguments", {}).get("parameters", ())
    return [entry for entry in found if entry["in"] == location]


@dataclass
class World:
    """The people by name, and what stands in the addresses."""

    callers: Mapping[str, Api]
    ids: Mapping[str, str]
    network: Network

    def path(self, rule: str, **others: str) -> str:
        """The address of a route with these things in it, below `/api/v1`."""
        if "/certificate.pdf" in rule:
            others = {"registration_id": self.ids["attended_id"], "token": self.ids["attended_token"], **others}
        elif "<token>" in rule:
            others = {"token": self.ids["subscription_token" if "subscriptions" in rule else "registration_token"], **others}
        values = {**self.ids, **others}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule).removeprefix("/api/v1")


def make_world(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other: Network) -> World:
    """One of everything in the regional network; the network's plain member has an introduction and a registration."""
    callers = {
        "stranger": Api(app.test_client()),
        "member": signed_in("member@example.org"),
        "network_member": signed_in("network.member@example.org", regional, "member"),
        "editor": signed_in("editor@example.org", regional, "editor"),
        "coordinator": signed_in("coordinator@example.org", regional, "coordinator"),
        "other_coordinator": signed_in("other.coordinator@example.org", other, "coordinator"),
        "national_coordinator": signed_in("national.coordinator@example.org", national, "coordinator"),
        "national_editor": signed_in("national.editor@example.org", national, "editor"),
        "administrator": signed_in("administrator@example.org", administrator=True),
    }
    administrator = Member.get_by_address("administrator@example.org")
    _, bare = AccessToken.issue("api", administrator.pk, expires_at=None, name="No scopes")
    callers["bare_token"] = Api(app.test_client(), bare)

    somebody = Member.get_by_address("network.member@example.org")
    somebody = actions.change_me(somebody.pk, {"name": "Aino Virtanen", "directory_audience": "public"})
    somebody, _ = actions.introduce(somebody.pk, INTRODUCTION)
    membership = Membership.first({"network_id": regional.pk, "email_key": somebody.email_key})
    coordinator = Member.get_by_address("coordinator@example.org")
    token, _ = AccessToken.issue("api", coordinator.pk, expires_at=None, name="Nightly export")
    event = make_event(regional, co_hosts=[other.pk], partners={str(other.pk): Partner(state=ACCEPTED)})
    path = f"/events/{event.pk}/materials"
    material = callers["editor"].post(path, {"title": {"fi": "Esitys"}, "audience": "public"}).json["id"]
    send_pdf(callers["editor"], f"{path}/{material}/file")
    series = Series(network_id=regional.pk, title={"fi": "Teemapäivät"}, template_id=event.pk).insert()
    draft = make_event(regional, status=DRAFT, published_at=None)
    registered = callers["network_member"].post(
        f"/events/{event.pk}/registrations", person("network.member", name="Aino Virtanen")
    )
    assert registered.status_code == 201, registered.json
    registration = Registration.get(registered.json["id"])
    entry, _ = attendance.record(registration, MANUAL, ONSITE)
    gone = {"starts_at": utcnow() - timedelta(days=2), "ends_at": utcnow() - timedelta(days=1)}
    past = make_event(regional, slug="mennyt", **gone)
    who = {"name": "Aino Virtanen", "email": somebody.email, "language": "fi"}
    attended = Registration(event_id=past.pk, mode=ONSITE, status=CONFIRMED, **who).insert()
    attendance.record(attended, MANUAL, ONSITE)
    attended = attended.fresh()
    assert callers["network_member"].post("/members/me/calendar").status_code == 201
    newsletter = make_newsletter(regional)
    subscription = subscribe(newsletter, "tilaaja@example.org")
    issue = issue_being_sent(newsletter)
    given = {"section": "news", "title": {"fi": "Uusi vertaisryhmä"}, "text": {"fi": "Ryhmä kokoontuu tiistaisin."}}
    contribution = callers["editor"].post(f"/networks/{regional.pk}/contributions", given).json
    comment = callers["coordinator"].post(f"/issues/{issue.pk}/comments", {"text": "Hieno."}).json
    webhook = callers["coordinator"].post("/webhooks", {"network_id": str(regional.pk), **WEBHOOK}).json["id"]
    delivery = callers["coordinator"].post(f"/webhooks/{webhook}/test").json["id"]
    assert membership is not None
    erasure = erasing.erase(Member.of_address("poistunut@example.org"))
    ids = {
        "network_id": regional.pk,
        "member_id": somebody.pk,
        "membership_id": membership.pk,
        "receipt": erasure["receipt"],
        "token_id": token.public_id,
        "event_id": event.pk,
        "draft_id": draft.pk,
        "series_id": series.pk,
        "material_id": material,
        "co_host_id": other.pk,
        "registration_id": registration.pk,
        "registration_token": links.make_token(MANAGE, registration.pk, registration.nonce),
        "attendance_id": entry.pk,
        "attended_id": attended.pk,
        "attended_token": links.make_token(MANAGE, attended.pk, attended.nonce),
        "code": certificates.code_of(attended),
        "newsletter_id": newsletter.pk,
        "subscription_token": links.make_token(subscription_links.MANAGE, subscription.pk, subscription.nonce),
        "subscription_id": subscription.pk,
        "issue_id": issue.pk,
        "contribution_id": contribution["id"],
        "comment_id": comment["id"],
        "webhook_id": webhook,
        "delivery_id": delivery,
    }
    return World(callers, {name: str(value) for name, value in ids.items()}, regional)
