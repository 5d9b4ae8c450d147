"""What a feature tells the application about itself, and the hooks that must reach every feature.

Each feature has a `feature.py` with one `feature = Feature(...)`; `app.py` lists them in `FEATURES`. There are no signals:
what must reach all of them (check, export, erase, demo data) is one of these callables, looked up on each.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bson import ObjectId
from click import Command
from flask import Blueprint as FlaskBlueprint
from flask import current_app
from flask_babel import LazyString

from network_api.api import Blueprint
from network_api.documents import BaseDocument, Problem
from network_api.mail.message import Addition
from network_api.measures import Gauge
from network_api.migrations import Migration
from network_api.privacy import Holding


class Person(NamedTuple):
    """Whom an export or an erasure is about: by membership, by address, or both."""

    member_id: ObjectId | None
    email_key: str


Counted = Mapping[type[BaseDocument], int]  # how many documents of each class


class Link(NamedTuple):
    """What the frame of every page leads to: an endpoint without arguments, and its name."""

    endpoint: str
    name: LazyString


class PublicPage(NamedTuple):
    """A page for everybody, as search engines are told of it: its path, when it changed, and the languages that it is in."""

    path: str
    changed_at: datetime | None
    languages: tuple[str, ...]


class MessageType(NamedTuple):
    """Something that webhooks tell when it happens: `registration.created`.

    `path` is where the API shows what it is about, below `/api/v1`; `ids` names what the message's data have besides the id,
    the network, the version and the address.
    """

    name: str
    meaning: str
    path: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A feature as `app.py` sees it.

    `check` recounts the feature's invariants on live data; `export_person` returns what is held about somebody, as JSON
    can write it; `erase_person` deletes or anonymises it, inside a transaction, can run twice, and counts
    what it has erased; `demo` makes demo
    data, given what the features before it made. `reviews` are asked, each by its name, about a mail of the feature when
    it is about to be sent: they answer what to add to it, or None where it is not to be sent.
    `register` says of every stored field whether it is personal, and then what for and how long (`network_api.privacy`).
    `commands` are below `network-api`, and run inside the application. `navigation` and `footer` are what the head and the
    foot of every page lead to; `public_pages` are listed for search engines. `gauges` are what `/metrics` tells of the
    feature at this moment, read each time it is asked. `webhooks` are what it tells to other systems when it happens, each by
    one call of `network_api.webhooks.telling.tell` in the transaction that causes it. `migrations` bring up what earlier
    releases have stored.
    """

    name: str
    documents: tuple[type[BaseDocument], ...] = ()
    register: tuple[Holding, ...] = ()
    blueprints: tuple[Blueprint, ...] = ()
    pages: tuple[FlaskBlueprint, ...] = ()
    navigation: tuple[Link, ...] = ()
    footer: tuple[Link, ...] = ()
    commands: tuple[Command, ...] = ()
    public_pages: Callable[[], Iterable[PublicPage]] = tuple
    migrations: tuple[Migration, ...] = ()
    schedule: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[], Iterable[Problem]] = tuple
    export_person: Callable[[Person], Mapping[str, Any]] = lambda person: {}
    erase_person: Callable[[Person], Counted] = lambda person: {}
    reviews: Mapping[str, Callable[[str], Addition | None]] = field(default_factory=dict)
    demo: Callable[[dict[str, Any]], None] = lambda made: None
    let_go: Callable[[], None] = lambda: None
    gauges: Callable[[], Iterable[Gauge]] = tuple
    webhooks: tuple[MessageType, ...] = ()


def features() -> tuple[Feature, ...]:
    """The features of the running application, in their order."""
    listed: tuple[Feature, ...] = current_app.extensions["features"]
    return listed
