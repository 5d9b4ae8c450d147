"""The evidence of an issue: what was approved, what was sent, to whom, and what became of it, as a ZIP archive.

It is written as it is read, a piece at a time, so that a million deliveries need no more memory than a thousand.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
from flask import Response, stream_with_context

from network_api import audit, tables
from network_api.audit import AuditEntry
from network_api.auth.caller import Caller
from network_api.documents import utcnow
from newsletters.dispatch import deliveries
from newsletters.dispatch.exports import DELIVERED, EXCLUDED, cells
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.issues.schemas import IssueSchema

SUPERSEDED = ("round", *DELIVERED)
SUMS = "SHA256SUMS"
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS
_PRIVATE = 0o600 << 16  # the mode of a file, where an archive keeps it
ABOUT = """\
Evidence of one issue of a newsletter.

issue.json       the issue as it stands: its approval with the hash of the approved content, its times, its audience
content.json     the content itself, byte for byte what that hash is of: sha256sum content.json
audit.json       who did what with it, and when
deliveries.csv   everybody it was meant for: state, answer of the mail server, Message-ID, time
exclusions.csv   every other subscription of that moment, with the reason why it was left out
superseded.csv   what had become of those who were sent it again, before each further round
SHA256SUMS       of all these files: sha256sum -c SHA256SUMS

Addresses are those of today; that of somebody who has been erased is empty.
"""


class _Piece:
    """What an archive writes into; what has been written is taken away again."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, content: bytes) -> int:
        """Take some bytes."""
        self._written.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What has been written since the last time."""
        written, self._written = self._written, []
        return b"".join(written)


def download(caller: Caller, issue: Issue) -> Response:
    """The evidence as a file to keep; the download is noted in the audit log."""
    audit.record(caller.member_id, "issue.evidence_exported", issue.pk, network_id=issue.network_id)
    answer = Response(stream_with_context(_archived(_files(issue))), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="issue-{issue.pk}-evidence.zip"'
    answer.headers["Vary"] = "Authorization"
    return answer


def _files(issue: Issue) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files by name, in pieces."""
    yield "README.txt", [ABOUT.encode()]
    yield "issue.json", [_json({"newsletter": _newsletter(issue), "issue": IssueSchema().dump(issue), "as_of": utcnow()})]
    yield "content.json", [issue.content]
    yield "audit.json", [_json(AuditEntry.rows({"target_id": issue.pk}, sort=[("_id", 1)]))]
    yield "deliveries.csv", tables.as_csv(cells(DELIVERED, deliveries.each_delivery(issue)))
    yield "exclusions.csv", tables.as_csv(cells(EXCLUDED, deliveries.each_exclusion(issue)))
    yield "superseded.csv", tables.as_csv(cells(SUPERSEDED, deliveries.each_superseded(issue)))


def _archived(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The bytes of the archive, and last of all the sums of its files."""
    piece, sums = _Piece(), ""
    with ZipFile(piece, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # it writes, and need do no more
        for name, content in files:
            digest = hashlib.sha256()
            with archive.open(_entry(name), "w", force_zip64=True) as file:
                for part in content:
                    digest.update(part)
                    file.write(part)
                    yield piece.taken()
            sums += f"{digest.hexdigest()}  {name}\n"
        archive.writestr(_entry(SUMS), sums)
    yield piece.taken()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, utcnow().timetuple()[:6])
    entry.external_attr, entry.compress_type = _PRIVATE, ZIP_DEFLATED
    return entry


def _newsletter(issue: Issue) -> dict[str, Any]:
    newsletter = Newsletter.get(issue.newsletter_id)
    return {"slug": newsletter.slug, "name": newsletter.name, "sender": newsletter.sender.to_mongo()}


def _json(content: Any) -> bytes:
    return orjson.dumps(content, default=str, option=_JSON)
