"""The errors of the domain: what can go wrong, in words a person can act on, without a trace of Flask.

    DomainError
    ├── Invalid          422  the request is understood, but its values cannot be
    ├── Unauthenticated  401  nobody has signed in
    ├── Forbidden        403  somebody has, and may not
    ├── NotFound         404  it is not there, or its existence is private
    ├── Conflict         409  the state of things forbids it
    ├── Gone             410  it was there once
    ├── StaleVersion     412  it has changed since it was read
    └── TooMany          429  slow down

`code` is the stable word that clients switch on; `detail` is for people. `api.py` turns each of them into
`application/problem+json` (RFC 9457).
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule said no. `code` is stable snake_case, `detail` one sentence, `errors` the fields at fault, if any."""

    status: ClassVar[int] = 400
    code: str = "bad_request"
    detail: str = "The request cannot be carried out."

    def __init__(self, detail: str | None = None, *, code: str | None = None, errors: dict[str, Any] | None = None) -> None:
        self.detail = detail or self.detail
        self.code = code or self.code
        self.errors = errors
        self.retry_after: int | None = None
        super().__init__(self.detail)


class Invalid(DomainError):
    """The values are of the right type and still cannot be; `errors` names the fields."""

    status = 422
    code = "invalid"
    detail = "Some fields are not valid."


class Unauthenticated(DomainError):
    """No token, or one that is unknown, expired or withdrawn."""

    status = 401
    code = "unauthenticated"
    detail = "Sign in, or send a valid token in the Authorization header."


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    detail = "You do not have the role or the scope that this takes."


class NotFound(DomainError):
    """Not there, or private: both read the same."""

    status = 404
    code = "not_found"
    detail = "There is nothing here, or it is not yours to see."


class Conflict(DomainError):
    """The state of things forbids it; the code says which rule."""

    status = 409
    code = "conflict"
    detail = "The present state does not allow this."


class Gone(DomainError):
    """It was there once and will not come back."""

    status = 410
    code = "gone"
    detail = "This is no longer here."


class StaleVersion(DomainError):
    """The `If-Match` version is not the stored one (RFC 9110, section 13.1.1)."""

    status = 412
    code = "stale_version"
    detail = "Somebody has changed this since you read it. Read it again and repeat your change."


class PreconditionRequired(DomainError):
    """A write of something that people edit together came without `If-Match` (RFC 6585, section 3)."""

    status = 428
    code = "precondition_required"
    detail = "Send the ETag that you read in the If-Match header."


class TooMany(DomainError):
    """Too many attempts; `retry_after` is in whole seconds."""

    status = 429
    code = "too_many_requests"
    detail = "Too many attempts. Wait a moment and try again."

    def __init__(self, retry_after: int, detail: str | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """The database cannot be reached. Nothing is known of what was asked; the same request may come again."""

    status = 503
    code = "unavailable"
    detail = "We cannot reach our database at this moment. Try again soon."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after
