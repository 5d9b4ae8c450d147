"""Certificates of attendance: a tagged PDF for who came, and a code by which anybody can check one.

A code is Base32 of the registration's id and the first 8 bytes of an HMAC over it and its nonce, in groups of four. It is
worked out and not stored: erasing the person, or voiding the attendance, makes it unknown.
"""

from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from bson import ObjectId
from flask import current_app
from flask_babel import force_locale, gettext

from events import mails
from events.documents import Event, title_of
from events.registration_documents import Registration
from events.seating import CANCELLED, ONSITE
from network_api.auth import keys
from network_api.documents import Row
from network_api.errors import Conflict, NotFound
from network_api.languages import in_language
from network_api.networks.documents import Network

_TEMPLATE = Path(__file__).parent / "templates" / "events" / "certificate.typ"
_ID, _MAC, _GROUP = 12, 8, 4


class NotAttended(Conflict):
    """A certificate says that somebody came."""

    code = "not_attended"
    detail = "Nobody has noted that this person came."


class CertificateEarly(Conflict):
    """A certificate is about what has been."""

    code = "certificate_early"
    detail = "The certificate is ready when the theme day is over."


def require_earned(registration: Registration, event: Event) -> None:
    """Raises CertificateEarly, NotAttended: only who came has a certificate, and only afterwards."""
    if not event.is_over:
        raise CertificateEarly
    if registration.attended_at is None or event.status == CANCELLED:
        raise NotAttended


def code_of(registration: Registration) -> str:
    """The code by which a certificate is checked."""
    mac = _mac(keys.newest(), registration.pk, registration.nonce)
    letters = b32encode(registration.pk.binary + mac).decode()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def verified(code: str) -> Registration:
    """The registration whose certificate has this code. Raises NotFound for a code of none, or of one that holds no longer."""
    try:
        raw = b32decode("".join(code.replace("-", " ").split()).upper())
    except (NotBase32, ValueError) as error:
        raise NotFound from error
    found = Registration.first({"_id": ObjectId(raw[:_ID])}) if len(raw) == _ID + _MAC else None
    if found is None or not keys.is_among(raw[_ID:], (_mac(key, found.pk, found.nonce) for key in keys.known())):
        raise NotFound
    try:
        require_earned(found, Event.get(found.event_id))
    except Conflict as error:
        raise NotFound from error
    return found


def _mac(key: bytes, registration_id: ObjectId, nonce: str) -> bytes:
    return keys.digest(key, "certificate", str(registration_id), nonce)[:_MAC]


def minutes_of(registration: Registration, event: Event) -> int:
    """How long somebody took part: all of the theme day, or what the report of the remote room tells, if that is less."""
    whole = int((event.ends_at - event.starts_at) / timedelta(minutes=1))
    told = registration.attended_minutes
    return whole if told is None else min(whole, int(told))


def organisers(network_ids: Sequence[ObjectId]) -> list[Row]:
    """The networks that arranged a theme day, by its `network_ids`: the host first."""
    found = Network.by_ids(network_ids)
    return [found[network_id] for network_id in network_ids if network_id in found]


def shown(registration: Registration) -> Row:
    """What a certificate says, for whoever checks it."""
    event = Event.get(registration.event_id)
    return {
        "code": code_of(registration),
        "name": registration.name,
        "event": event.to_mongo(),
        "organisers": [network["name"] for network in organisers(event.network_ids)],
        "mode": registration.attended_mode,
        "minutes": minutes_of(registration, event),
        "version": f"{registration.version}.{registration.attendance_version}.{event.version}",
    }


def as_pdf(registration: Registration) -> bytes:
    """The certificate in the participant's language. Raises CertificateEarly, NotAttended.

    It is PDF/UA-1 (ISO 14289-1), but for a name in letters that our font has not: that one is tagged all the same.
    """
    event = Event.get(registration.event_id)
    require_earned(registration, event)
    with force_locale(registration.language):
        said = _texts(registration, event)
    try:
        return _compile(said, pdf_standards="ua-1")
    except typst.TypstError:
        return _compile(said)


def _compile(said: Mapping[str, str], **more: Any) -> bytes:
    made: bytes = typst.compile(str(_TEMPLATE), format="pdf", ignore_system_fonts=True, sys_inputs=dict(said), **more)
    return made


def _texts(registration: Registration, event: Event) -> dict[str, str]:
    language, code = str(registration.language), code_of(registration)
    address = f"{current_app.config['PUBLIC_URL']}/verify/{code}"
    onsite, drawn = registration.attended_mode == ONSITE, BytesIO()
    segno.make_qr(address, error="m").save(drawn, kind="svg", border=0)
    return {
        "language": language,
        "title": gettext("Certificate of attendance"),
        "name": str(registration.name),
        "attended": gettext("took part in the theme day on site") if onsite else gettext("took part in the theme day remotely"),
        "event": title_of(event, language),
        "day": mails.day_of(event, language),
        "hours": mails.hours_of(event, language),
        "place": ", ".join(filter(None, (event.venue.name, event.venue.address))) if onsite and event.venue else "",
        "extent": gettext("Extent: %(duration)s", duration=in_hours(minutes_of(registration, event))),
        "organiser": ", ".join(in_language(network["name"], language) for network in organisers(event.network_ids)),
        "check": gettext("Anybody can check this certificate here:"),
        "address": address,
        "code": code,
        "qr": drawn.getvalue().decode(),
    }


def in_hours(minutes: int) -> str:
    """A duration as people say it, in the language of the moment: `5 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(gettext("%(minutes)d min", minutes=rest))
    said = gettext("%(hours)d h %(minutes)d min", hours=hours, minutes=rest) if rest else gettext("%(hours)d h", hours=hours)
    return str(said)
