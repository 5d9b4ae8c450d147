"""The web archive: a newsletter, and each issue that has been sent, for everybody. What was withdrawn is gone from here too."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import shorten
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request, url_for

from network_api.documents import LONG_AGO, Page, Row, object_id, session
from network_api.errors import NotFound
from network_api.feature import PublicPage
from network_api.languages import in_language
from network_api.locales import of_request
from network_api.pages.frame import Pages, page
from newsletters.actions import newsletter_of_slug
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import Issue
from newsletters.issues.markdown import as_text
from newsletters.issues.rendering import sections_of, visible_blocks

LISTED = 25  # issues on a page
_SUMMARY = 200  # characters
pages = Pages("newsletter_archive", "newsletters")


def sent_issues(newsletter: Newsletter, limit: int, before: Issue | None = None) -> Page:
    """The issues that have been sent, the newest first; also one that is just being sent again to who was missed."""
    where = {"newsletter_id": newsletter.pk, "sent_at": {"$gt": LONG_AGO}}
    return Issue.page(where, sort=("sent_at", -1), limit=limit, after=[before.sent_at, before.pk] if before else None)


def _sent_issue(slug: str, identifier: str) -> tuple[Newsletter, Issue]:
    """An issue that has been sent, and its newsletter, read in one query. Raises NotFound, also for another's slug."""
    its_newsletter = {"from": Newsletter.collection().name, "localField": "newsletter_id", "foreignField": "_id", "as": "of"}
    stages: list[Row] = [{"$match": {"_id": object_id(identifier)}}, {"$lookup": its_newsletter}]
    for row in Issue.collection().aggregate(stages, session=session()):
        [newsletter] = map(Newsletter.wrap, row.pop("of"))
        issue = Issue.wrap(row)
        if newsletter.slug == slug and issue.sent_at is not None:
            return newsletter, issue
    raise NotFound


def summary_of(issue: Issue, language: str) -> str:
    """The beginning of what the editors write; nobody's introduction, for a summary is kept where nothing can be withdrawn."""
    own = (block for block in issue.blocks if block.source is None and not block.hidden)
    text = next((as_text(in_language(block.text, language)) for block in own), "")
    return shorten(text, _SUMMARY, placeholder=" …")


def path_of(newsletter: Newsletter, issue_id: Any = None) -> str:
    """The path of a newsletter's page, or of an issue's."""
    endpoint, given = ("show_issue", {"issue_id": issue_id}) if issue_id else ("show_newsletter", {})
    return url_for(f"newsletter_archive.{endpoint}", slug=newsletter.slug, **given)


def address(path: str, **query: str) -> str:
    """The whole address of a page."""
    return f"{current_app.config['PUBLIC_URL']}{path}{f'?{urlencode(query)}' if query else ''}"


def _shown(template: str, newsletter: Newsletter, changed_at: datetime | None, **values: Any) -> Response:
    """A page with what search engines and feed readers look for. In a language that the letter has not, it is the first one's."""
    language = of_request()
    written = language if language in newsletter.languages else newsletter.languages[0]
    query = {name: value for name in ("before",) if (value := request.args.get(name))}
    return page(
        template,
        language=language,
        changed_at=changed_at,
        letter=newsletter,
        newsletter=in_language(newsletter.name, language),
        canonical=address(request.path, **query, lang=written),
        alternates=[(code, address(request.path, **query, lang=code)) for code in newsletter.languages],
        default=address(request.path, **query),
        feed=url_for("newsletter_feeds.show_feed", slug=newsletter.slug, lang=written),
        here=path_of(newsletter),
        **values,
    )


@pages.get("/newsletters/<slug>")
def show_newsletter(slug: str) -> Response:
    """A newsletter with the issues that have been sent, the newest first."""
    newsletter, language = newsletter_of_slug(slug), of_request()
    before = request.args.get("before")
    found = sent_issues(newsletter, LISTED, _sent_issue(slug, before)[1] if before else None)
    issues = [_listed(newsletter, row, language) for row in found.items]
    changed_at = max([newsletter.updated_at, *(row["updated_at"] for row in found.items)])
    older = address(path_of(newsletter), before=found.next[1], lang=language) if found.next else None
    return _shown("newsletters/archive.html", newsletter, changed_at, issues=issues, older=older, before=before)


def _listed(newsletter: Newsletter, row: Row, language: str) -> Mapping[str, Any]:
    title = in_language(row["title"], language)
    return {"title": title, "path": path_of(newsletter, row["_id"]), "sent_at": row["sent_at"].astimezone(newsletter.zone)}


@pages.get("/newsletters/<slug>/<issue_id>")
def show_issue(slug: str, issue_id: str) -> Response:
    """One issue as it was sent, less what has been withdrawn since.

    What is told from sources changes with them, so that no time could be promised since when nothing has changed.
    """
    newsletter, issue = _sent_issue(slug, issue_id)
    language = of_request()
    told = {key: said for key, said in sources.standing_in_archive(issue.blocks).items() if key not in issue.dropped}
    from_sources = any(block.source for block in issue.blocks)
    return _shown(
        "newsletters/archived_issue.html",
        newsletter,
        None if from_sources else max(issue.updated_at, newsletter.updated_at),
        title=in_language(issue.title, language),
        summary=summary_of(issue, language),
        sections=sections_of(newsletter, visible_blocks(issue, told), language, told),
        sent_at=issue.sent_at.astimezone(newsletter.zone),
    )


def public_pages() -> Iterator[PublicPage]:
    """The pages of all newsletters and their issues, for search engines."""
    for newsletter in map(Newsletter.wrap, Newsletter.each({}, sort=[("slug", 1), ("_id", 1)])):
        languages = tuple(newsletter.languages)
        yield PublicPage(path_of(newsletter), newsletter.updated_at, languages)
        for row in Issue.each({"newsletter_id": newsletter.pk, "sent_at": {"$gt": LONG_AGO}}, sort=[("sent_at", -1)]):
            yield PublicPage(path_of(newsletter, row["_id"]), row["updated_at"], languages)
