"""Who may do what: every method of every route of the API, asked by every kind of caller.

A request that the rules let through is stopped right behind them by an unknown query parameter (422), so that one world
serves the whole matrix and nothing changes in it. `ok` says that the rules let the caller through.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask

from network_api.networks.documents import Network
from tests.conftest import Api
from tests.world import CALLERS, World, api_rules, make_world

OK = "ok"
Outcomes = tuple[str, ...]


def outcomes(text: str) -> Outcomes:
    found = tuple(text.split())
    assert len(found) == len(CALLERS)
    return found


# stranger, member, the network's member, editor, coordinator; another's coordinator; national coordinator, national
# editor; administrator; an administrator's API token without scopes
PUBLIC = outcomes("ok  ok  ok  ok  ok  ok  ok  ok  ok  403")
SIGNED_IN = outcomes("401 ok  ok  ok  ok  ok  ok  ok  ok  403")
NETWORK_MAKERS = outcomes("401 403 403 403 403 403 ok  403 ok  403")
COORDINATORS = outcomes("401 403 403 403 ok  403 ok  403 ok  403")
COORDINATORS_ANYWHERE = outcomes("401 403 403 403 ok  ok  ok  403 ok  403")
ADMINISTRATORS = outcomes("401 403 403 403 403 403 403 403 ok  403")
EDITORS = outcomes("401 403 403 ok  ok  403 ok  ok  ok  403")
EDITORS_ELSE_HIDDEN = outcomes("401 404 404 ok  ok  404 ok  ok  ok  403")
COORDINATORS_AND_CO_HOSTS = outcomes("401 403 403 403 ok  ok  ok  403 ok  403")
EDITORS_AND_CO_HOSTS = outcomes("401 403 403 ok  ok  ok  ok  ok  ok  403")
CO_HOSTS = outcomes("401 403 403 403 403 ok  ok  403 ok  403")
DRAFT_READERS = outcomes("404 404 404 ok  ok  404 ok  ok  ok  403")
COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS = outcomes("401 404 404 403 ok  404 ok  403 ok  403")
COORDINATORS_ELSE_HIDDEN = outcomes("401 404 404 404 ok  404 ok  404 ok  403")
COORDINATORS_ELSE_HIDDEN_FROM_OTHERS = outcomes("401 404 403 404 ok  404 ok  404 ok  403")
OWN_OR_COORDINATORS = outcomes("401 404 ok  404 ok  404 ok  404 ok  403")
OWN_OF_THE_NETWORKS_MEMBER = outcomes("401 404 ok  404 404 404 404 404 404 403")
OWN_OF_THE_COORDINATOR = outcomes("401 404 404 404 ok  404 404 404 404 403")


class Line(NamedTuple):
    """One line of the matrix; `with_network` is what the body names, `draft` asks about a theme day not yet published."""

    method: str
    rule: str
    outcomes: Outcomes
    body: dict[str, str] | None = None
    draft: bool = False

    def __str__(self) -> str:
        extra = f" {sorted(self.body)}" if self.body else " (draft)" if self.draft else ""
        return f"{self.method} {self.rule}{extra}"


IN_NETWORK = {"network_id": "network_id"}  # a body that names the regional network
SOMEBODY = {"email": "somebody@example.org"}

MATRIX = (
    Line("POST", "/auth/codes", PUBLIC),
    Line("POST", "/auth/sessions", PUBLIC),
    Line("DELETE", "/auth/sessions/current", SIGNED_IN),
    Line("GET", "/auth/tokens", SIGNED_IN),
    Line("POST", "/auth/tokens", SIGNED_IN),
    Line("DELETE", "/auth/tokens/<id:token_id>", OWN_OF_THE_COORDINATOR),
    Line("GET", "/members", PUBLIC),
    Line("GET", "/members/<id:member_id>", PUBLIC),
    Line("GET", "/members/me", SIGNED_IN),
    Line("PATCH", "/members/me", SIGNED_IN),
    Line("DELETE", "/members/me", SIGNED_IN),
    Line("GET", "/members/me/export", SIGNED_IN),
    Line("GET", "/erasures/<receipt>", PUBLIC),
    Line("GET", "/members/me/introduction", OWN_OF_THE_NETWORKS_MEMBER),
    Line("PUT", "/members/me/introduction", SIGNED_IN),
    Line("DELETE", "/members/me/introduction", OWN_OF_THE_NETWORKS_MEMBER),
    Line("GET", "/members/me/registrations", SIGNED_IN),
    Line("GET", "/members/me/calendar", OWN_OF_THE_NETWORKS_MEMBER),
    Line("POST", "/members/me/calendar", SIGNED_IN),
    Line("DELETE", "/members/me/calendar", OWN_OF_THE_NETWORKS_MEMBER),
    Line("GET", "/introductions", PUBLIC),
    Line("GET", "/networks", PUBLIC),
    Line("POST", "/networks", NETWORK_MAKERS),
    Line("GET", "/networks/<id:network_id>", PUBLIC),
    Line("PATCH", "/networks/<id:network_id>", COORDINATORS),
    Line("DELETE", "/networks/<id:network_id>", COORDINATORS),
    Line("GET", "/regions", PUBLIC),
    Line("GET", "/networks/<id:network_id>/memberships", COORDINATORS),
    Line("POST", "/networks/<id:network_id>/memberships", SIGNED_IN),
    Line("POST", "/networks/<id:network_id>/memberships", COORDINATORS, body=SOMEBODY),
    Line("GET", "/memberships/<id:membership_id>", OWN_OR_COORDINATORS),
    Line("PATCH", "/memberships/<id:membership_id>", OWN_OR_COORDINATORS),
    Line("DELETE", "/memberships/<id:membership_id>", OWN_OR_COORDINATORS),
    Line("GET", "/events", PUBLIC),
    Line("POST", "/events", EDITORS, body=IN_NETWORK),
    Line("GET", "/events/<id:event_id>", PUBLIC),
    Line("GET", "/events/<id:event_id>", DRAFT_READERS, draft=True),
    Line("PATCH", "/events/<id:event_id>", EDITORS),
    Line("PATCH", "/events/<id:event_id>", EDITORS_ELSE_HIDDEN, draft=True),
    Line("DELETE", "/events/<id:event_id>", EDITORS),
    Line("DELETE", "/events/<id:event_id>", EDITORS_ELSE_HIDDEN, draft=True),
    Line("POST", "/events/<id:event_id>/publish", EDITORS),
    Line("POST", "/events/<id:event_id>/publish", EDITORS_ELSE_HIDDEN, draft=True),
    Line("POST", "/events/<id:event_id>/cancel", EDITORS),
    Line("POST", "/events/<id:event_id>/duplicate", EDITORS),
    Line("POST", "/events/<id:event_id>/duplicate", EDITORS_ELSE_HIDDEN, draft=True),
    Line("GET", "/events/<id:event_id>/materials", PUBLIC),
    Line("GET", "/events/<id:event_id>/materials", DRAFT_READERS, draft=True),
    Line("POST", "/events/<id:event_id>/materials", EDITORS),
    Line("GET", "/events/<id:event_id>/materials/<id:material_id>", PUBLIC),
    Line("PATCH", "/events/<id:event_id>/materials/<id:material_id>", EDITORS),
    Line("DELETE", "/events/<id:event_id>/materials/<id:material_id>", EDITORS),
    Line("GET", "/events/<id:event_id>/materials/<id:material_id>/file", PUBLIC),
    Line("PUT", "/events/<id:event_id>/materials/<id:material_id>/file", EDITORS),
    Line("GET", "/manage/registrations/<token>/materials", PUBLIC),
    Line("GET", "/manage/registrations/<token>/materials/<id:material_id>/file", PUBLIC),
    Line("GET", "/series", PUBLIC),
    Line("POST", "/series", EDITORS, body=IN_NETWORK),
    Line("GET", "/series/<id:series_id>", PUBLIC),
    Line("PATCH", "/series/<id:series_id>", EDITORS),
    Line("DELETE", "/series/<id:series_id>", EDITORS),
    Line("POST", "/series/<id:series_id>/events", EDITORS),
    Line("GET", "/events/<id:event_id>/registrations", COORDINATORS_AND_CO_HOSTS),
    Line("POST", "/events/<id:event_id>/registrations", PUBLIC),
    Line("POST", "/events/<id:event_id>/registrations", DRAFT_READERS, draft=True),
    Line("POST", "/events/<id:event_id>/registrations/group", PUBLIC),
    Line("POST", "/events/<id:event_id>/registrations/group", DRAFT_READERS, draft=True),
    Line("POST", "/events/<id:event_id>/registrations/import", COORDINATORS),
    Line("GET", "/events/<id:event_id>/registrations.csv", COORDINATORS_AND_CO_HOSTS),
    Line("GET", "/events/<id:event_id>/registrations.xlsx", COORDINATORS_AND_CO_HOSTS),
    Line("GET", "/events/<id:event_id>/figures", COORDINATORS),
    Line("GET", "/events/<id:event_id>/figures.csv", COORDINATORS),
    Line("GET", "/networks/<id:network_id>/figures", COORDINATORS),
    Line("GET", "/networks/<id:network_id>/figures.csv", COORDINATORS),
    Line("GET", "/events/<id:event_id>/attendance.csv", COORDINATORS),
    Line("GET", "/events/<id:event_id>/attendance.xlsx", COORDINATORS),
    Line("GET", "/events/<id:event_id>/needs", COORDINATORS),
    Line("GET", "/events/<id:event_id>/retention", COORDINATORS),
    Line("GET", "/registrations/<id:registration_id>", OWN_OR_COORDINATORS),
    Line("PATCH", "/registrations/<id:registration_id>", OWN_OR_COORDINATORS),
    Line("DELETE", "/registrations/<id:registration_id>", OWN_OR_COORDINATORS),
    Line("POST", "/registrations/<id:registration_id>/accept-offer", OWN_OR_COORDINATORS),
    Line("POST", "/registrations/<id:registration_id>/decline-offer", OWN_OR_COORDINATORS),
    Line("GET", "/events/<id:event_id>/co-hosts", EDITORS_AND_CO_HOSTS),
    Line("GET", "/events/<id:event_id>/co-hosts/<id:co_host_id>", EDITORS_AND_CO_HOSTS),
    Line("PATCH", "/events/<id:event_id>/co-hosts/<id:co_host_id>", EDITORS),
    Line("POST", "/events/<id:event_id>/co-hosts/<id:co_host_id>/accept", CO_HOSTS),
    Line("POST", "/events/<id:event_id>/co-hosts/<id:co_host_id>/decline", CO_HOSTS),
    Line("GET", "/registrations/<id:registration_id>/certificate.pdf", OWN_OR_COORDINATORS),
    Line("GET", "/manage/registrations/<token>/certificate.pdf", PUBLIC),
    Line("GET", "/certificates/<code>", PUBLIC),
    Line("GET", "/tickets/keys", PUBLIC),
    Line("GET", "/registrations/<id:registration_id>/ticket.svg", OWN_OR_COORDINATORS),
    Line("GET", "/registrations/<id:registration_id>/ticket.png", OWN_OR_COORDINATORS),
    Line("GET", "/manage/registrations/<token>/ticket.svg", PUBLIC),
    Line("GET", "/manage/registrations/<token>/ticket.png", PUBLIC),
    Line("POST", "/events/<id:event_id>/check-ins", COORDINATORS),
    Line("POST", "/events/<id:event_id>/check-ins/batch", COORDINATORS),
    Line("POST", "/registrations/<id:registration_id>/check-in", COORDINATORS_ELSE_HIDDEN_FROM_OTHERS),
    Line("POST", "/registrations/<id:registration_id>/join-link/revoke", COORDINATORS_ELSE_HIDDEN_FROM_OTHERS),
    Line("POST", "/registrations/<id:registration_id>/join-link/renew", COORDINATORS_ELSE_HIDDEN_FROM_OTHERS),
    Line("GET", "/events/<id:event_id>/attendance", COORDINATORS),
    Line("POST", "/events/<id:event_id>/attendance/import", COORDINATORS),
    Line("GET", "/attendance/<id:attendance_id>", COORDINATORS_ELSE_HIDDEN),
    Line("PATCH", "/attendance/<id:attendance_id>", COORDINATORS_ELSE_HIDDEN),
    Line("GET", "/manage/registrations/<token>", PUBLIC),
    Line("PATCH", "/manage/registrations/<token>", PUBLIC),
    Line("DELETE", "/manage/registrations/<token>", PUBLIC),
    Line("POST", "/manage/registrations/<token>/accept-offer", PUBLIC),
    Line("POST", "/manage/registrations/<token>/decline-offer", PUBLIC),
    Line("GET", "/newsletters", PUBLIC),
    Line("POST", "/newsletters", COORDINATORS, body=IN_NETWORK),
    Line("GET", "/newsletters/<id:newsletter_id>", PUBLIC),
    Line("PATCH", "/newsletters/<id:newsletter_id>", COORDINATORS),
    Line("POST", "/newsletters/<id:newsletter_id>/subscriptions", PUBLIC),
    Line("GET", "/newsletters/<id:newsletter_id>/subscribers", COORDINATORS),
    Line("GET", "/newsletters/<id:newsletter_id>/subscribers.csv", COORDINATORS),
    Line("POST", "/newsletters/<id:newsletter_id>/subscribers/import", COORDINATORS),
    Line("GET", "/subscriptions/<id:subscription_id>", COORDINATORS_ELSE_HIDDEN),
    Line("DELETE", "/subscriptions/<id:subscription_id>", COORDINATORS_ELSE_HIDDEN),
    Line("GET", "/subscriptions/<id:subscription_id>/bounces", COORDINATORS_ELSE_HIDDEN),
    Line("GET", "/newsletters/<id:newsletter_id>/bounces", COORDINATORS),
    Line("GET", "/bounces", ADMINISTRATORS),
    Line("POST", "/bounces", COORDINATORS_ANYWHERE),
    Line("GET", "/manage/subscriptions/<token>", PUBLIC),
    Line("PATCH", "/manage/subscriptions/<token>", PUBLIC),
    Line("DELETE", "/manage/subscriptions/<token>", PUBLIC),
    Line("POST", "/manage/subscriptions/<token>/confirm", PUBLIC),
    Line("GET", "/networks/<id:network_id>/contributions", EDITORS),
    Line("POST", "/networks/<id:network_id>/contributions", EDITORS),
    Line("GET", "/contributions/<id:contribution_id>", EDITORS_ELSE_HIDDEN),
    Line("PATCH", "/contributions/<id:contribution_id>", EDITORS_ELSE_HIDDEN),
    Line("DELETE", "/contributions/<id:contribution_id>", EDITORS_ELSE_HIDDEN),
    Line("GET", "/newsletters/<id:newsletter_id>/issues", EDITORS),
    Line("POST", "/newsletters/<id:newsletter_id>/issues", EDITORS),
    Line("GET", "/issues/<id:issue_id>", EDITORS_ELSE_HIDDEN),
    Line("PATCH", "/issues/<id:issue_id>", EDITORS_ELSE_HIDDEN),
    Line("DELETE", "/issues/<id:issue_id>", EDITORS_ELSE_HIDDEN),
    Line("GET", "/issues/<id:issue_id>/links", EDITORS_ELSE_HIDDEN),
    Line("GET", "/issues/<id:issue_id>/preview", EDITORS_ELSE_HIDDEN),
    Line("POST", "/issues/<id:issue_id>/test-send", EDITORS_ELSE_HIDDEN),
    Line("POST", "/issues/<id:issue_id>/assemble", EDITORS_ELSE_HIDDEN),
    Line("GET", "/issues/<id:issue_id>/variants", EDITORS_ELSE_HIDDEN),
    Line("GET", "/issues/<id:issue_id>/checks", EDITORS_ELSE_HIDDEN),
    Line("GET", "/issues/<id:issue_id>/comments", EDITORS_ELSE_HIDDEN),
    Line("POST", "/issues/<id:issue_id>/comments", EDITORS_ELSE_HIDDEN),
    Line("DELETE", "/issues/<id:issue_id>/comments/<id:comment_id>", OWN_OF_THE_COORDINATOR),
    Line("POST", "/issues/<id:issue_id>/reject", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/submit", EDITORS_ELSE_HIDDEN),
    Line("POST", "/issues/<id:issue_id>/approve", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/schedule", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/send", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/pause", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/resume", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/cancel", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/deliveries", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/deliveries.csv", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/exclusions", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/exclusions.csv", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/evidence", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/issues/<id:issue_id>/progress", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/deliveries/resend", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("POST", "/issues/<id:issue_id>/deliveries/resolve", COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS),
    Line("GET", "/webhooks", COORDINATORS_ANYWHERE),
    Line("POST", "/webhooks", COORDINATORS, body=IN_NETWORK),
    Line("GET", "/webhooks/<id:webhook_id>", COORDINATORS_ELSE_HIDDEN),
    Line("PATCH", "/webhooks/<id:webhook_id>", COORDINATORS_ELSE_HIDDEN),
    Line("DELETE", "/webhooks/<id:webhook_id>", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/pause", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/resume", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/rotate-secret", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/test", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/replay", COORDINATORS_ELSE_HIDDEN),
    Line("GET", "/webhooks/<id:webhook_id>/deliveries", COORDINATORS_ELSE_HIDDEN),
    Line("GET", "/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>", COORDINATORS_ELSE_HIDDEN),
    Line("POST", "/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/resend", COORDINATORS_ELSE_HIDDEN),
)


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


def ask(world: World, caller: str, line: Line) -> str:
    """What the rules say to a caller, `ok` where they let the request through."""
    draft = {"event_id": world.ids["draft_id"]} if line.draft else {}
    body = line.body and {name: world.ids.get(value, value) for name, value in line.body.items()}
    sent: dict[str, Any] = {} if line.method == "GET" else {"json": body or {}}
    answer = world.callers[caller](line.method, f"{world.path(line.rule, **draft)}?nonsense=1", **sent)
    if answer.status_code == 422:
        assert "nonsense" in answer.json["errors"], (str(line), answer.json)
        return OK
    assert answer.content_type == "application/problem+json", (str(line), answer.status_code)
    return str(answer.status_code)


def test_every_route_stands_in_the_matrix(shared_app: Flask) -> None:
    listed = {(line.method, f"/api/v1{line.rule}") for line in MATRIX}
    assert {(method, rule.rule) for method, rule in api_rules(shared_app)} == listed


def test_everybody_is_let_through_or_turned_away_as_the_matrix_says(world: World) -> None:
    wrong = []
    for line in MATRIX:
        for caller, expected in zip(CALLERS, line.outcomes, strict=True):
            found = ask(world, caller, line)
            if found != expected:
                wrong.append(f"{line} by {caller}: {found}, not {expected}")
    assert wrong == []


def test_who_may_read_gets_an_answer(world: World) -> None:
    """The negative control of the matrix: without the nonsense, the same requests succeed."""
    wrong = []
    for line in (line for line in MATRIX if line.method == "GET" and not line.draft):
        for caller, expected in zip(CALLERS, line.outcomes, strict=True):
            if expected == OK:
                with world.callers[caller].get(world.path(line.rule)) as answer:
                    if answer.status_code != 200 or not answer.get_data():
                        wrong.append(f"{line} by {caller}: {answer.status_code}")
    assert wrong == []


def test_a_withdrawn_or_foreign_token_is_a_401_everywhere(world: World) -> None:
    wrong = []
    for line in MATRIX:
        answer = Api(world.callers["stranger"].client, "nwt_" + "0" * 42)(line.method, world.path(line.rule))
        if answer.status_code != 401 or answer.headers["WWW-Authenticate"] != 'Bearer realm="network-api"':
            wrong.append(f"{line}: {answer.status_code}")
    assert wrong == []
