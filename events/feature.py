"""Theme days, as the application sees them."""

from collections.abc import Mapping
from typing import Any

from events import (
    attendance,
    attendance_routes,
    certificate_pages,
    check_in_pages,
    cohost_routes,
    demo,
    desk_pages,
    door_pages,
    export_routes,
    feed_pages,
    feed_routes,
    figure_routes,
    group_routes,
    manage_pages,
    material_routes,
    part_pages,
    privacy_routes,
    public_pages,
    queueing,
    registering_pages,
    registration_routes,
    routes,
    series_routes,
    tasks,
    ticket_routes,
    webhooks,
)
from events.attendance_documents import Attendance
from events.checking import check
from events.documents import Event
from events.feed_documents import CalendarLink
from events.material_documents import MaterialFile
from events.migrations import MIGRATIONS
from events.needs_documents import NEEDS, Needs
from events.notice_documents import Notice
from events.privacy import REGISTER
from events.registration_documents import BY_ERASURE, Registration, owner_keys
from events.retention_documents import RetentionProof
from events.reviews import REVIEWS
from events.series_documents import Series
from network_api.feature import Counted, Feature, Person


def _of(person: Person) -> list[Mapping[str, Any]]:
    return Registration.rows({"owners": {"$in": owner_keys(person.member_id, person.email_key)}})


def export_person(person: Person) -> Mapping[str, Any]:
    """The person's registrations, each with the theme day it is for and what the ledger of attendance says."""
    found = _of(person)
    events = Event.by_ids(row["event_id"] for row in found)
    needs = Needs.by_ids(row["_id"] for row in found)
    kept = ("nonce", "join_nonce", "search", "owners")
    return {
        "registrations": [
            {
                **{name: value for name, value in row.items() if name not in kept},
                **{name: needs.get(row["_id"], {}).get(name) for name in NEEDS},
                "event_title": events.get(row["event_id"], {}).get("title"),
                "attendance": [entry.to_mongo().to_dict() for entry in Attendance.of(row["_id"])],
            }
            for row in found
        ],
        "calendar_address_since": next((row["created_at"] for row in CalendarLink.rows({"member_id": person.member_id})), None),
    }


def erase_person(person: Person) -> Counted:
    """Give the person's coming seats to those who wait, and take out of past registrations who it was."""
    registrations = [Registration.wrap(row) for row in _of(person)]
    needs = Needs.by_ids(found.pk for found in registrations)
    for found in registrations:
        event = Event.get(found.event_id)
        if found.is_live and not event.is_over:
            queueing.withdraw(event, found, BY_ERASURE)
        attendance.anonymise(found.fresh())
    links = CalendarLink.remove({"member_id": person.member_id})
    return {Registration: len(registrations), Needs: len(needs), CalendarLink: links}


feature = Feature(
    name="events",
    documents=(Event, Series, MaterialFile, Registration, Needs, Attendance, Notice, CalendarLink, RetentionProof),
    register=REGISTER,
    blueprints=(
        routes.blueprint,
        registration_routes.blueprint,
        cohost_routes.blueprint,
        attendance_routes.blueprint,
        ticket_routes.blueprint,
        export_routes.blueprint,
        feed_routes.blueprint,
        figure_routes.blueprint,
        group_routes.blueprint,
        material_routes.blueprint,
        privacy_routes.blueprint,
        series_routes.blueprint,
    ),
    pages=(
        registering_pages.pages,
        manage_pages.pages,
        door_pages.pages,
        public_pages.pages,
        certificate_pages.pages,
        desk_pages.pages,
        part_pages.pages,
        check_in_pages.pages,
        feed_pages.blueprint,
    ),
    public_pages=public_pages.listed,
    schedule=tasks.SCHEDULE,
    migrations=MIGRATIONS,
    check=check,
    reviews=REVIEWS,
    export_person=export_person,
    erase_person=erase_person,
    demo=demo.make,
    webhooks=webhooks.TYPES,
)
