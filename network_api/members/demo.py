"""Demo members: who they are, where they work, what they tell others and to whom they consented to show it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from network_api import demo
from network_api.members.documents import Consent, Introduction, Member, Organisation


def make(made: dict[str, Any]) -> None:
    """Make the members; `made["members"]` has them by address."""
    texts = demo.content(__file__)
    organisations = {key: Organisation(**given) for key, given in texts["organisations"].items()}
    members = [_member(given, organisations) for given in texts["members"]]
    demo.store(members)
    made["members"] = {member.email: member for member in members}
    made["organisations"] = organisations


def _member(given: Mapping[str, Any], organisations: Mapping[str, Organisation]) -> Member:
    joined = demo.working_day(-given["days"], "10:00")
    return Member(
        email=given["email"],
        name=given["name"],
        language=given.get("language", "fi"),
        organisation=organisations[given["organisation"]],
        region=given["region"],
        directory=Consent(audience=given["directory"], given_at=joined) if "directory" in given else None,
        introduction=_introduction(given["introduction"], joined) if "introduction" in given else None,
        created_at=joined,
        updated_at=joined,
    )


def _introduction(given: Mapping[str, Any], introduced_at: datetime) -> Introduction:
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
