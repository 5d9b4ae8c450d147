"""Shapes of what people tell the site."""

from marshmallow import fields, validate

from network_api.schemas import EmailAddress, Schema, no_surrogates

LONGEST_MESSAGE = 5000


class FeedbackRequest(Schema):
    """What did not work for somebody; with their address, if they want an answer."""

    message = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=LONGEST_MESSAGE), no_surrogates],
        metadata={"example": "Kartan tekstit eivät suurene."},
    )
    email = EmailAddress(load_default=None)
