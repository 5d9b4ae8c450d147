"""Verbs of writing: newsletters, issues, and filling an issue from what the network does."""

from collections.abc import Iterable, Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, transactional
from network_api.mail import outbox
from newsletters.documents import Newsletter, WrongState
from newsletters.issues import mails, sources
from newsletters.issues.documents import CANCELLED, EDITABLE, ISSUE_STATES, Block, Issue, Source
from newsletters.issues.rendering import Links, Rendered, render


def find_issues(newsletter: Newsletter, query: Mapping[str, Any]) -> Page:
    """A newsletter's issues, the newest first."""
    state = {"state": query["state"]} if "state" in query else {}
    return Issue.page({"newsletter_id": newsletter.pk, **state}, sort=("_id", -1), **query["paging"])


@transactional
def make_issue(caller: Caller, newsletter: Newsletter, given: Mapping[str, Any]) -> Issue:
    """Begin an issue, with the given blocks, filled from what the network does where `assemble` asks for it."""
    blocks = [_block(block) for block in given.get("blocks", ())]
    if given.get("assemble"):
        blocks += assembled(newsletter, already={block.source.key for block in blocks if block.source})
    issue = Issue(
        newsletter_id=newsletter.pk,
        network_id=newsletter.network_id,
        title=given.get("title") or newsletter.name,
        blocks=_in_order(newsletter, blocks),
        author_id=caller.member_id,
        edited_by=caller.member_id,
    ).insert()
    audit.record(caller.member_id, "issue.made", issue.pk, network_id=issue.network_id)
    return issue


def _block(given: Mapping[str, Any]) -> Block:
    source = given.get("source")
    return Block(**{**given, "source": Source(**source) if source else None})


def _in_order(newsletter: Newsletter, blocks: Iterable[Block]) -> list[Block]:
    """By the newsletter's sections; what belongs to none of them comes last."""
    place = {section: number for number, section in enumerate(newsletter.sections)}
    return sorted(blocks, key=lambda block: place.get(block.section, len(place)))


def assembled(newsletter: Newsletter, already: set[str]) -> list[Block]:
    """Blocks from coming theme days and new introductions, as far as the newsletter has sections for them.

    What an earlier issue has told is not told again: an introduction is left out, a theme day only listed as coming up.
    An issue that was cancelled has told nothing.
    """
    reach, told = sources.reach(newsletter.network_id), _told(newsletter)
    blocks: list[Block] = []
    if "events" in newsletter.sections:
        rows = [row for row in sources.coming_events(reach) if f"event:{row['_id']}" not in already]
        in_full = [row for row in rows if f"event:{row['_id']}" not in told]
        shortly = [row for row in rows if f"event:{row['_id']}" in told and not row["is_full"]]
        blocks += [sources.event_block(row, newsletter.languages, told=False) for row in in_full]
        blocks += [sources.event_block(row, newsletter.languages, told=True) for row in shortly]
    if "introductions" in newsletter.sections:
        rows = sources.new_introductions(reach, told | already)
        blocks += [sources.introduction_block(row, newsletter.languages) for row in rows]
    return blocks


def _told(newsletter: Newsletter) -> set[str]:
    """The sources that earlier issues tell, or have told."""
    states = [state for state in ISSUE_STATES if state != CANCELLED]
    issues = (Issue.wrap(row) for row in Issue.rows({"newsletter_id": newsletter.pk, "state": {"$in": states}}))
    return {
        block.source.key
        for issue in issues
        for block in issue.blocks
        if block.source is not None and not block.hidden and block.source.key not in issue.dropped
    }


@transactional
def change_issue(caller: Caller, issue: Issue, changes: Mapping[str, Any], version: int | None) -> Issue:
    """Edit an issue, which voids its approval. Raises StaleVersion, WrongState."""
    wanted = dict(changes)
    if "blocks" in wanted:
        wanted["blocks"] = [_block(block) for block in wanted["blocks"]]
    changed, differing = issue.fresh(version).rewrite(wanted, caller.member_id)
    audit.record(caller.member_id, "issue.changed", issue.pk, network_id=issue.network_id, changes=differing)
    return changed


@transactional
def remove_issue(caller: Caller, issue: Issue, version: int | None) -> None:
    """Delete an issue of which nothing has been sent. Raises StaleVersion, WrongState."""
    issue = issue.fresh(version)
    if not Issue.remove({"_id": issue.pk, "state": {"$in": list(EDITABLE)}, "version": issue.version}):
        raise WrongState(f"An issue that is {issue.state} stays in the records.")
    audit.record(caller.member_id, "issue.removed", issue.pk, network_id=issue.network_id)


def preview(issue: Issue, language: str | None) -> Rendered:
    """The issue as it would go out now, without anybody's personal links."""
    newsletter = Newsletter.get(issue.newsletter_id)
    return render(newsletter, issue, language or newsletter.languages[0], Links())


@transactional
def test_send(issue: Issue, address: str, language: str | None) -> Issue:
    """Mail the issue, as it would go out now, to one address."""
    outbox.put(mails.test_letter(issue.pk, address, preview(issue, language)))
    return issue
