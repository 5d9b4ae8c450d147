"""The form of an issue: its blocks as they are typed, moved and marked, and the API's request that comes of it.

A block's fields are `blocks.<place>.<name>`. Each button of a block sends the whole form, so that nothing typed is lost; it
names what is to be done and with which block (`up.3`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from network_api.documents import Row
from network_api.languages import LANGUAGES
from network_api.pages.forms import Form
from newsletters.issues.documents import Issue

Typed = dict[str, Any]  # a block as it stands in the form
_MARKS = ("pinned", "hidden", "edited")
_OF_SOURCE = ("type", "id", "version")
_MOST = 200  # blocks


def filled(issue: Issue) -> Form:
    """The form with an issue as it is stored."""
    row = issue.to_mongo().to_dict()
    typed: Typed = {"version": row["version"], **{f"title.{code}": text for code, text in row["title"].items()}}
    for place, block in enumerate(row.get("blocks", ())):
        typed |= {f"blocks.{place}.{name}": value for name, value in _as_typed(block).items()}
    return Form(typed)


def _as_typed(block: Row) -> Typed:
    source = block.get("source")
    texts = {f"text.{code}": text for code, text in block["text"].items()}
    marks = {name: "yes" for name in _MARKS if block.get(name)}
    told = ":".join(str(source[name]) for name in _OF_SOURCE) if source else ""
    return {"section": block["section"], **texts, **marks, "source": told}


def places(form: Form) -> list[int]:
    """The places of the blocks that stand in the form."""
    return [place for place in range(_MOST) if f"blocks.{place}.section" in form.typed]


def request(form: Form, issue: Issue) -> dict[str, Any]:
    """What was typed, after what the pressed button does, as the body of a request to change the issue."""
    blocks = [_block(form, place) for place in places(form)]
    step, _, place = form["do"].partition(".")
    if step in _STEPS and place.isdecimal() and int(place) < len(blocks):
        _STEPS[step](blocks, int(place))
    elif step == "add":
        blocks.append({"section": form["new.section"], "text": form.texts("new.text")})
    before = {block.source.key: dict(block.text) for block in issue.blocks if block.source is not None}
    return {"title": form.texts("title"), "blocks": [_as_stored(block, before) for block in blocks]}


def _block(form: Form, place: int) -> Typed:
    name = f"blocks.{place}"
    told = form[f"{name}.source"]
    source = _source(told) if told else None
    marks = {mark: bool(form[f"{name}.{mark}"]) for mark in _MARKS}
    return {"section": form[f"{name}.section"], "text": form.texts(f"{name}.text"), "source": source, **marks}


def _source(told: str) -> Typed:
    """What a hidden field says of a source, its version as a number; 0, which no source has, where it is none."""
    named = dict(zip(_OF_SOURCE, told.split(":"), strict=False))
    version = named.get("version", "")[:9]
    return {**named, "version": int(version) if version.isdecimal() else 0}


def _as_stored(block: Typed, before: Mapping[str, Mapping[str, str]]) -> Typed:
    """The block with the stored words where nobody has changed them: a browser alters line ends, which is no edit."""
    source = block.get("source")
    stored = before.get(f"{source['type']}:{source['id']}", {}) if source else {}
    same = {code: text for code, text in stored.items() if block["text"].get(code) == _sent(text)}
    return {**block, "text": {**block["text"], **same}}


def _sent(text: str) -> str:
    """A text as a form brings it back."""
    return text.strip().replace("\r\n", "\n")


def _swap(blocks: list[Typed], place: int, other: int) -> None:
    if 0 <= other < len(blocks):
        blocks[place], blocks[other] = blocks[other], blocks[place]


def _toggle(mark: str) -> Callable[[list[Typed], int], None]:
    return lambda blocks, place: blocks[place].update({mark: not blocks[place][mark]})


_STEPS: Mapping[str, Callable[[list[Typed], int], object]] = {
    "up": lambda blocks, place: _swap(blocks, place, place - 1),
    "down": lambda blocks, place: _swap(blocks, place, place + 1),
    "pin": _toggle("pinned"),
    "hide": _toggle("hidden"),
    "reread": lambda blocks, place: blocks[place].update(edited=False),
    "remove": lambda blocks, place: blocks.pop(place),
}


def languages(issue: Issue, wanted: list[str]) -> list[str]:
    """The languages that the form has fields for: the newsletter's, and those that something is written in already."""
    written = {code for block in issue.blocks for code in block.text} | set(issue.title)
    return [code for code in LANGUAGES if code in wanted or code in written]
