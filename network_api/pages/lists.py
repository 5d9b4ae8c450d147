"""Lists on pages: filtered by a form that is sent with GET, held to the query of the API, and paged by the same cursors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from network_api import cursors
from network_api.documents import Page, Row
from network_api.pages.forms import Form
from network_api.schemas import PageQuery

_OF_PROGRAMS = ("limit", "total")


@dataclass(frozen=True)
class Listing:
    """A page of a list: its filters as they were chosen, its rows, and the address of the page after it."""

    form: Form
    rows: list[Row]
    onward: str | None

    @property
    def is_filtered(self) -> bool:
        """Whether anything has been chosen."""
        return any(name != "cursor" for name in self.form.typed)


def listing(query: type[PageQuery], find: Callable[[dict[str, Any]], Page]) -> Listing:
    """What was asked for in the address of this page. A filter that is left empty filters nothing."""
    fields = query().load_fields
    names = {field.data_key or name for name, field in fields.items()}.difference(_OF_PROGRAMS)
    given = {name: value for name, value in request.args.items() if name in names and value.strip()}
    form = Form(given)
    wanted = form.load(query, given)
    if wanted is None:
        return Listing(form, [], None)
    mark = cursors.fingerprint(request.path, {name: [value] for name, value in given.items()})
    cursors.begin(wanted, mark)
    found = find(wanted)
    return Listing(form, found.items, _address(given, cursors.encode(found.next, mark)) if found.next else None)


def _address(given: dict[str, str], cursor: str) -> str:
    return f"{request.script_root}{request.path}?{urlencode({**given, 'cursor': cursor})}"
