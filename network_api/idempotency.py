"""The Idempotency-Key of a POST: the same key and body replay the first answer for 24 hours.

A key belongs to its caller (the token, else the client address), method and path. Answers can hold secrets that are
shown once (a token), so they are stored encrypted under a key that only the caller's Idempotency-Key completes.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from http import HTTPStatus

import orjson
from cryptography.fernet import InvalidToken, MultiFernet
from flask import Flask, Response, current_app, g, request
from mongoengine import BinaryField, DateTimeField, StringField
from pymongo.errors import ConnectionFailure

from network_api.auth import keys
from network_api.auth.caller import Caller
from network_api.documents import AlreadyExists, BaseDocument, Row, ask_before_each_attempt, utcnow
from network_api.errors import Conflict, Invalid

logger = logging.getLogger(__name__)
KEPT_FOR = timedelta(hours=24)
IN_FLIGHT_FOR = timedelta(seconds=15)  # a request that has not answered by then was killed: its key may be used again
_LONGEST_KEY = 255
_REPLAYED_HEADERS = ("Content-Type", "ETag", "Location", "Link")


class IdempotentAnswer(BaseDocument):
    """The answer that a key got; without `answer` it is still in flight."""

    meta = {"collection": "idempotent_answers", "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}]}

    id = StringField(primary_key=True)
    body_hash = StringField(required=True)
    started_at = DateTimeField(required=True)
    answer = BinaryField()
    expires_at = DateTimeField(required=True)


def begin(caller: Caller) -> Response | None:
    """Claim the key of this request; returns the first answer where it has one.

    Raises Invalid for another body under the same key, Conflict while the first request is still in flight.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Invalid("The Idempotency-Key is too long or empty.", errors={"Idempotency-Key": ["1 to 255 characters."]})
    owner = caller.token_id or f"address:{request.remote_addr}"
    identifier = hashlib.sha256("\0".join((owner, request.method, request.full_path, key)).encode()).hexdigest()
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    now = utcnow()
    claim = IdempotentAnswer(id=identifier, body_hash=body_hash, started_at=now, expires_at=now + KEPT_FOR)
    try:
        claim.insert()
    except AlreadyExists:
        first = IdempotentAnswer.row({"_id": identifier})
        if first and first["expires_at"] > now:
            if first["body_hash"] != body_hash:
                raise Invalid("This Idempotency-Key was used with another body.", code="idempotency_key_reused") from None
            if "answer" in first:
                return _replay(first["answer"], key)
        _take_over(identifier, body_hash, now)
    own = {"_id": identifier, "started_at": now}
    g.idempotency = (own, key)
    ask_before_each_attempt(lambda: _require(own))
    return None


def _require(own: Row) -> None:
    """The claim is still this request's own. Raises Conflict where it took so long that another has taken it over."""
    if IdempotentAnswer.row(own) is None:
        raise _in_flight()


def _take_over(identifier: str, body_hash: str, now: datetime) -> None:
    """Claim a key whose first request was killed, or whose day is over. Raises Conflict while it is in flight."""
    killed = {"_id": identifier, "answer": None, "started_at": {"$lte": now - IN_FLIGHT_FOR}}
    over = {"_id": identifier, "expires_at": {"$lte": now}}
    claim = {"$set": {"started_at": now, "expires_at": now + KEPT_FOR, "body_hash": body_hash}, "$unset": {"answer": ""}}
    if IdempotentAnswer.change(killed, claim) is None and IdempotentAnswer.change(over, claim) is None:
        raise _in_flight()


def _in_flight() -> Conflict:
    error = Conflict("Another request with this Idempotency-Key is running.", code="idempotency_key_in_flight")
    error.retry_after = 1
    return error


def finish(response: Response) -> Response:
    """Keep the answer under the request's key; after a failure of ours, or a wish to slow down, the key is free again.

    Only while the claim is still this request's own: one that took very long may have been given up for killed.
    """
    ask_before_each_attempt(None)
    claimed = g.pop("idempotency", None)
    if claimed is None:
        return response
    try:
        _keep(response, *claimed)
    except ConnectionFailure:  # what was asked is done all the same; the key is in flight a while longer, and then free
        logger.warning("The database cannot be reached to keep an answer for an Idempotency-Key.")
    return response


def _keep(response: Response, own: Row, key: str) -> None:
    if response.status_code >= 500 or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        IdempotentAnswer.remove(own)
        return
    headers = {name: response.headers[name] for name in _REPLAYED_HEADERS if name in response.headers}
    packed = orjson.dumps([response.status_code, headers, response.get_data(as_text=True)])
    IdempotentAnswer.change(own, {"$set": {"answer": _cipher(key).encrypt(packed)}})


def _replay(answer: bytes, key: str) -> Response:
    try:
        status, headers, body = orjson.loads(_cipher(key).decrypt(answer))
    except InvalidToken as error:  # under a secret key that was given up since
        raise Conflict("This was done, and its answer can be read no more.", code="idempotency_answer_lost") from error
    response = current_app.response_class(body, status=status)
    response.headers.update({**headers, "Idempotent-Replayed": "true"})
    return response


def _cipher(key: str) -> MultiFernet:
    """Encrypts under the newest secret key, and reads what older ones have encrypted."""
    return MultiFernet(keys.ciphers("idempotency", key))


def init_app(app: Flask) -> None:
    """Keep answers after each request."""
    app.after_request(finish)
    app.teardown_request(lambda error: ask_before_each_attempt(None))  # also where no answer came of it
