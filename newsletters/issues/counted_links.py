"""Which links of an issue are followed, and how often: without persons, and only where a newsletter says so.

In letters of such a newsletter every link to a page leads by way of `/l/<token>`, the same for all readers. What is counted
is the issue, the link and the day: no address, nothing of the reader, no cookie. That a GET counts is the one thing that a GET
changes here; whoever follows it, nothing is confirmed, revealed or taken away.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from html import escape, unescape
from typing import Any, ClassVar, Self

from bson import ObjectId
from flask import current_app
from mongoengine import DictField, ObjectIdField, StringField

from network_api.auth import links
from network_api.documents import AlreadyExists, BaseDocument, utcnow
from network_api.errors import NotFound
from newsletters.issues.rendering import Rendered

COUNTED = "counted-link"  # what a token is for
_ANCHOR = re.compile(r'(<a\b[^>]*?\shref=")(https?://[^"]+)(")')
_ENDS = r"(?=[\s)\]>,;]|\.?(?:\s|\Z))"  # where an address ends in a text


class CountedLink(BaseDocument):
    """One link of an issue. Its id follows from both, so that any worker makes the same."""

    meta: ClassVar[dict[str, Any]] = {"collection": "counted_links", "indexes": [("issue_id", "_id")]}

    issue_id = ObjectIdField(required=True)
    url = StringField(required=True)
    days = DictField()  # how often it was followed, by day (UTC)

    @classmethod
    def made(cls, issue_id: ObjectId, url: str) -> Self:
        """The link, stored before any letter with it goes out."""
        digest = hashlib.sha256(issue_id.binary + url.encode()).digest()
        link = cls(id=ObjectId(digest[:12]), issue_id=issue_id, url=url)
        try:
            return link.insert()
        except AlreadyExists:
            return link

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The link that a token opens: exactly the one it was made for. Raises NotFound."""
        found = cls.get(links.identifier_of(token))
        if not links.is_genuine(token, COUNTED, found.url):
            raise NotFound
        return found

    @property
    def address(self) -> str:
        """What stands in letters in its place."""
        return f"{current_app.config['PUBLIC_URL']}/l/{links.make_token(COUNTED, self.pk, self.url)}"

    def count(self) -> None:
        """Note that somebody followed it today."""
        self.alter({"_id": self.pk}, {"$inc": {f"days.{utcnow():%Y-%m-%d}": 1}})


def counting(rendered: Rendered, issue_id: ObjectId) -> Rendered:
    """A letter whose links to pages are counted, in both of its parts. Personal links stay as they are: nobody counts those."""
    urls = {unescape(found[2]) for found in _ANCHOR.finditer(rendered.html)}
    addresses = {url: CountedLink.made(issue_id, url).address for url in urls}
    html = _ANCHOR.sub(lambda found: f"{found[1]}{escape(addresses[unescape(found[2])])}{found[3]}", rendered.html)
    return replace(rendered, html=html, text=_in_text(rendered.text, addresses)) if urls else rendered


def _in_text(text: str, addresses: dict[str, str]) -> str:
    return re.sub(f"({_any_of(addresses)}){_ENDS}", lambda found: addresses[found[1]], text)


def _any_of(urls: Iterable[str]) -> str:
    return "|".join(re.escape(url) for url in sorted(urls, key=len, reverse=True))
