"""What is kept about people by theme days: see `network_api.privacy`.

Terms of participants are settings, in days from the end of the theme day; `retention.py` takes out what is kept no longer.
What has no such term tells nothing about a person once the others are gone: the figures are made of it.
"""

from flask_babel import lazy_gettext

from events.attendance_documents import Attendance
from events.documents import Event, Partner, Remote, Venue
from events.feed_documents import CalendarLink
from events.material_documents import Material, MaterialFile
from events.needs_documents import Needs
from events.notice_documents import Notice
from events.registration_documents import Offer, Registration
from events.retention_documents import RetentionProof
from events.seating import Quota, Seats
from events.series_documents import Series
from network_api.privacy import INTEREST, SENSITIVE, SERVICE, Field, Holding, Term

REGISTERED = Term("after the theme day", "RETAIN_REGISTRATIONS_DAYS")
NEEDED = Term("after the theme day", "RETAIN_NEEDS_DAYS")
FIGURES = Term("stays, for the figures, without a name")
ANNOUNCED = Term("as long as the theme day is announced")
_SEAT = "To hold the seat and the place in the queue; stays as a number of the figures."
_LINKS = "To check the links and tickets of the person."
_LEDGER = "To show that somebody came, and how that is known; stays as a number of the figures."
_FIGURES = lazy_gettext("That somebody took a seat, from where, and whether they came: for the figures. Who it was is gone.")

REGISTER = (
    Holding(
        Event,
        (
            Field("agenda", "Who speaks, as the programme tells.", INTEREST, ANNOUNCED),
            Field("remote", "The address of the remote meeting; opened to who takes part.", SERVICE, ANNOUNCED),
        ),
        other="status, seats, quotas, seats_version, is_full, queue, network_id, co_hosts, partners, quotas_until, series_id,"
        " network_ids, slug, title, summary, description, topics, starts_at, ends_at, timezone, registration_opens_at,"
        " registration_closes_at, opens_at, closes_at, closed_until, venue, modes, offer_hours, reminder_hours, thanks_hours,"
        " feedback_url, held, questions, materials, published_at, cancelled_at, cancel_reason, visible_to, search",
    ),
    Holding(Seats, other="capacity, available, taken, offered, waiting, overbooked"),
    Holding(Quota, other="unused, waiting"),
    Holding(Venue, other="name, address, directions, accessibility"),
    Holding(Remote, other="join_url, platform, opens_minutes_before"),
    Holding(Partner, other="state, invited_at, answered_at, quota, quota_until"),
    Holding(Series, other="network_id, title, description, template_id, joined"),
    Holding(Material, other="material_id, title, kind, audience, opens, opens_at, url, file_id, filename, content_type, size"),
    Holding(MaterialFile, other="event_id, unused_at"),
    Holding(
        Registration,
        (
            Field("name", "To know who comes; on the ticket, the list at the door and the certificate.", SERVICE, REGISTERED),
            Field("email, email_key", "To write about the theme day; one registration for each address.", SERVICE, REGISTERED),
            Field("organisation", "The list of participants. Its type alone stays for the figures.", SERVICE, REGISTERED),
            Field("answers, asked", "What the organiser asked to arrange the day.", SERVICE, REGISTERED),
            Field("member_id, owners", "To show members their own registrations.", SERVICE, REGISTERED),
            Field("search", "To find the person in the list.", SERVICE, REGISTERED),
            Field("nonce, join_nonce, join_revoked_at, reminded_at", _LINKS, SERVICE, REGISTERED),
            Field("event_id, mode, status, active, waiting_for, queue_number", _SEAT, SERVICE, FIGURES),
            Field("offer, network_id, holds_quota", _SEAT, SERVICE, FIGURES),
            Field("confirmed_at, cancelled_at, cancelled_by", _SEAT, SERVICE, FIGURES),
            Field("region, language", "Figures: from where people come, and in which language.", INTEREST, FIGURES),
            Field("attended_at, attended_mode, attended_minutes, attendance_version", _LEDGER, INTEREST, FIGURES),
        ),
        after_erasure=_FIGURES,
    ),
    Holding(Offer, (Field("mode, expires_at, of_quota", _SEAT, SERVICE, FIGURES),)),
    Holding(
        Needs,
        (
            Field("needs", "To make taking part possible. It may tell of health, so its term is short.", SENSITIVE, NEEDED),
            Field("diet", "To tell the kitchen. It may tell of health or religion, so its term is short.", SENSITIVE, NEEDED),
            Field("event_id", "To find them with their theme day.", SENSITIVE, NEEDED),
        ),
    ),
    Holding(
        Attendance,
        (
            Field("void_reason", "Why an entry does not count.", INTEREST, REGISTERED),
            Field(
                "event_id, registration_id, source, cause, mode, at, minutes, state, recorded_by, voided_at, voided_by",
                _LEDGER,
                INTEREST,
                FIGURES,
            ),
        ),
    ),
    Holding(Notice, other="event_id, kind, modes, planned_for, state, due_at, fence, after, mailed"),
    Holding(
        CalendarLink,
        (Field("member_id, nonce", "To check the calendar address of a member.", SERVICE, Term("until they take it back")),),
    ),
    Holding(RetentionProof, other="event_id, kind, ends_at, started_at, done_at, after, people"),
)
