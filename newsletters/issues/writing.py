"""Verbs of writing: begin an issue, fill it, edit it, delete it."""

from collections.abc import Iterable, Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, transactional
from newsletters.documents import Newsletter, WrongState
from newsletters.issues import sources
from newsletters.issues.assembling import assembled, keep_told
from newsletters.issues.documents import DRAFT, EDITABLE, Block, Issue, Source
from newsletters.issues.told import Told


def find_issues(newsletter: Newsletter, query: Mapping[str, Any]) -> Page:
    """A newsletter's issues, the newest first."""
    state = {"state": query["state"]} if "state" in query else {}
    return Issue.page({"newsletter_id": newsletter.pk, **state}, sort=("_id", -1), **query["paging"])


@transactional
def make_issue(caller: Caller, newsletter: Newsletter, given: Mapping[str, Any]) -> Issue:
    """Begin an issue, with the given blocks, filled from what the network does where `assemble` asks for it."""
    newsletter = Newsletter.hold(newsletter.pk)
    issue = Issue(
        newsletter_id=newsletter.pk,
        network_id=newsletter.network_id,
        title=given.get("title") or newsletter.name,
        blocks=[_block(block, {}) for block in given.get("blocks", ())],
        author_id=caller.member_id,
        edited_by=caller.member_id,
        contributions_until=given.get("contributions_until") or newsletter.contributions_until(),
        network_deadlines={**newsletter.network_deadlines(), **(given.get("network_deadlines") or {})},
    )
    if given.get("assemble"):
        issue.blocks = _in_order(newsletter, [*issue.blocks, *assembled(newsletter, issue)])
    issue.insert()
    keep_told(issue)
    audit.record(caller.member_id, "issue.made", issue.pk, network_id=issue.network_id)
    return issue


@transactional
def assemble(caller: Caller, issue: Issue) -> Issue:
    """Fill a draft with what has come since, and read its sources again. Raises WrongState."""
    newsletter = Newsletter.hold(issue.newsletter_id)
    issue = issue.fresh()
    if issue.state != DRAFT:
        raise WrongState(f"An issue that is {issue.state} is not filled any more.")
    return _rewritten(caller, issue, {"blocks": [*read_again(newsletter, issue), *assembled(newsletter, issue)]}, "assembled")


def read_again(newsletter: Newsletter, issue: Issue) -> list[Block]:
    """An issue's blocks in the words of their sources now, except where an editor has written others; less what is gone."""
    found = (sources.refreshed(block, newsletter.languages) for block in issue.blocks)
    return [block for block in found if block is not None]


@transactional
def change_issue(caller: Caller, issue: Issue, changes: Mapping[str, Any], version: int | None) -> Issue:
    """Edit an issue, which voids its approval. Raises StaleVersion, WrongState."""
    Newsletter.hold(issue.newsletter_id)
    issue = issue.fresh(version)
    wanted = dict(changes)
    if "blocks" in wanted:
        before = {block.source.key: block for block in issue.blocks if block.source is not None}
        wanted["blocks"] = [_block(block, before) for block in wanted["blocks"]]
    return _rewritten(caller, issue, wanted, "changed")


def _rewritten(caller: Caller, issue: Issue, wanted: Mapping[str, Any], step: str) -> Issue:
    changed, differing = issue.rewrite(wanted, caller.member_id)
    keep_told(changed)
    audit.record(caller.member_id, f"issue.{step}", issue.pk, network_id=issue.network_id, changes=differing)
    return changed


@transactional
def remove_issue(caller: Caller, issue: Issue, version: int | None) -> None:
    """Delete an issue of which nothing has been sent. Raises StaleVersion, WrongState."""
    Newsletter.hold(issue.newsletter_id)
    issue = issue.fresh(version)
    if not Issue.remove({"_id": issue.pk, "state": {"$in": list(EDITABLE)}, "version": issue.version}):
        raise WrongState(f"An issue that is {issue.state} stays in the records.")
    Told.give_back(issue.pk)
    audit.record(caller.member_id, "issue.removed", issue.pk, network_id=issue.network_id)


def _block(given: Mapping[str, Any], before: Mapping[str, Block]) -> Block:
    """A block as an editor gives it. Words that differ from those of its source are the editor's own from then on."""
    source = Source(**given["source"]) if given.get("source") else None
    old = before.get(source.key) if source else None
    edited = source is not None and (given.get("edited", old is None) or old is None or given["text"] != dict(old.text))
    return Block(**{**given, "source": source, "edited": edited, "told": old.told if old else None})


def _in_order(newsletter: Newsletter, blocks: Iterable[Block]) -> list[Block]:
    """By the newsletter's sections; what belongs to none of them comes last."""
    place = {section: number for number, section in enumerate(newsletter.sections)}
    return sorted(blocks, key=lambda block: place.get(block.section, len(place)))
