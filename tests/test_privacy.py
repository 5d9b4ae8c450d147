"""Every stored field is in the register of personal data, as personal or as telling nothing about anybody."""

from pathlib import Path

import pytest
from mongoengine import EmbeddedDocumentListField, StringField

from network_api.app import FEATURES, documents
from network_api.documents import BaseDocument, Part
from network_api.privacy import Holding, Term, own_fields, with_parts
from network_api.settings import SETTINGS

NOTICE = Path(__file__).parents[1] / "network_api/templates/site/privacy.html"
HOLDINGS = [holding for feature in FEATURES for holding in feature.register]
DOCUMENTS = with_parts(documents())


def faults(holdings: list[Holding], classes: list[type[BaseDocument | Part]]) -> list[str]:
    """What is missing from the register, what stands there twice, and what there is no field for."""
    listed = {holding.document: holding for holding in holdings}
    found = [f"{document.__name__} is missing" for document in classes if document not in listed]
    for document in (document for document in classes if document in listed):
        names = listed[document].listed()
        found += [f"{document.__name__}.{name} is missing" for name in sorted(own_fields(document) - set(names))]
        found += [f"{document.__name__}.{name} is no field" for name in sorted(set(names) - own_fields(document))]
        found += [f"{document.__name__}.{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    return found


def test_every_field_of_every_stored_class_is_in_the_register() -> None:
    assert faults(HOLDINGS, DOCUMENTS) == []
    assert [holding.name for holding in HOLDINGS if holding.document not in DOCUMENTS] == []
    assert len(HOLDINGS) == len(DOCUMENTS)


def test_each_feature_tells_of_its_own_classes() -> None:
    for feature in FEATURES:
        told = {holding.document for holding in feature.register if issubclass(holding.document, BaseDocument)}
        assert told == set(feature.documents), feature.name


def test_what_is_personal_has_a_purpose_a_basis_and_a_term() -> None:
    settings = {setting.name for setting in SETTINGS}
    for holding in HOLDINGS:
        for field in holding.personal:
            assert field.purpose.endswith("."), (holding.name, field)
            assert field.basis[:4] in ("6(1)", "9(2)"), (holding.name, field)
            assert field.term.setting is None or field.term.setting in settings, (holding.name, field)


class Inside(Part):
    """A part of a class that is forgotten in the register."""

    address = StringField()


class Forgotten(BaseDocument):
    """A class of which only one field is in the register."""

    meta = {"collection": "forgotten"}

    id = StringField(primary_key=True)
    known = StringField()
    unknown = StringField()
    parts = EmbeddedDocumentListField(Inside)


@pytest.mark.parametrize(
    ("holdings", "expected"),
    [
        ([], ["Forgotten is missing", "Inside is missing"]),
        (
            [Holding(Forgotten, other="known, parts, made_up, known"), Holding(Inside, other="address")],
            [
                "Forgotten.id is missing",
                "Forgotten.unknown is missing",
                "Forgotten.made_up is no field",
                "Forgotten.known is there twice",
            ],
        ),
    ],
)
def test_a_field_that_was_forgotten_is_found(holdings: list[Holding], expected: list[str]) -> None:
    """The negative control: also of a part, and an id that is made of something."""
    assert faults(holdings, with_parts([Forgotten])) == expected


def test_the_notice_tells_every_term_that_is_a_setting() -> None:
    terms: set[Term] = {field.term for holding in HOLDINGS for field in holding.personal}
    text = NOTICE.read_text()
    assert [term.setting for term in terms if term.setting and f"config.{term.setting}" not in text] == []
