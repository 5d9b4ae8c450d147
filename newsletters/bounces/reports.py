"""Reading reports: delivery status notifications (RFC 3464), feedback reports (RFC 5965), and what older servers write.

A report comes from anywhere and may say anything, so reading it takes nothing for true and fails on nothing: what is no
report, or tells of no failure, is None.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses, parseaddr
from typing import Any, NamedTuple

from flufl.bounce import all_failures

from network_api.auth.documents import email_key
from newsletters.subscriptions.undeliverable import is_no_such_address, without_addresses

HARD, SOFT, COMPLAINT = KINDS = ("hard", "soft", "complaint")
MOST_BYTES = 1024 * 1024  # a report quotes at most our own letter; beyond that there is nothing to learn
_COMPLAINTS = ("abuse", "fraud", "virus", "other", "opt-out")  # RFC 5965, section 7.3; not-spam and auth-failure are none
_DELIVERED_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463, section 2
_MESSAGE_ID = re.compile(r"<[0-9a-f]{24}\.[0-9a-f]{24}@[A-Za-z0-9.-]{1,255}>")
_UNSUBSCRIBE = re.compile(r"/unsubscribe/([0-9a-f]{24}\.[A-Za-z0-9_-]{8,64})")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]{1,64}@[A-Za-z0-9.-]{1,255}")
_NO_SUCH_USER = re.compile(
    r"(user|recipient|mailbox|address|account) (is )?(unknown|not found|does ?n[o']t exist|disabled)"
    r"|(unknown|no such|unrouteable) (user|recipient|mailbox|address|account)",
    re.IGNORECASE,
)
_MAIL_SYSTEMS = ("mailer-daemon", "postmaster", "mail-daemon")
_AT_MOST = 50  # addresses and ids that are looked at; a report of ours has a few
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)  # it would log what cannot be read, with addresses


class Failure(NamedTuple):
    """That a letter failed: how, with which status (RFC 3463), and what the server said."""

    kind: str
    status: str | None
    answer: str


class Report(NamedTuple):
    """What a report says, and by what the letter can be known that it is about."""

    identity: str  # the same report has the same, by whatever way it comes
    failure: Failure
    came_to: tuple[str, ...]  # addresses that may be a letter's own return path
    message_ids: tuple[str, ...]  # of letters that are quoted
    links: tuple[str, ...]  # the signed tokens of their links to unsubscribe
    recipients: frozenset[str]  # whom it names as recipients, in the compared form


def read(raw: bytes) -> Report | None:
    """The report that a mail is, or None."""
    raw = raw[:MOST_BYTES]
    try:
        message = message_from_bytes(raw)
        parts = list(message.walk())
        failure = _failure(message, parts)
        return None if failure is None else _report(raw, message, parts, failure)
    except RecursionError:  # parts inside parts, a thousand deep: nobody's report
        return None


def _failure(message: Message, parts: Sequence[Message]) -> Failure | None:
    by_type = {part.get_content_type(): part for part in reversed(parts)}
    if feedback := by_type.get("message/feedback-report"):
        return _complaint(_fields(feedback)[0])
    if status := by_type.get("message/delivery-status"):
        return _undelivered(_fields(status))
    return _older(message, parts)


def _fields(part: Message) -> list[Message]:
    """The groups of fields of a machine-readable part."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [group for group in payload if isinstance(group, Message)] or [Message()]
    return [message_from_string(str(payload))]


def _text(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _complaint(fields: Message) -> Failure | None:
    kind = _text(fields, "Feedback-Type").lower()
    return Failure(COMPLAINT, None, kind) if kind in _COMPLAINTS else None


def _undelivered(groups: Sequence[Message]) -> Failure | None:
    """The worst of what failed. Delays, and deliveries that somebody had asked to be told of, are no failures."""
    failed = [_judged(group) for group in groups if _text(group, "Action").lower().startswith("failed")]
    return min(failed, key=lambda failure: KINDS.index(failure.kind), default=None)


def _judged(group: Message) -> Failure:
    answer = _text(group, "Diagnostic-Code").partition(";")[2].strip() or _text(group, "Diagnostic-Code")
    given, told = _ENHANCED.search(_text(group, "Status")), _ENHANCED.search(answer)
    status = given[0] if given else None
    if told and (status is None or status.endswith(".0.0")):  # the server's own words say more
        status = told[0]
    return Failure(_kind(status, answer), status, without_addresses(answer))


def _kind(status: str | None, answer: str) -> str:
    """Hard where the address itself is at fault; a full mailbox, a filter or a time-out may pass."""
    if status is None or status.endswith(".0.0"):
        temporary = status is not None and status.startswith("4")
        return HARD if _NO_SUCH_USER.search(answer) and not temporary else SOFT
    return HARD if is_no_such_address(status) else SOFT


def _older(message: Message, parts: Sequence[Message]) -> Failure | None:
    """What servers write that know no standard. Only a mail system reports: an answer of somebody on leave is no failure."""
    sender = parseaddr(_text(message, "From"))[1].lower().partition("@")[0]
    if sender not in _MAIL_SYSTEMS and "X-Failed-Recipients" not in message:
        return None
    try:
        _, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - guesses over what others have written: whatever goes wrong, it is not readable
        return None
    if not permanent:
        return None
    said = " ".join(" ".join(text.split()) for text in _texts(parts))
    found = _ENHANCED.search(said)
    status = found[0] if found else None
    line = said[max(0, found.start() - 10) :] if found else said
    return Failure(_kind(status, said), status, without_addresses(line))


def _texts(parts: Sequence[Message]) -> Iterator[str]:
    """The readable texts of a mail, decoded."""
    for part in parts:
        if part.get_content_type() in ("text/plain", "text/rfc822-headers"):
            content: Any = part.get_payload(decode=True)
            yield content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _report(raw: bytes, message: Message, parts: Sequence[Message], failure: Failure) -> Report:
    quoted = parts[1:] if message.is_multipart() else parts
    headers = [f"{name}: {value}" for part in quoted for name, value in part.items()]
    said = "\n".join((*headers, *_texts(parts)))
    identity = _text(message, "Message-ID").encode("utf-8", "replace") or raw
    named = [address for part in quoted for address in _named(part)]
    return Report(
        identity=hashlib.sha256(identity).hexdigest(),
        failure=failure,
        came_to=tuple(_addresses(message, _DELIVERED_TO) + _paths(quoted))[:_AT_MOST],
        message_ids=tuple(dict.fromkeys(_MESSAGE_ID.findall(said)))[:_AT_MOST],
        links=tuple(dict.fromkeys(_UNSUBSCRIBE.findall(said)))[:_AT_MOST],
        recipients=frozenset(email_key(address) for address in named[:_AT_MOST]),
    )


def _addresses(message: Message, names: Sequence[str]) -> list[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(values[:_AT_MOST]) if address]


def _paths(quoted: Sequence[Message]) -> list[str]:
    return [address for part in quoted for group in _groups(part) for address in _addresses(group, _RETURN_PATHS)]


def _named(part: Message) -> list[str]:
    """The recipients that a part names: in the fields of a report, and in the head of the letter that it quotes."""
    values = [str(value) for group in _groups(part) for name in _RECIPIENTS for value in group.get_all(name, [])]
    if part.get_content_type() == "text/rfc822-headers":
        values += [str(value) for value in message_from_string(next(_texts([part]), "")).get_all("To", [])]
    return [address for value in values[:_AT_MOST] for address in _ADDRESS.findall(value)]


def _groups(part: Message) -> list[Message]:
    machine = part.get_content_type() in ("message/delivery-status", "message/feedback-report")
    return _fields(part) if machine else [part]


_RECIPIENTS = ("Final-Recipient", "Original-Recipient", "Original-Rcpt-To", "X-Failed-Recipients", "To")
_RETURN_PATHS = ("Return-Path", "Original-Mail-From")
