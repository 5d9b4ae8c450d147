"""The mails of theme days. Every one about a registration carries its manage link."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from events import times
from events.documents import Event, open_materials, title_of
from events.registration_documents import CONFIRMED, JOIN, MANAGE, Registration
from events.seating import ONSITE, REMOTE
from network_api.auth import links
from network_api.documents import Row, utcnow
from network_api.languages import in_language
from network_api.mail.message import MailMessage, Review, compose

# The last look at a mail when it is sent; see reviews.py.
INVITATION, CANCELLATION = "registration.invitation", "registration.cancellation"
STANDING, OFFER = "registration.standing", "registration.offer"
REMINDER, THANKS = "registration.reminder", "registration.thanks"
_REVIEWS = {
    **dict.fromkeys(("confirmed", "promoted", "switched", "event_changed"), INVITATION),
    **dict.fromkeys(("cancelled", "offer_ended", "event_cancelled"), CANCELLATION),
    **dict.fromkeys(("waiting", "link_again", "join_link_again"), STANDING),
    "offered": OFFER,
    "reminder": REMINDER,
    "thanks": THANKS,
}


def confirmed(registration: Registration, event: Event) -> MailMessage:
    """To somebody who has a seat."""
    return _about(registration, event, "confirmed")


def waiting(registration: Registration, event: Event, position: int) -> MailMessage:
    """To somebody who stands in the queue; `position` is counted from 1."""
    return _about(registration, event, "waiting", position=position)


def promoted(registration: Registration, event: Event) -> MailMessage:
    """To somebody who waited and now has a seat."""
    return _about(registration, event, "promoted")


def offered(registration: Registration, event: Event) -> MailMessage:
    """To somebody who waited and is offered a seat for a while."""
    offer = registration.offer
    until = moment(event, offer.expires_at, registration.language)
    return _about(registration, event, "offered", until=until, offered_mode=offer.mode)


def offer_ended(registration: Registration, event: Event, *, lapsed: bool) -> MailMessage:
    """To somebody whose offered seat goes to the next, because they declined it or did not answer in time."""
    return _about(registration, event, "offer_ended", lapsed=lapsed)


def switched(registration: Registration, event: Event) -> MailMessage:
    """To somebody who takes part in another way now."""
    return _about(registration, event, "switched")


def cancelled(registration: Registration, event: Event) -> MailMessage:
    """To somebody whose registration has been cancelled."""
    return _about(registration, event, "cancelled")


def link_again(registration: Registration, event: Event) -> MailMessage:
    """To somebody who tried to register a second time."""
    return _about(registration, event, "link_again", cause=f"link:{registration.reminded_at.isoformat()}")


def group_registered(contact: Mapping[str, str], registered: Sequence[Row], event: Event) -> MailMessage:
    """To somebody who registered their colleagues: what became of each."""
    language = registered[0]["language"]
    return compose(
        f"event:{event.pk}:group:{registered[0]['_id']}",
        contact["email"],
        language,
        "events/group_registered.txt",
        name=contact["name"],
        people=registered,
        title=title_of(event, language),
        day=day_of(event, language),
        hours=hours_of(event, language),
    )


def co_host_invited(coordinator: Row, event: Event, host: Row, invited: Row) -> MailMessage:
    """To a coordinator of a network that is asked to arrange a theme day too; each invitation is a cause of its own."""
    language = coordinator["language"]
    return compose(
        f"event:{event.pk}:co-host-invited:{event.version}:{invited['_id']}:{coordinator['_id']}",
        coordinator["email"],
        language,
        "events/co_host_invited.txt",
        name=coordinator.get("name"),
        host=in_language(host["name"], language),
        network=in_language(invited["name"], language),
        title=title_of(event, language),
        day=day_of(event, language),
        hours=hours_of(event, language),
        address=f"{current_app.config['PUBLIC_URL']}/desk/events/{event.pk}/co-hosts",
    )


def join_link_again(registration: Registration, event: Event) -> MailMessage:
    """To a participant whose join link is a new one."""
    return _about(registration, event, "join_link_again")


def event_changed(registration: Registration, event: Event, cause: str) -> MailMessage:
    """To those who are registered, when the time or their place changes."""
    return _about(registration, event, "event_changed", cause=cause)


def event_cancelled(registration: Registration, event: Event, cause: str) -> MailMessage:
    """To everybody who is registered, when the theme day is called off."""
    reason = in_language(event.cancel_reason, registration.language)
    return _about(registration, event, "event_cancelled", cause=cause, reason=reason)


def reminder(registration: Registration, event: Event, cause: str) -> MailMessage:
    """To everybody who has a seat, some hours before it begins."""
    return _about(registration, event, "reminder", cause=cause)


def thanks(registration: Registration, event: Event, cause: str) -> MailMessage:
    """To everybody who took part, some hours after its end; with the materials and recordings that have opened by then."""
    language, found = registration.language, open_materials(event.to_mongo(), utcnow())
    named = [(in_language(each["title"], language), material_link(registration, each), each["kind"]) for each in found]
    return _about(registration, event, "thanks", cause=cause, materials=named)


def _about(registration: Registration, event: Event, what: str, *, cause: str | None = None, **values: Any) -> MailMessage:
    language = registration.language
    return compose(
        f"registration:{registration.pk}:{cause or f'{what}:{registration.version}'}",
        registration.email,
        language,
        f"events/{what}.txt",
        review=Review(_REVIEWS[what], str(registration.pk)) if what in _REVIEWS else None,
        registration=registration,
        event=event,
        title=title_of(event, language),
        day=day_of(event, language),
        hours=hours_of(event, language),
        directions=_directions(event, language),
        manage_link=manage_link(registration),
        join_link=join_link(registration),
        ticket_link=ticket_link(registration),
        **values,
    )


def _directions(event: Event, language: str) -> str:
    return in_language(event.venue.directions, language) if event.venue else ""


def manage_link(registration: Registration) -> str:
    """The address of a registration's own page; whoever has it may change and cancel."""
    return (
        f"{current_app.config['PUBLIC_URL']}/manage/registrations/{links.make_token(MANAGE, registration.pk, registration.nonce)}"
    )


def join_link(registration: Registration) -> str | None:
    """The address of the participant's own door to the remote room; None for who has no remote seat, or a revoked link."""
    if registration.status != CONFIRMED or registration.mode != REMOTE or registration.join_revoked_at:
        return None
    token = links.make_token(JOIN, registration.pk, registration.nonce_for(JOIN))
    return f"{current_app.config['PUBLIC_URL']}/join/{token}"


def ticket_link(registration: Registration) -> str | None:
    """The address of the QR code that opens the door on site; None for who has no seat there."""
    if registration.status != CONFIRMED or registration.mode != ONSITE:
        return None
    token = links.make_token(MANAGE, registration.pk, registration.nonce)
    return f"{current_app.config['PUBLIC_URL']}/api/v1/manage/registrations/{token}/ticket.svg"


def material_link(registration: Registration, material: Row) -> str:
    """The address of a material, or of its file for who has the manage link."""
    token = links.make_token(MANAGE, registration.pk, registration.nonce)
    base = f"{current_app.config['PUBLIC_URL']}/api/v1/manage/registrations/{token}/materials"
    return str(material.get("url") or f"{base}/{material['material_id']}/file")


def day_of(event: Event, language: str) -> str:
    """The day of the start, in words, where the theme day is."""
    return times.day(event.starts_at, event.timezone, language)


def hours_of(event: Event, language: str) -> str:
    """From when to when, in the theme day's own zone, which is named; with the last day where it is another one."""
    return f"{times.hours(event.starts_at, event.ends_at, event.timezone, language)} ({event.timezone})"


def moment(event: Event, instant: datetime, language: str) -> str:
    """An instant as people at the theme day read it, inside a sentence."""
    return f"{times.moment(instant, event.timezone, language)} ({event.timezone})"
