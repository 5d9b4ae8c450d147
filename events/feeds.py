"""Verbs of the personal calendar: give somebody its address, take it back, and what is in it."""

from bson import ObjectId
from flask import current_app

from events.calendar import AHEAD, MOST, PAST
from events.documents import Event
from events.feed_documents import CalendarLink
from events.registration_documents import CANCELLED, Registration, owner_keys
from network_api.documents import Row, transactional, utcnow
from network_api.members.documents import Member


@transactional
def give_address(member_id: ObjectId | None) -> Row:
    """The address of a member's calendar, a new one each time; the old one is void."""
    CalendarLink.remove({"member_id": member_id})
    return as_row(CalendarLink(member_id=member_id).insert())


@transactional
def take_address_back(link: CalendarLink) -> None:
    """Make the address void."""
    CalendarLink.remove({"_id": link.pk})


def as_row(link: CalendarLink) -> Row:
    """The stored row with the whole address."""
    return {**link.to_mongo(), "url": f"{current_app.config['PUBLIC_URL']}/calendar/{link.token}.ics"}


def own_theme_days(link: CalendarLink) -> list[tuple[Registration, Event]]:
    """The member's registrations that stand, each with its theme day, from 90 days ago until two years ahead."""
    member = Member.get(link.member_id)
    mine = {"owners": {"$in": owner_keys(member.pk, member.email_key)}}
    standing = [row for row in Registration.rows(mine, sort=[("_id", -1)], limit=MOST) if row["status"] != CANCELLED]
    events = Event.by_ids(row["event_id"] for row in standing)
    first, last = utcnow() - PAST, utcnow() + AHEAD
    return [
        (Registration.wrap(row), Event.wrap(event))
        for row in standing
        if (event := events.get(row["event_id"])) and first <= event["starts_at"] < last
    ]
