"""What issues hold about a person: their introduction, as the letter told it. It goes with them, from what was sent too."""

from collections.abc import Mapping
from typing import Any

from network_api import audit
from network_api.documents import Row
from network_api.feature import Counted, Person
from newsletters.issues.documents import INTRODUCTION, Issue

GONE = "…"  # in place of the text: the block keeps its place, for variants count by places


def _of(person: Person) -> list[Row]:
    found = Issue.rows({"blocks.source.id": person.member_id}) if person.member_id else []
    return [row for row in found if any(_is_about(block, person) for block in row["blocks"])]


def _is_about(block: Row, person: Person) -> bool:
    source = block.get("source") or {}
    return (source.get("type"), source.get("id")) == (INTRODUCTION, person.member_id)


def export_person(person: Person) -> Mapping[str, Any]:
    """The person's introduction as letters tell it."""
    told = [
        {"issue_id": row["_id"], "sent_at": row.get("sent_at"), "text": block["text"]}
        for row in _of(person)
        for block in row["blocks"]
        if _is_about(block, person)
    ]
    return {"introductions_in_letters": told}


def erase_person(person: Person) -> Counted:
    """Take the text out of every issue, and out of what the audit log says about it. The approval stands: nothing new is said."""
    found = _of(person)
    for row in found:
        blocks = [_forgotten(block) if _is_about(block, person) else block for block in row["blocks"]]
        Issue.alter({"_id": row["_id"], "version": row["version"]}, {"$set": {"blocks": blocks}})
        audit.forget_values(row["_id"])
    return {Issue: len(found)}


def _forgotten(block: Row) -> Row:
    return {**block, "text": dict.fromkeys(block["text"], GONE)}
