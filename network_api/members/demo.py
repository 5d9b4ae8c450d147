"""Demo members: who they are, where they work, what they tell others and to whom they consented to show it.

The other features get more people than members, for theme days and letters take no account: `made["people"]`.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

from network_api import demo
from network_api.languages import slugify
from network_api.members.documents import Consent, Introduction, Member, Organisation

_STRIDE = 241  # shares no factor with the number of names, so that each comes up once, and neighbours differ


def make(made: dict[str, Any]) -> None:
    """Make the members: `made["members"]` by address, `made["organisations"]` by key, and `made["people"]`."""
    texts = demo.content(__file__)
    organisations = {key: Organisation(**given) for key, given in texts["organisations"].items()}
    members = [_member(given, organisations) for given in texts["members"]]
    Member.insert_all(members)
    made["members"] = {member.email: member for member in members}
    made["organisations"] = organisations
    made["people"] = _people(texts)


def _people(texts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Some seven hundred invented people, by name and address."""
    names = [(first, last) for last, first in product(texts["last_names"], texts["first_names"])]
    mixed = [names[place * _STRIDE % len(names)] for place in range(len(names))]
    return [{"name": f"{first} {last}", "email": f"{slugify(first)}.{slugify(last)}@example.org"} for first, last in mixed]


def _member(given: Mapping[str, Any], organisations: Mapping[str, Organisation]) -> Member:
    joined = demo.working_day(-given["days"], "10:00")
    return Member(
        email=given["email"],
        name=given["name"],
        language=given.get("language", "fi"),
        organisation=organisations[given["organisation"]],
        region=given["region"],
        directory=Consent(audience=given["directory"], given_at=joined) if "directory" in given else None,
        introduction=_introduction(given["introduction"], given["days"]) if "introduction" in given else None,
        created_at=joined,
        updated_at=joined,
    )


def _introduction(given: Mapping[str, Any], days: int) -> Introduction:
    introduced_at = demo.working_day(-given.get("days", days), "10:00")
    wanted = given.get("newsletter", False)
    return Introduction(
        text=given["text"],
        offers=given.get("offers", []),
        wishes=given.get("wishes", []),
        consent=Consent(audience=given["audience"], given_at=introduced_at),
        publish_in_newsletter=wanted,
        newsletter_consent_at=introduced_at if wanted else None,
        introduced_at=introduced_at,
    )
