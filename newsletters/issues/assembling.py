"""Filling an issue from what networks do: each thing once, with nothing missed between issues.

What is new is looked for network by network, from a watermark on: everything before it has been told, in a letter that
went out. It only ever passes what has been told for good, and stays ten minutes behind, since a transaction that began
before may still bring something of its own time. So nothing is lost to an issue that is written, cancelled or cut short,
and an issue reads only what has come since, however many there were.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bson import ObjectId

from network_api.documents import Row, utcnow
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import EVENT, Block, Issue
from newsletters.issues.sources import theme_days
from newsletters.issues.sources.kinds import Kind
from newsletters.issues.told import Told, digest

LOOK_BACK = timedelta(days=370)  # what no issue has told in a year is no news
SETTLED_AFTER = timedelta(minutes=10)  # no transaction is open for so long
MOST_OF_A_KIND = 50  # an issue; the rest are for the next one


class Candidate(NamedTuple):
    """Something new in a network."""

    key: str
    network_id: ObjectId
    kind: Kind
    row: Row

    @property
    def published_at(self) -> datetime:
        """Since when it is news."""
        return self.kind.published_at(self.row)


def assembled(newsletter: Newsletter, issue: Issue) -> list[Block]:
    """Blocks for an issue from coming theme days and from what is new, as far as the newsletter has sections for them.

    The caller holds the newsletter. What any issue tells is not told again; a theme day is then only listed as coming up,
    until it has passed or is full.
    """
    already = {block.source.key for block in issue.blocks if block.source is not None}
    network_ids = sources.reach(newsletter.network_id)
    blocks = _theme_days(newsletter, network_ids, already) if "events" in newsletter.sections else []
    found = candidates(newsletter, network_ids, utcnow())
    told = Told.of(newsletter.pk, (candidate.key for candidate in found))
    _advance(newsletter, network_ids, found, told)
    wanted = {
        candidate.key: candidate
        for candidate in found
        if candidate.key not in told.keys() | already
        and candidate.kind.section(candidate.row) in newsletter.sections
        and candidate.row["_id"] != newsletter.network_id  # its own founding
        and _in_time(candidate, issue)
    }
    for kind in sources.KINDS.values():
        of_kind = [candidate for candidate in wanted.values() if candidate.kind is kind]
        chosen = sorted(of_kind, key=lambda candidate: (candidate.published_at, candidate.key))[:MOST_OF_A_KIND]
        blocks += [sources.block_of(kind, candidate.row, newsletter.languages) for candidate in chosen]
    return blocks


def _theme_days(newsletter: Newsletter, network_ids: list[ObjectId], already: set[str]) -> list[Block]:
    rows = [row for row in theme_days.coming(network_ids) if f"{EVENT}:{row['_id']}" not in already]
    told = Told.of(newsletter.pk, (f"{EVENT}:{row['_id']}" for row in rows))
    full = [row for row in rows if f"{EVENT}:{row['_id']}" not in told]
    short = [(row, told[f"{EVENT}:{row['_id']}"]) for row in rows if f"{EVENT}:{row['_id']}" in told and not row["is_full"]]
    blocks = [theme_days.block(row, newsletter.languages, None) for row in full]
    return blocks + [theme_days.block(row, newsletter.languages, heard.get("facts") or digest(row)) for row, heard in short]


def candidates(newsletter: Newsletter, network_ids: Sequence[ObjectId], now: datetime) -> list[Candidate]:
    """What has become news in these networks since their watermarks, network by network; some of it has been told.

    A network without one is new to the newsletter: nothing from before the newsletter was founded is news.
    """
    return [
        Candidate(f"{kind.type}:{row['_id']}", network_id, kind, row)
        for network_id in network_ids
        for kind in sources.KINDS.values()
        for row in kind.new(network_id, newsletter.watermarks.get(str(network_id), newsletter.created_at), now)
    ]


def _in_time(candidate: Candidate, issue: Issue) -> bool:
    """Whether it came before the deadline of its network. What networks do by themselves is bound by it as well."""
    deadline = issue.deadline_of(candidate.network_id)
    return deadline is None or candidate.published_at <= deadline


def _advance(
    newsletter: Newsletter, network_ids: Sequence[ObjectId], found: Sequence[Candidate], told: Mapping[str, Row]
) -> None:
    """Move each network's watermark to just before the first thing that no letter has told for good."""
    now = utcnow()
    sent = set(Issue.sent_among({row["issue_id"] for row in told.values()}))
    settled = {key for key, row in told.items() if row["issue_id"] in sent}
    marks = dict(newsletter.watermarks)
    for network_id in network_ids:
        here = [one for one in found if one.network_id == network_id and one.kind.dated]
        open_since = [one.published_at for one in here if one.key not in settled]
        mark = min([now - SETTLED_AFTER, *(since - timedelta(milliseconds=1) for since in open_since)])
        marks[str(network_id)] = max(mark, now - LOOK_BACK, newsletter.created_at)
    Newsletter.alter({"_id": newsletter.pk}, {"$set": {"watermarks": marks}})
    Told.forget(newsletter.pk, now - 2 * LOOK_BACK)


def keep_told(issue: Issue) -> None:
    """Note what an issue tells and what it does not tell any more. The caller holds the newsletter."""
    shown = [block for block in issue.blocks if block.source is not None and not block.hidden]
    days = theme_days.read(block.source.id for block in shown if block.source.type == EVENT)
    told_first = {block.source.key for block in shown if block.told is None}
    facts = {key: digest(row) for key, row in ((f"{EVENT}:{identifier}", row) for identifier, row in days.items())}
    Told.keep(issue.newsletter_id, issue.pk, {key: facts.get(key) for key in told_first})
