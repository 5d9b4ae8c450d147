"""What blocks are made of, read live: theme days, introductions, contributions, and what networks do.

A block keeps the id of its source. Just before an issue is shown or sent the sources are read again. What has been
withdrawn, erased, cancelled or is over falls out. When and where a theme day is stands beside its text and is always that
of now. Any other block is told in the words that were approved or not at all: where its source says something else by
now, it falls out, and the next issue tells it as it is then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bson import ObjectId

from events.documents import Event
from network_api.documents import Row
from network_api.networks.documents import NATIONAL, Network
from newsletters.contributions.documents import Contribution
from newsletters.issues.documents import CONTRIBUTION, COORDINATION, EVENT, INTRODUCTION, MATERIALS, NETWORK, Block, Source
from newsletters.issues.sources import contributed, introductions, network_news, theme_days
from newsletters.issues.sources.kinds import Kind, Live

KINDS: Mapping[str, Kind] = {kind.type: kind for kind in (introductions.KIND, contributed.KIND, *network_news.KINDS)}
LASTING = (NETWORK, COORDINATION)  # that a network was founded, and who coordinated it then, nobody can withdraw


def reach(network_id: ObjectId) -> list[ObjectId]:
    """A network, and those below it where it is the national one."""
    return [network_id, *(row["_id"] for row in Network.below([network_id]))]


def block_of(kind: Kind, row: Row, languages: Iterable[str]) -> Block:
    """A source as a block, in those of the newsletter's languages that it has."""
    said = kind.live(row, languages)
    source = Source(type=kind.type, id=row["_id"], version=said.version)
    return Block(section=kind.section(row), text=dict(said.texts), source=source)


def live(blocks: Iterable[Block]) -> dict[str, Live]:
    """What the sources of these blocks say now, by key, as far as they may be told; nothing for hidden blocks."""
    sourced = [block for block in blocks if block.source is not None]
    days = {f"{EVENT}:{key}": theme_days.live(row) for key, row in theme_days.read(_ids(sourced, EVENT)).items()}
    return _with_regions(days | _of_kinds(sourced))


def _of_kinds(sourced: Sequence[Block]) -> dict[str, Live]:
    """The same of all sources but theme days; one query for each kind that there is."""
    found: dict[str, Live] = {}
    for kind in KINDS.values():
        texts = {block.source.id: list(block.text) for block in sourced if block.source.type == kind.type}
        for key, row in kind.read(texts).items() if texts else ():
            found[f"{kind.type}:{key}"] = kind.live(row, texts[key])
    return found


def _with_regions(found: Mapping[str, Live]) -> dict[str, Live]:
    """The same with the regions that the networks serve; a national one serves all of them."""
    networks = Network.by_ids(network_id for said in found.values() for network_id in said.networks)
    placed = {}
    for key, said in found.items():
        rows = [networks[network_id] for network_id in said.networks if network_id in networks]
        everywhere = said.everywhere or any(row["kind"] == NATIONAL for row in rows)
        regions = None if everywhere else frozenset(region for row in rows for region in row.get("regions") or ())
        placed[key] = replace(said, regions=regions)
    return placed


def standing(blocks: Iterable[Block]) -> dict[str, Live]:
    """The same, less what says something else than its block does."""
    listed = [block for block in blocks if block.source is not None]
    found = live(listed)
    return {block.source.key: found[block.source.key] for block in listed if _says_the_same(block, found.get(block.source.key))}


def _says_the_same(block: Block, said: Live | None) -> bool:
    if said is None or block.source.type == EVENT:
        return said is not None
    return bool(said.version == block.source.version if block.edited else dict(said.texts) == dict(block.text))


def standing_in_archive(blocks: Iterable[Block]) -> dict[str, Live]:
    """The same for an issue that has been sent: it stays as it was; only what was withdrawn or erased is gone.

    Three queries at the most. Regions play no part: the archive shows everything to everybody.
    """
    listed = [block for block in blocks if block.source is not None]
    days = Event.by_ids(_ids(listed, EVENT) | _ids(listed, MATERIALS))
    kept = {
        EVENT: days,
        MATERIALS: network_news.with_open_materials(days),
        INTRODUCTION: introductions.read(_ids(listed, INTRODUCTION)),
        CONTRIBUTION: Contribution.by_ids(_ids(listed, CONTRIBUTION)),
    }
    return {
        block.source.key: theme_days.live(days[block.source.id]) if block.source.type == EVENT else _as_told(block)
        for block in listed
        if block.source.type in LASTING or block.source.id in kept[block.source.type]
    }


def _as_told(block: Block) -> Live:
    return Live(version=block.source.version, texts=block.text, networks=())


def refreshed(block: Block, languages: Iterable[str]) -> Block | None:
    """A block in the words of its source now, where they are not an editor's own; None where its source is gone."""
    if block.source is None or block.source.type == EVENT or block.edited:
        return block
    kind = KINDS[block.source.type]
    row = kind.read([block.source.id]).get(block.source.id)
    if row is None:
        return None
    said = kind.live(row, languages)
    source = Source(type=kind.type, id=block.source.id, version=said.version)
    return Block(**{**_fields(block), "text": dict(said.texts), "source": source})


def _fields(block: Block) -> dict[str, object]:
    return {name: getattr(block, name) for name in ("section", "pinned", "hidden", "edited", "told")}


def _ids(blocks: Iterable[Block], kind: str) -> set[ObjectId]:
    return {block.source.id for block in blocks if block.source is not None and block.source.type == kind}
