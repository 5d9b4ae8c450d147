"""Webhooks: where to, what about, signed by what, and whether they are told at this moment.

active <-> paused       by people; what happens meanwhile waits
   └-> disabled         by the platform, when the other side is gone for good; people make it active again
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from bson import ObjectId
from flask import current_app
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, Row, utcnow
from network_api.errors import Conflict, Invalid
from network_api.outbound import is_public
from network_api.webhooks import signing
from network_api.webhooks.catalogue import ALL, names

ACTIVE, PAUSED, DISABLED = STATES = ("active", "paused", "disabled")
GONE, FAILING = REASONS = ("gone", "failing")
BOTH_SIGN_FOR = timedelta(hours=24)  # after a rotation, so that the other side has time to take the new secret
AT_ONCE = 4  # deliveries to one webhook that are under way at a moment; one while it fails


class NotActive(Conflict):
    """It is not told anything at this moment."""

    code = "webhook_not_active"
    detail = "This webhook is paused or disabled. Resume it first."


class WrongState(Conflict):
    """The step is not possible from the state that the webhook is in."""

    code = "wrong_state"


class ReplayRunning(Conflict):
    """What it was told is being told again already."""

    code = "replay_running"
    detail = "This webhook is being told again already. Wait until that is done."


class WebhookSecret(Part):
    """A secret, encrypted; an older one signs too until it expires."""

    sealed = BinaryField(required=True)
    expires_at = DateTimeField()  # empty: the newest


class Replay(Part):
    """What is being told again: messages by id, from behind one up to another. Of those, what was delivered too, or not."""

    after = ObjectIdField(required=True)
    until = ObjectIdField(required=True)
    delivered_too = BooleanField(required=True, default=False)


def _may_be_told(url: str, *, on_loopback: bool) -> bool:
    """What could never be told is refused at once; for the rest `network_api.outbound` decides, at each attempt."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if parts.username or parts.password or parts.fragment or not url.isascii() or not host:
        return False
    if host == "localhost" or (address is not None and address.is_loopback):
        return on_loopback
    return parts.scheme == "https" and (address is None or is_public(address))


class Webhook(BaseDocument):
    """An address of another system. `failing_since` is when it first failed of those failures that no success came after."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "webhooks",
        "indexes": [("network_id", "_id"), ("types", "_id"), ("state", "_id")],
    }

    network_id = ObjectIdField(required=True)
    name = StringField(required=True, max_length=200)
    url = StringField(required=True, max_length=2000)
    types = ListField(StringField(), required=True)
    state = StringField(required=True, choices=STATES, default=ACTIVE)
    secrets = EmbeddedDocumentListField(WebhookSecret)
    failing_since = DateTimeField()
    disabled_at = DateTimeField()
    disabled_because = StringField(choices=REASONS)
    replay = EmbeddedDocumentField(Replay)

    def clean(self) -> None:
        """The address could be told, and the types are known. Raises Invalid."""
        if unknown := set(self.types) - set(names()):
            raise Invalid(errors={"types": [f"There is no type {name}." for name in sorted(unknown)]})
        if not _may_be_told(self.url, on_loopback=current_app.config["WEBHOOKS_ON_LOOPBACK"]):
            raise Invalid(errors={"url": ["An https address of the public internet, without user, password and #."]})

    @staticmethod
    def wants(row: Row, kind: str) -> bool:
        """Whether a webhook asked to be told of this type."""
        return ALL in row["types"] or kind in row["types"]

    @classmethod
    def is_wanted(cls, kind: str) -> bool:
        """Whether any webhook asked to be told of this type."""
        return cls.row({"types": {"$in": [ALL, kind]}}) is not None

    @classmethod
    def of_networks(cls, network_ids: Iterable[ObjectId]) -> list[Row]:
        """The webhooks of these networks."""
        return cls.rows({"network_id": {"$in": list(network_ids)}})

    def new_secret(self, now: datetime) -> str:
        """Put a new secret first; the one before it signs too for a while. Not stored yet. Returns it, to be shown once."""
        secret = signing.make_secret()
        older = [WebhookSecret(sealed=one.sealed, expires_at=one.expires_at or now + BOTH_SIGN_FOR) for one in self.secrets]
        self.secrets = [WebhookSecret(sealed=signing.seal(self.pk, secret)), *(one for one in older if one.expires_at > now)]
        return secret

    def signed_by(self, now: datetime) -> list[str]:
        """The secrets that sign now, the newest first. Raises SecretLost."""
        live = [one for one in self.secrets if one.expires_at is None or one.expires_at > now]
        return [signing.unseal(self.pk, one.sealed) for one in live]

    def move(self, state: str, *before: str) -> Self:
        """Become active or paused. Raises WrongState."""
        fresh = {"$set": {"state": state}, "$unset": dict.fromkeys(("failing_since", "disabled_at", "disabled_because"), "")}
        moved = self.change({"_id": self.pk, "state": {"$in": list(before)}}, {**fresh, "$inc": {"version": 1}})
        if moved is None:
            raise WrongState(f"A webhook that is {self.state} cannot become {state}.")
        return moved

    @classmethod
    def failed(cls, webhook_id: ObjectId, now: datetime) -> None:
        """Note that it fails, from now on if it has not failed before."""
        cls.alter({"_id": webhook_id, "failing_since": None}, {"$set": {"failing_since": now}})

    def recovered(self) -> None:
        """Note that it takes what it is told."""
        if self.failing_since is not None:
            self.alter({"_id": self.pk, "failing_since": self.failing_since}, {"$unset": {"failing_since": ""}})

    def disable(self, reason: str) -> Self | None:
        """Tell it nothing any more; None where it was not active."""
        values = {"state": DISABLED, "disabled_at": utcnow(), "disabled_because": reason}
        return self.change({"_id": self.pk, "state": ACTIVE}, {"$set": values, "$inc": {"version": 1}})

    def begin_replay(self, replay: Replay) -> Self:
        """Note what is to be told again. Raises NotActive, ReplayRunning."""
        noted = self.change({"_id": self.pk, "state": ACTIVE, "replay": None}, {"$set": {"replay": replay.to_mongo()}})
        if noted is None:
            raise NotActive if self.get(self.pk).state != ACTIVE else ReplayRunning
        return noted
