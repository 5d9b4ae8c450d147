"""Reads of theme days as a bare handler does them: Flask, pymongo and orjson, and nothing that it can do without.

It gives the same bytes as the API, so it shows the same fields in the same order, and works out phase, seats and the cursor.
It knows one collection and one list: there are no filters, no limits, no ETag, no errors in it, and no names for requests.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import bson
import orjson
from bson import ObjectId
from flask import Flask, Response, request
from pymongo import MongoClient

Row = Mapping[str, Any]
JSON = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
LIST = "/api/v1/events"
QUERY = hashlib.sha256(repr((LIST, [])).encode()).digest()[:8]  # what the API binds the cursor of this list to


def create_app(uri: str) -> Flask:
    """The two handlers, on the database of the API."""
    app, database = Flask(__name__), MongoClient[dict[str, Any]](uri, tz_aware=True).get_default_database()

    def answer(content: Any) -> Response:
        return Response(orjson.dumps(content, default=str, option=JSON), mimetype="application/json")

    def edited() -> set[ObjectId]:
        """The networks that the caller edits."""
        authorization = request.headers.get("Authorization")
        if not authorization:
            return set()
        token = database.access_tokens.find_one({"_id": hashlib.sha256(authorization[7:].encode()).hexdigest()}) or {}
        member = database.members.find_one({"_id": token["member_id"]}) or {}
        held = database.memberships.find({"member_id": member["_id"], "state": "active"})
        return {row["network_id"] for row in held if row["role"] != "member"}

    @app.get(f"{LIST}/<event_id>")
    def item(event_id: str) -> Response:
        editing, row = edited(), database.events.find_one({"_id": ObjectId(event_id)}) or {}
        return answer(shape(row, row["network_id"] in editing, datetime.now(UTC)))

    @app.get(LIST)
    def listed() -> Response:
        editing, now, limit = edited(), datetime.now(UTC), int(request.args["limit"])
        found = database.events.find({"visible_to": "public"}).sort([("starts_at", 1), ("_id", 1)]).limit(limit + 1)
        rows = list(found)
        onward = None
        if len(rows) > limit:
            last = rows[limit - 1]
            place = bson.encode({"p": [last["starts_at"], last["_id"]], "q": QUERY})
            onward = urlsafe_b64encode(place).decode().rstrip("=")
        items = [shape(row, row["network_id"] in editing, now) for row in rows[:limit]]
        return answer({"items": items, "next": onward})

    return app


def shape(row: Row, edits: bool, now: datetime) -> dict[str, Any]:
    """A theme day as the API tells of it. The bench's own theme days have no materials."""
    get = row.get
    seats = {mode: row["seats"][mode] for mode in ("onsite", "remote") if mode in row["seats"]}
    remote = get("remote")
    return {
        "co_hosts": [str(found) for found in row["co_hosts"] if edits or found in row["network_ids"]],
        "series_id": str(row["series_id"]) if get("series_id") else None,
        "slug": row["slug"],
        "summary": get("summary"),
        "description": get("description"),
        "topics": row["topics"],
        "timezone": row["timezone"],
        "registration_opens_at": get("registration_opens_at"),
        "registration_closes_at": get("registration_closes_at"),
        "offer_hours": get("offer_hours"),
        "reminder_hours": get("reminder_hours"),
        "thanks_hours": get("thanks_hours"),
        "feedback_url": get("feedback_url"),
        "venue": pick(row["venue"], VENUE) if get("venue") else None,
        "remote": pick(remote, ROOM if edits and "join_url" in remote else ROOM[1:]) if remote else None,
        "questions": [pick(question, QUESTION) for question in row["questions"]],
        "agenda": [{**pick(entry, SESSION), "speakers": speakers(entry)} for entry in row["agenda"]],
        "id": str(row["_id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "network_id": str(row["network_id"]),
        "title": row["title"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "capacity": {mode: found.get("capacity") for mode, found in seats.items()},
        "seats": {mode: pick(found, SEATS) for mode, found in seats.items()},
        "materials": [],
        "status": row["status"],
        "phase": phase(row, now),
        "published_at": get("published_at"),
        "cancelled_at": get("cancelled_at"),
        "cancel_reason": get("cancel_reason"),
    }


VENUE = ("name", "address", "directions", "accessibility")
ROOM = ("join_url", "platform", "opens_minutes_before")
QUESTION = ("id", "type", "label", "options", "required", "modes", "max_length")
SESSION = ("title", "description", "starts_at", "ends_at", "track", "room", "modes")
SPEAKER = ("name", "role", "organisation")
SEATS = ("capacity", "available", "taken", "offered", "waiting")


def pick(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    """These fields of a row, null where there is none."""
    return {name: row.get(name) for name in names}


def speakers(entry: Row) -> list[dict[str, Any]] | None:
    """Who speaks in a session."""
    return [pick(speaker, SPEAKER) for speaker in entry["speakers"]] if "speakers" in entry else None


def phase(row: Row, now: datetime) -> str:
    """Where a theme day that is not a draft stands."""
    if row["ends_at"] <= now:
        return "ended"
    if row["status"] == "cancelled":
        return "closed"
    if row["starts_at"] <= now:
        return "running"
    if row["opens_at"] > now:
        return "upcoming"
    if row["closes_at"] <= now:
        return "closed"
    return "full" if row["is_full"] else "open"
