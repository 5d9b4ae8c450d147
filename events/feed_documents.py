"""The address of a member's personal calendar: known to nobody else, until it is renewed or taken back."""

from secrets import token_hex
from typing import ClassVar, Self

from bson import ObjectId
from mongoengine import ObjectIdField, StringField

from network_api.auth import links
from network_api.documents import BaseDocument
from network_api.errors import NotFound

FEED = "calendar.feed"


class CalendarLink(BaseDocument):
    """The address of somebody's personal calendar."""

    meta: ClassVar[dict[str, object]] = {
        "collection": "calendar_links",
        "indexes": [{"fields": ["member_id"], "unique": True}],
    }

    member_id = ObjectIdField(required=True)
    nonce = StringField(required=True, default=lambda: token_hex(8))

    @property
    def token(self) -> str:
        """What the address ends in."""
        return links.make_token(FEED, self.pk, self.nonce)

    @classmethod
    def of_member(cls, member_id: ObjectId | None) -> Self:
        """The address of a member. Raises NotFound for who has none."""
        found = cls.first({"member_id": member_id})
        if found is None:
            raise NotFound("You have no calendar address. POST makes one.")
        return found

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The address that a token is of. Raises NotFound, also for one that was renewed or taken back."""
        found = cls.first({"_id": links.identifier_of(token)})
        if found is None or not links.is_genuine(token, FEED, found.nonce):
            raise NotFound
        return found
