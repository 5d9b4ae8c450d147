"""The forms of a page as they stand there, and filled in by somebody who types what cannot be right, or too much of it."""

from html.parser import HTMLParser
from typing import NamedTuple

CANNOT_BE = {"email": "ei <osoite>", "url": "ei <linkki>", "datetime-local": "joskus", "date": "joskus"}
CHOICES = ("checkbox", "radio", "option")
NOT_TYPED = (*CHOICES, "hidden", "button", "file")
_TYPED = {**CANNOT_BE, "number": "7", "time": "09:00"}
_WORDS = "Sanoja & <muuta>"
_TOO_MANY = _WORDS * 2_000  # of words
Sent = list[tuple[str, str]]


class Field(NamedTuple):
    """A field, a choice or a button."""

    name: str
    kind: str
    value: str
    is_chosen: bool = False


class Form:
    """A form that is sent by POST: where to, and what is in it."""

    def __init__(self, action: str) -> None:
        self.action, self.fields = action, list[Field]()

    @property
    def _is_checked(self) -> bool:
        """Whether something can be typed that cannot be right."""
        return any(field.kind in CANNOT_BE for field in self.fields)

    def filled(self) -> Sent:
        """What a person gives: words everywhere, every tick, and the last of each choice."""
        chosen = {field.name: field.value for field in self.fields if field.kind in ("radio", "option")}
        ticked = [(field.name, field.value) for field in self.fields if field.kind == "checkbox"]
        typed = [(field.name, _TYPED.get(field.kind, _WORDS)) for field in self.fields if field.kind not in NOT_TYPED]
        if typed and not self._is_checked:
            typed[0] = (typed[0][0], _TOO_MANY)
        return [*typed, *ticked, *chosen.items()]

    def besides(self) -> Sent:
        """What is sent along: what is hidden, and the first button."""
        buttons = [(field.name, field.value) for field in self.fields if field.kind == "button"]
        return [*((field.name, field.value) for field in self.fields if field.kind == "hidden"), *buttons[:1]]

    def standing(self) -> Sent:
        """What a browser would send of it as it stands."""
        return [(field.name, field.value) for field in self.fields if field.kind not in CHOICES or field.is_chosen]


class Forms(HTMLParser):
    """Collects the forms of a page that are sent by POST."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._in_text = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins here, inside a form."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given["action"]) if given.get("method") == "post" else None
            self.found += [self._form] if self._form else []
        elif self._form and tag == "select":
            self._select = given["name"]
        elif self._form and tag == "option":
            self._form.fields.append(Field(self._select, "option", given["value"], "selected" in given))
        elif self._form and tag == "textarea":
            self._in_text = True
            self._form.fields.append(Field(given["name"], "text", ""))
        elif self._form and "name" in given:
            kind = "button" if tag == "button" else given.get("type", "text")
            value = given.get("value", "on" if kind == "checkbox" else "")
            self._form.fields.append(Field(given["name"], kind, value, "checked" in given))

    def handle_data(self, data: str) -> None:
        """Put together what stands in a textarea."""
        if self._in_text and self._form:
            last = self._form.fields.pop()
            self._form.fields.append(last._replace(value=(last.value + data).removeprefix("\n")))

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, or a textarea."""
        self._in_text = self._in_text and tag != "textarea"
        self._form = None if tag == "form" else self._form
