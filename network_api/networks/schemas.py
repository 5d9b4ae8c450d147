"""Shapes of networks, regions and memberships."""

from marshmallow import fields, validate

from network_api.auth.caller import ROLES
from network_api.members.schemas import OrganisationSchema
from network_api.networks.documents import NATIONAL, REGIONAL, STATES
from network_api.regions import REGIONS
from network_api.schemas import Day, EmailAddress, Id, Instant, LanguageMap, Line, PageQuery, Resource, Schema, Slug


class NetworkRequest(Schema):
    """A network to found. Without a slug it gets one from its name."""

    slug = Slug()
    name = LanguageMap(required=True, most=200, example="Keski-Suomen työhönvalmentajat")
    kind = fields.String(required=True, validate=validate.OneOf((REGIONAL, NATIONAL)))
    regions = fields.List(
        fields.String(validate=validate.OneOf(REGIONS)), validate=validate.Length(max=19), metadata={"example": ["FI-08"]}
    )
    parent_id = Id(allow_none=True, metadata={"description": "The national network above it."})
    description = LanguageMap(allow_none=True, example="Tapaamme neljä kertaa vuodessa.")
    topics = fields.List(Line(most=80), validate=validate.Length(max=30), metadata={"example": ["työnantajayhteistyö"]})
    coordinating_organisation = fields.Nested(OrganisationSchema, allow_none=True)
    coordination_ends_on = Day(allow_none=True)


class NetworkPatch(Schema):
    """What can be changed of a network; its kind stays."""

    slug = Slug()
    name = LanguageMap(most=200, example="Keski-Suomen työhönvalmentajat")
    regions = fields.List(
        fields.String(validate=validate.OneOf(REGIONS)), validate=validate.Length(max=19), metadata={"example": ["FI-08"]}
    )
    parent_id = Id(allow_none=True)
    description = LanguageMap(allow_none=True, example="Tapaamme neljä kertaa vuodessa.")
    topics = fields.List(Line(most=80), validate=validate.Length(max=30), metadata={"example": ["työnantajayhteistyö"]})
    coordinating_organisation = fields.Nested(OrganisationSchema, allow_none=True)
    coordination_ends_on = Day(allow_none=True)


class NetworkSchema(Resource, NetworkRequest):
    """A network."""


class NetworkQuery(PageQuery):
    """Filters of networks."""

    q = fields.String(
        validate=validate.Length(max=200), metadata={"description": "Words, or beginnings of words.", "example": "keski"}
    )
    kind = fields.String(validate=validate.OneOf((REGIONAL, NATIONAL)), metadata={"description": "Only this kind."})
    region = fields.String(
        validate=validate.OneOf(REGIONS), metadata={"description": "Networks that serve this region.", "example": "FI-08"}
    )


class NetworkLinkSchema(Schema):
    """A network by name."""

    id = Id(attribute="_id", dump_only=True)
    slug = Slug(dump_only=True)
    name = LanguageMap(dump_only=True, example="Keski-Suomen työhönvalmentajat")


class RegionSchema(Schema):
    """One of Finland's regions, with the networks that serve it."""

    code = fields.String(dump_only=True, metadata={"example": "FI-08", "description": "ISO 3166-2:FI"})
    name = LanguageMap(dump_only=True, example="Keski-Suomi")
    networks = fields.List(fields.Nested(NetworkLinkSchema), dump_only=True)


class RegionsSchema(Schema):
    """All 19 regions."""

    items = fields.List(fields.Nested(RegionSchema), dump_only=True)


class MembershipRequest(Schema):
    """Empty: ask to join, for oneself. With `email`: invite somebody, as a coordinator."""

    email = EmailAddress(metadata={"rare": True})
    role = fields.String(validate=validate.OneOf(ROLES), metadata={"rare": True})


class MembershipPatch(Schema):
    """Accept or approve (`active`), leave or end (`left`), or change the role."""

    state = fields.String(validate=validate.OneOf(("active", "left")))
    role = fields.String(validate=validate.OneOf(ROLES), metadata={"rare": True})


class MembershipSchema(Resource):
    """A person's place in a network, for its coordinators and for the person."""

    network_id = Id(dump_only=True)
    email = EmailAddress(dump_only=True)
    member_id = Id(dump_only=True, allow_none=True)
    role = fields.String(dump_only=True, validate=validate.OneOf(ROLES))
    state = fields.String(dump_only=True, validate=validate.OneOf(STATES))
    joined_at = Instant(dump_only=True, allow_none=True)
    left_at = Instant(dump_only=True, allow_none=True)


class MembershipQuery(PageQuery):
    """Filters of memberships."""

    state = fields.String(validate=validate.OneOf(STATES), metadata={"description": "Only memberships in this state."})
