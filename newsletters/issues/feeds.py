"""The Atom feed of a newsletter (RFC 4287): its newest issues, in one of its languages."""

import re
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from bson import ObjectId
from feedgenerator import Atom1Feed
from flask import Blueprint, Response, current_app, request, url_for

from network_api.languages import in_language
from network_api.locales import of_request
from newsletters.actions import newsletter_of_slug
from newsletters.documents import Newsletter
from newsletters.issues.archive import address, path_of, sent_issues, summary_of
from newsletters.issues.documents import Issue

ENTRIES = 20
pages = Blueprint("newsletter_feeds", __name__)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


class Feed(Atom1Feed):  # type: ignore[misc]  # feedgenerator has no types
    """An Atom feed whose time is that of its newest entry, and that of its newsletter before there is any."""

    def latest_post_date(self) -> datetime:
        """When something a reader would notice has changed last (RFC 4287, section 4.2.15)."""
        newest: datetime = max([self.feed["begun_at"], *(item["updateddate"] for item in self.items)])
        return newest


def tag(newsletter: Newsletter, language: str, identifier: ObjectId) -> str:
    """An id that stays when the slug, the title or the address changes (RFC 4151)."""
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname
    return f"tag:{host},{newsletter.created_at:%Y-%m-%d}:newsletters/{identifier}/{language}"


@pages.get("/newsletters/<slug>/feed.xml")
def show_feed(slug: str) -> Response:
    """The newest issues as a feed, in the language asked for where the newsletter has it."""
    newsletter, wanted = newsletter_of_slug(slug), of_request()
    language = wanted if wanted in newsletter.languages else newsletter.languages[0]
    issues = [Issue.wrap(row) for row in sent_issues(newsletter, ENTRIES).items]
    answer = Response(_feed_of(newsletter, issues, language), content_type=Feed.content_type)
    answer.headers["Content-Language"], answer.headers["Vary"] = language, "Accept-Language, Cookie"
    answer.headers["Cache-Control"] = "no-cache"
    answer.last_modified = max([newsletter.updated_at, *(issue.updated_at for issue in issues)])
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _feed_of(newsletter: Newsletter, issues: list[Issue], language: str) -> bytes:
    feed = Feed(
        title=_text(in_language(newsletter.name, language)),
        link=address(path_of(newsletter), lang=language),
        description=None,
        language=language,
        author_name=_text(newsletter.sender.name),
        feed_url=address(url_for("newsletter_feeds.show_feed", slug=newsletter.slug), lang=language),
        feed_guid=tag(newsletter, language, newsletter.pk),
        begun_at=newsletter.created_at,
    )
    for issue in issues:
        feed.add_item(
            title=_text(in_language(issue.title, language)),
            link=address(path_of(newsletter, issue.pk), lang=language),
            description=escape(_text(summary_of(issue, language))),
            unique_id=tag(newsletter, language, issue.pk),
            pubdate=issue.sent_at,
            updateddate=issue.sent_at,
        )
    written: str = feed.writeString("utf-8")
    return written.encode()


def _text(text: str) -> str:
    """Without what XML cannot hold."""
    return _NO_XML.sub("", text)
