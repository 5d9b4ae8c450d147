"""Members with their introduction and their consents.

Who may see something is written down beside it, as keys: `public`, `members`, or one `network:<id>` for each network of
the member. A reader holds keys too, so that one indexed filter decides, and narrowing or withdrawing acts at once.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import AlreadyExists, BaseDocument, Part, utcnow
from network_api.errors import NotFound
from network_api.languages import search_terms

AUDIENCES = ("network", "members", "public")
ORGANISATION_TYPES = (
    "association",
    "foundation",
    "municipality",
    "educational_institution",
    "employment_services",
    "company",
    "project",
    "other",
)
CONSENT_WORDING = "2026-11"  # the version of the texts that people consent to, in docs/consents.md


class Organisation(Part):
    """Where somebody works."""

    name = StringField(required=True, max_length=200)
    type = StringField(required=True, choices=ORGANISATION_TYPES)


class Consent(Part):
    """What somebody agreed to, when, and to which wording."""

    audience = StringField(required=True, choices=AUDIENCES)
    given_at = DateTimeField(required=True, default=utcnow)
    wording = StringField(required=True, default=CONSENT_WORDING)


class Introduction(Part):
    """What a member tells others. `visible_to` follows from the audience and the member's networks."""

    text = DictField(required=True)
    offers = ListField(StringField(max_length=80))
    wishes = ListField(StringField(max_length=80))
    consent = EmbeddedDocumentField(Consent, required=True)
    publish_in_newsletter = BooleanField(required=True, default=False)
    newsletter_consent_at = DateTimeField()
    introduced_at = DateTimeField(required=True, default=utcnow)  # when it was first shown: the order of lists
    visible_to = ListField(StringField())
    search = ListField(StringField())


class Member(BaseDocument):
    """A person who signs in. `email_key` is the address as it is compared."""

    meta = {
        "collection": "members",
        "indexes": [
            {"fields": ["email_key"], "unique": True},
            ("visible_to", "name", "_id"),
            ("search", "name", "_id"),
            ("introduction.visible_to", "introduction.introduced_at", "_id"),
            ("introduction.search", "introduction.introduced_at", "_id"),
            {"fields": ["is_administrator"], "sparse": True},
        ],
    }

    email = StringField(required=True)
    email_key = StringField(required=True)
    name = StringField(max_length=200, default="")
    language = StringField(required=True, default="fi", choices=("fi", "sv", "en"))
    organisation = EmbeddedDocumentField(Organisation)
    region = StringField()
    network_ids = ListField(ObjectIdField())  # kept by networks, in the transaction of each joining and leaving
    directory = EmbeddedDocumentField(Consent)  # empty: not in the directory
    visible_to = ListField(StringField())
    search = ListField(StringField())
    introduction = EmbeddedDocumentField(Introduction)
    is_administrator = BooleanField()

    def clean(self) -> None:
        """Work out what follows from the rest: the compared address, who sees what, and what it is found by."""
        self.email_key = email_key(self.email)
        self.visible_to = audience_keys(self.directory.audience, self.network_ids) if self.directory and self.name else []
        self.search = search_terms(self.name, self.organisation and self.organisation.name) if self.visible_to else []
        if self.introduction:
            shown = self.introduction
            shown.visible_to = audience_keys(shown.consent.audience, self.network_ids)
            shown.search = search_terms(self.name, shown.offers, shown.wishes, shown.text)

    @classmethod
    def of_address(cls, address: str, *, language: str = "fi") -> Self:
        """The member with this address, made if there is none."""
        found = cls.first({"email_key": email_key(address)})
        if found is not None:
            return found
        try:
            return cls(email=address, language=language).insert()
        except AlreadyExists:  # made by a sign-in at the same moment
            return cls.get_by_address(address)

    @classmethod
    def get_by_address(cls, address: str) -> Self:
        """The member with this address. Raises NotFound."""
        found = cls.first({"email_key": email_key(address)})
        if found is None:
            raise NotFound
        return found

    def introduce(self, given: Mapping[str, Any]) -> Self:
        """Publish or replace the introduction. Consent is noted anew where what was agreed to changes."""
        before, now = self.introduction, utcnow()
        same = before is not None and before.consent.audience == given["audience"]
        wanted = bool(given["publish_in_newsletter"])
        still = before.newsletter_consent_at if before is not None and before.publish_in_newsletter else None
        made = Introduction(
            text=given["text"],
            offers=given["offers"],
            wishes=given["wishes"],
            consent=before.consent if same else Consent(audience=given["audience"]),
            publish_in_newsletter=wanted,
            newsletter_consent_at=(still or now) if wanted else None,
            introduced_at=before.introduced_at if before else now,
        )
        return self.edit({"introduction": made})[0]

    def withdraw_introduction(self) -> Self:
        """Take the introduction back, with its consent. Raises NotFound where there is none."""
        if self.introduction is None:
            raise NotFound
        return self.edit({"introduction": None})[0]

    def join(self, network_id: ObjectId) -> None:
        """Note that the member belongs to a network: who may see them follows."""
        self._with_networks({*self.network_ids, network_id})

    def leave(self, network_id: ObjectId) -> None:
        """Note that the member has left a network."""
        self._with_networks(set(self.network_ids) - {network_id})

    def _with_networks(self, network_ids: Iterable[ObjectId]) -> None:
        self.edit({"network_ids": sorted(network_ids)})


def audience_keys(audience: str, network_ids: Iterable[ObjectId]) -> list[str]:
    """The keys that open something shown to this audience: any one of them."""
    wider = {"public": ["public"], "members": ["members"], "network": []}[audience]
    return wider or [f"network:{network_id}" for network_id in network_ids]


def reader_keys(caller: Caller) -> list[str]:
    """The keys that this caller holds; an administrator reads what its audience reads, no more."""
    if not caller.is_signed_in:
        return ["public"]
    return ["public", "members", *(f"network:{network_id}" for network_id in caller.roles)]
