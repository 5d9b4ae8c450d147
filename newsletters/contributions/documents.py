"""Contributions: news and practices in a network's own words. A newsletter that reaches the network tells each once."""

from collections.abc import Iterable
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import (
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, session, utcnow
from network_api.errors import Conflict, Invalid

NEWS, PRACTICES = CONTRIBUTED_SECTIONS = ("news", "practices")


class AlreadyTold(Conflict):
    """A letter has told it as it was, so that it can be withdrawn and not rewritten."""

    code = "already_told"
    detail = "A letter has told this already. Withdraw it, or contribute what is new."


class ContributedLink(Part):
    """A link below the text."""

    url = StringField(required=True)
    label = DictField(required=True)


class ContributedImage(Part):
    """A picture, with what it shows in words for those who do not see it."""

    url = StringField(required=True)
    alt = DictField(required=True)


class Contribution(BaseDocument):
    """A piece of news, or a practice worth sharing."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "contributions",
        "indexes": [
            ("network_id", "_id"),
            ("network_id", "section", "_id"),
            ("network_id", "created_at", "_id"),
            ("author_id", "_id"),
        ],
    }

    network_id = ObjectIdField(required=True)
    section = StringField(required=True, choices=CONTRIBUTED_SECTIONS)
    title = DictField(required=True)
    text = DictField(required=True)
    links = EmbeddedDocumentListField(ContributedLink)
    image = EmbeddedDocumentField(ContributedImage)
    author_id = ObjectIdField()  # empty once its author has been erased
    told_at = DateTimeField()  # when the first letter with it began to go out

    def clean(self) -> None:
        """A text is in the languages of its title, and so are the words for a picture."""
        errors = {}
        if self.text.keys() != self.title.keys():
            errors["text"] = ["In the same languages as the title."]
        if self.image and not self.text.keys() <= self.image.alt.keys():
            errors["image"] = ["Say what it shows in each language of the text."]
        if errors:
            raise Invalid(errors=errors)

    @classmethod
    def tell(cls, identifiers: Iterable[ObjectId]) -> None:
        """Note that a letter with these begins to go out."""
        untold = {"_id": {"$in": list(identifiers)}, "told_at": None}
        cls.collection().update_many(untold, {"$set": {"told_at": utcnow()}}, session=session())
