"""The forms of a page, and something to type into each field that cannot be right where a field can be wrong."""

from html.parser import HTMLParser

CANNOT_BE = {"email": "ei <osoite>", "url": "ei <linkki>", "datetime-local": "joskus", "date": "joskus"}
_TYPED = ("text", "search", *CANNOT_BE)
_WORDS = "Sanoja & <muuta>"


class Form:
    """A form as it is sent: where to, what stands in it, what has been typed, and whether it cannot be right."""

    def __init__(self, action: str) -> None:
        self.action, self.sent = action, dict[str, str]()
        self.typed: list[str] = []
        self.is_wrong = False

    def type(self, name: str, kind: str) -> None:
        """Type something into a field."""
        self.sent[name] = CANNOT_BE.get(kind, _WORDS)
        self.typed.append(self.sent[name])
        self.is_wrong = self.is_wrong or kind in CANNOT_BE


class Forms(HTMLParser):
    """Collects the forms of a page that are sent by POST, filled in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Fill in what begins here, inside a form."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given["action"]) if given.get("method") == "post" else None
            self.found += [self._form] if self._form else []
        elif self._form and "name" in given:
            kind = "text" if tag == "textarea" else given.get("type", "text")
            if tag in ("input", "textarea") and kind in _TYPED:
                self._form.type(given["name"], kind)
            elif tag == "button" or kind == "hidden" or "checked" in given:  # of several buttons, the first
                self._form.sent.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave a form."""
        self._form = None if tag == "form" else self._form
