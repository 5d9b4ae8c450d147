"""The web archive: a newsletter, and each issue that has been sent, for everybody. What was withdrawn is gone from here too."""

from typing import Any

from flask import Blueprint, Response, render_template
from flask_babel import force_locale

from network_api.documents import object_id
from network_api.errors import NotFound
from network_api.languages import in_language
from network_api.locales import of_request
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import SENT, Issue
from newsletters.issues.rendering import sections_of, visible_blocks

MOST_LISTED = 100
pages = Blueprint("newsletter_archive", "newsletters", template_folder="templates")


def _newsletter(slug: str) -> Newsletter:
    newsletter = Newsletter.first({"slug": slug})
    if newsletter is None:
        raise NotFound
    return newsletter


def _sent_issue(newsletter: Newsletter, identifier: str) -> Issue:
    issue = Issue.first({"_id": object_id(identifier), "newsletter_id": newsletter.pk, "state": SENT})
    if issue is None:
        raise NotFound
    return issue


def _page(template: str, newsletter: Newsletter, language: str, **values: Any) -> Response:
    name = in_language(newsletter.name, language)
    with force_locale(language):
        body = render_template(template, letter=newsletter, newsletter=name, language=language, indexed=True, **values)
    return Response(body, headers={"Content-Language": language, "Vary": "Accept-Language"})


@pages.get("/newsletters/<slug>")
def show_newsletter(slug: str) -> Response:
    """A newsletter with the issues that have been sent, the newest first."""
    newsletter, language = _newsletter(slug), of_request()
    sent = {"newsletter_id": newsletter.pk, "state": SENT}
    rows = Issue.rows(sent, sort=[("sent_at", -1), ("_id", -1)], limit=MOST_LISTED)
    issues = [{"id": row["_id"], "title": in_language(row["title"], language), "sent_at": row["sent_at"]} for row in rows]
    return _page("newsletters/archive.html", newsletter, language, issues=issues)


@pages.get("/newsletters/<slug>/<issue_id>")
def show_issue(slug: str, issue_id: str) -> Response:
    """One issue as it was sent, less what has been withdrawn since."""
    newsletter, language = _newsletter(slug), of_request()
    issue = _sent_issue(newsletter, issue_id)
    told = sources.standing_in_archive(issue.blocks) - set(issue.dropped)
    with force_locale(language):
        sections = sections_of(newsletter, visible_blocks(issue, told), language)
    title = in_language(issue.title, language)
    return _page("newsletters/archived_issue.html", newsletter, language, title=title, sections=sections, issue=issue)
