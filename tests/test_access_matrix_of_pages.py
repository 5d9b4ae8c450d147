"""Who may open and send which page: every method of every page, tried by every kind of caller.

The API has a matrix of its own (`test_access_matrix.py`). A request runs inside a transaction that is then given up, so that
one world serves the whole matrix and nothing changes in it. Who has not signed in is led to do so: `in`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from events.documents import Event
from network_api.documents import transactional
from network_api.networks.documents import Network
from newsletters.desk import sending_pages
from newsletters.documents import Newsletter
from tests.conftest import Api, Visitor
from tests.desk.conftest import HEADERS
from tests.test_access_matrix import Outcomes, outcomes
from tests.world import CALLERS, METHODS, World, make_world

OK, SIGN_IN = "ok", "in"
# stranger, member, the network's member, editor, coordinator; another's coordinator; national coordinator, national
# editor; administrator; an administrator's API token without scopes, which is no session
PUBLIC = outcomes("ok  ok  ok  ok  ok  ok  ok  ok  ok  ok")
BY_LINK = outcomes("404 404 404 404 404 404 404 404 404 404")  # with a wrong signature: nobody's role opens what a link opens
SIGNED_IN = outcomes("in  ok  ok  ok  ok  ok  ok  ok  ok  in")
EDITORS = outcomes("in  403 403 ok  ok  403 ok  ok  ok  in")
EDITORS_ELSE_HIDDEN = outcomes("in  404 404 ok  ok  404 ok  ok  ok  in")
COORDINATORS = outcomes("in  403 403 403 ok  403 ok  403 ok  in")
CO_HOSTS = outcomes("in  403 403 403 403 ok  ok  403 ok  in")
CO_HOSTS_TOO = outcomes("in  403 403 403 ok  ok  ok  403 ok  in")
COORDINATORS_ELSE_HIDDEN = outcomes("in  404 404 404 ok  404 ok  404 ok  in")
COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS = outcomes("in  404 404 403 ok  404 ok  403 ok  in")
WRITERS_ANYWHERE = EDITORS_AND_CO_HOSTS = outcomes("in  403 403 ok  ok  ok  ok  ok  ok  in")
OWN_OF_THE_NETWORKS_MEMBER = outcomes("in  404 ok  404 404 404 404 404 404 in")
OWN_OF_THE_COORDINATOR = outcomes("in  404 404 404 ok  404 404 404 404 in")

STEPS = "/desk/issues/<issue_id>/<step>"
MATRIX: tuple[tuple[Outcomes, tuple[str, ...]], ...] = (
    (
        PUBLIC,
        (
            *("GET /", "GET /accessibility", "POST /accessibility", "GET /accessibility/thanks", "GET /privacy"),
            *("GET /events", "GET /events/past", "GET /events/<slug>", "GET /events.ics", "GET /events/<id:event_id>.ics"),
            *("GET /events/<slug>/register", "POST /events/<slug>/register", "GET /events/<slug>/registered"),
            *("GET /guides", "GET /guides/<name>", "GET /introductions", "GET /networks", "GET /networks/<slug>"),
            *("GET /networks/<id:network_id>/events.ics", "GET /series/<id:series_id>/events.ics"),
            *("GET /newsletters", "GET /newsletters/<slug>", "GET /newsletters/<slug>/asked", "GET /newsletters/<slug>/feed.xml"),
            *("GET /newsletters/<slug>/subscribe", "POST /newsletters/<slug>/subscribe"),
            *("GET /sign-in", "POST /sign-in", "POST /sign-in/code", "POST /sign-out"),
            *(
                "GET /verify",
                "GET /verify/<code>",
                "GET /healthz",
                "GET /readyz",
                "GET /metrics",
                "GET /robots.txt",
                "GET /sitemap.xml",
            ),
        ),
    ),
    (
        BY_LINK,
        (
            *("GET /calendar/<token>.ics", "GET /join/<token>", "POST /join/<token>", "GET /l/<token>"),
            *("GET /manage/registrations/<token>", "POST /manage/registrations/<token>/accept-offer"),
            *("GET /manage/registrations/<token>/cancel", "POST /manage/registrations/<token>/cancel"),
            *("GET /manage/registrations/<token>/change", "POST /manage/registrations/<token>/change"),
            *("POST /manage/registrations/<token>/decline-offer", "GET /manage/registrations/<token>/event.ics"),
            *("POST /manage/registrations/<token>/stay",),
            *("GET /manage/registrations/<token>/switch", "POST /manage/registrations/<token>/switch"),
            *("GET /manage/subscriptions/<token>", "POST /manage/subscriptions/<token>"),
            *("GET /unsubscribe/<token>", "POST /unsubscribe/<token>"),
            "GET /newsletters/<slug>/<issue_id>",  # not sent yet: in no archive, whoever asks
        ),
    ),
    (
        SIGNED_IN,
        (
            *("GET /me", "GET /me/details", "POST /me/details", "GET /me/erase", "POST /me/erase"),
            *("GET /me/export.json", "GET /me/introduction", "POST /me/introduction", "POST /me/introduction/withdraw"),
            "POST /me/sign-out-everywhere",
        ),
    ),
    (WRITERS_ANYWHERE, ("GET /desk", "GET /desk/events/new", "POST /desk/events/new")),
    (EDITORS_AND_CO_HOSTS, ("GET /desk/events/<event_id>", "GET /desk/events/<event_id>/co-hosts")),
    (CO_HOSTS, tuple(f"POST /desk/events/<event_id>/co-hosts/<co_host_id>/{answer}" for answer in ("accept", "decline"))),
    (
        EDITORS,
        (
            "GET /desk/events/<event_id>/edit",
            *(
                f"{method} /desk/events/<event_id>/{part}"
                for part in ("agenda", "materials", "questions")
                for method in ("GET", "POST")
            ),
            "POST /desk/events/<event_id>/co-hosts",
            *(f"POST /desk/events/<event_id>/materials/<material_id>/{verb}" for verb in ("file", "remove")),
            *("POST /desk/events/<event_id>/edit", "POST /desk/events/<event_id>/cancel", "POST /desk/events/<event_id>/publish"),
            *("POST /desk/events/<event_id>/remove", "GET /desk/newsletters/<newsletter_id>"),
            "POST /desk/newsletters/<newsletter_id>/issues",
        ),
    ),
    (
        EDITORS_ELSE_HIDDEN,
        (
            *("GET /desk/issues/<issue_id>", "POST /desk/issues/<issue_id>", "GET /desk/issues/<issue_id>/checks"),
            *("GET /desk/issues/<issue_id>/letter", "GET /desk/issues/<issue_id>/preview", "POST /desk/issues/<issue_id>/remove"),
            *(f"POST {STEPS}".replace("<step>", step) for step in ("assemble", "submit", "comment", "test-send")),
        ),
    ),
    (
        COORDINATORS,
        (
            *("GET /desk/events/<event_id>/check-in", "POST /desk/events/<event_id>/check-in"),
            *("POST /desk/events/<event_id>/check-in/by-hand", "POST /desk/events/<event_id>/check-in/undo"),
            *("GET /desk/events/<event_id>/attendance.<kind>", "GET /desk/events/<event_id>/figures.csv"),
        ),
    ),
    (CO_HOSTS_TOO, ("GET /desk/events/<event_id>/participants", "GET /desk/events/<event_id>/participants.<kind>")),
    (
        COORDINATORS_ELSE_HIDDEN_FROM_OUTSIDERS,
        (
            *("GET /desk/issues/<issue_id>/progress.json", "GET /desk/issues/<issue_id>/sending"),
            *(
                f"POST {STEPS}".replace("<step>", step)
                for step in ("approve", "reject", "schedule", "send", "pause", "resume", "cancel", "resend", "resolve")
            ),
        ),
    ),
    (
        COORDINATORS_ELSE_HIDDEN,
        (
            "POST /desk/memberships/<membership_id>/approve",
            "POST /desk/memberships/<membership_id>/decline",
        ),
    ),
    (
        OWN_OF_THE_NETWORKS_MEMBER,
        (
            *("GET /me/memberships/<membership_id>/leave", "POST /me/memberships/<membership_id>/leave"),
            "POST /me/memberships/<membership_id>/accept",
        ),
    ),
    (OWN_OF_THE_COORDINATOR, ("POST /me/tokens/<token_id>/withdraw",)),
)
LINES = [(line, expected) for expected, lines in MATRIX for line in lines]
NO_PAGES = ("static", "newsletter_pages.static")  # files for everybody
WRONG = "A" * 32  # as long as a signature


class RolledBack(Exception):
    """Carries the answer out of a transaction that is given up."""

    def __init__(self, answer: TestResponse) -> None:
        self.answer = answer


def pages_of(app: Flask) -> list[str]:
    """Every method of every page; where a rule names what may stand in it, once for each."""
    return [
        f"{method} {path}"
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if method in (rule.methods or ()) and not rule.rule.startswith("/api/v1/") and rule.endpoint not in NO_PAGES
        for path in _each(rule.rule)
    ]


def _each(rule: str) -> list[str]:
    if rule == STEPS:
        return [rule.replace("<step>", name) for name in sending_pages.STEPS]
    found = re.search(r"<any\(([^)]*)\):\w+>", rule)
    return [rule.replace(found[0], name) for name in found[1].split(", ")] if found else [rule]


class Pages(NamedTuple):
    """The world as its people see it on the pages."""

    app: Flask
    callers: Mapping[str, Api]
    values: dict[str, str]
    slugs: dict[str, str]

    def path(self, rule: str) -> str:
        """The address of a page with what it is about in it."""
        values = {**self.values, "slug": self.slugs.get(rule.split("/")[1], "")}
        for name in ("id:event_id", "id:network_id", "id:series_id"):
            rule = rule.replace(f"<{name}>", values[name.removeprefix("id:")])
        for name, value in values.items():
            rule = rule.replace(f"<{name}>", value)
        return rule

    def visitor(self, caller: str) -> Visitor:
        """Somebody with the cookie of their session; anew for each request, for some answers take the cookie away."""
        made = Visitor(self.app, self.app.response_class, use_cookies=True)
        if token := self.callers[caller].token:
            made.set_cookie("session", token)
        return made

    def ask(self, caller: str, line: str) -> str:
        """What becomes of a request that changes nothing."""
        method, rule = line.split(" ", 1)
        typed = {"registration_id": self.values["registration_id"], "entry_id": self.values["attendance_id"]}
        answer = rolled_back(self.visitor(caller), method, self.path(rule), **typed if method == "POST" else {})
        if answer.status_code == 303 and answer.headers["Location"].partition("?")[0] == "/sign-in":
            return SIGN_IN if not rule.startswith("/sign-") else OK
        assert answer.status_code < 500, (line, caller)
        return str(answer.status_code) if answer.status_code in (403, 404) else OK


def rolled_back(visitor: Visitor, method: str, path: str, **typed: str) -> TestResponse:
    """The answer to a request, of which nothing stays."""

    @transactional
    def try_it() -> None:
        raise RolledBack(visitor.open(path, method=method, data=typed, headers=HEADERS, buffered=True))

    try:
        try_it()
    except RolledBack as given_up:
        return given_up.answer
    raise AssertionError


@pytest.fixture
def pages(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> Pages:
    world: World = make_world(app, signed_in, national, regional, other_region)
    values: dict[str, Any] = {
        **world.ids,
        "kind": "csv",
        "name": "arrange-a-theme-day",
        "token": f"{world.ids['registration_id']}.{WRONG}",
    }
    slugs = {
        "events": Event.get(world.ids["event_id"]).slug,
        "networks": regional.slug,
        "newsletters": Newsletter.get(world.ids["newsletter_id"]).slug,
    }
    return Pages(app, world.callers, {name: str(value) for name, value in values.items()}, slugs)


def test_every_page_stands_in_the_matrix_once(shared_app: Flask) -> None:
    assert sorted(line for line, _ in LINES) == sorted(pages_of(shared_app))


@pytest.mark.usefixtures("migrated")
def test_everybody_is_let_in_or_turned_away_as_the_matrix_says(pages: Pages) -> None:
    wrong = []
    for line, expected in LINES:
        callers = CALLERS if expected not in (PUBLIC, BY_LINK) else ("stranger", "member", "administrator")
        for caller in callers:
            found = pages.ask(caller, line)
            if found != expected[CALLERS.index(caller)]:
                wrong.append(f"{line} by {caller}: {found}, not {expected[CALLERS.index(caller)]}")
    assert wrong == []


def test_what_was_tried_has_changed_nothing(pages: Pages) -> None:
    """The negative control of the rolling back: a theme day that a coordinator cancels here is still on."""
    path = f"/desk/events/{pages.values['event_id']}/cancel"
    assert rolled_back(pages.visitor("coordinator"), "POST", path).status_code == 303
    assert Event.get(pages.values["event_id"]).status == "published"
    assert pages.visitor("coordinator").post(path, headers=HEADERS).status_code == 303
    assert Event.get(pages.values["event_id"]).status == "cancelled"
