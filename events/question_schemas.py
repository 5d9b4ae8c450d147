"""Shapes of the organiser's questions."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from events.questions import LONGEST_TEXT, TEXT, TYPES, WITH_OPTIONS
from events.seating import MODES
from network_api.schemas import Flag, LanguageMap, Schema, Whole

MOST_QUESTIONS, MOST_OPTIONS = 50, 50


def _distinct(entries: Sequence[dict[str, Any]]) -> None:
    if len({entry["id"] for entry in entries}) < len(entries):
        raise ma.ValidationError("Each needs an id of its own.")


class Key(fields.String):
    """The id of a question or an option; answers name it, so it stays when the label changes."""

    def __init__(self, **kwargs: Any) -> None:
        words = validate.Regexp(r"\A[A-Za-z0-9_-]{1,60}\Z", error="1 to 60 letters a-z, digits, hyphens and underscores.")
        super().__init__(validate=words, **kwargs)


class OptionSchema(Schema):
    """One of the answers to choose from."""

    id = Key(required=True, metadata={"example": "kasvis"})
    label = LanguageMap(required=True, most=500, example="Kasvisruoka")


class AskedSchema(Schema):
    """A question as it read when it was answered, with the options that were chosen."""

    id = Key(required=True, metadata={"example": "diet"})
    type = fields.String(load_default=TEXT, validate=validate.OneOf(TYPES))
    label = LanguageMap(required=True, most=2000, example="Ruokavalio")
    options = fields.Nested(
        OptionSchema,
        many=True,
        allow_none=True,
        load_default=None,
        validate=[validate.Length(max=MOST_OPTIONS), _distinct],
        metadata={"description": "What to choose from, for `choice` and `multiple_choice`.", "example": None},
    )


class QuestionSchema(AskedSchema):
    """A question on the registration form. A `consent` that is required must be given."""

    required = Flag(load_default=False, metadata={"example": False})
    modes = fields.List(
        fields.String(validate=validate.OneOf(MODES)),
        allow_none=True,
        load_default=None,
        validate=validate.Length(min=1),
        metadata={"description": "Asked of those who take part in these modes; null: of everybody.", "example": None},
    )
    max_length = Whole(
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, LONGEST_TEXT),
        metadata={"description": "Characters, for `text`.", "example": None},
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        """Options are for choices, and a length is for texts."""
        if bool(data["options"]) != (data["type"] in WITH_OPTIONS):
            raise ma.ValidationError("A choice needs options, and nothing else has any.", "options")
        if data["max_length"] is not None and data["type"] != TEXT:
            raise ma.ValidationError("Only a text has a length.", "max_length")


class Questions(fields.Nested):
    """The questions of a theme day, in their order."""

    def __init__(self) -> None:
        super().__init__(QuestionSchema, many=True, validate=[validate.Length(max=MOST_QUESTIONS), _distinct])
