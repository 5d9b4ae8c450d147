"""What readers see: valid HTML, readable by everybody by day and by night, and a text part that says the same."""

import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Request, Route

from network_api.networks.documents import Network
from newsletters.contributions.documents import ContributedImage, ContributedLink
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import Block, Issue
from newsletters.issues.markdown import as_text, safe_html
from newsletters.issues.rendering import Links, Rendered, render
from newsletters.issues.sources import theme_days
from newsletters.issues.variants import Shown
from tests.newsletters.factories import contribute, introduce, issue_being_sent, make_newsletter, theme_day
from tests.profiles import QUICK

MAIL_NEEDS = (
    "element is obsolete",  # tables for Outlook, which lays nothing else out; they carry role=presentation
    "Attribute “xmlns:",  # MJML's names for Outlook's drawing language
    "CSS: “mso-",  # what Outlook alone reads
)
HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](javascript:alert(1))", "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>", "<iframe src=//evil.example></iframe>", "<style>*{background:url(//evil.example)}</style>",
    "[x](vbscript:msgbox(1))", "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "</mj-text><mj-raw><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}", "[a](<https://example.org/\"onmouseover=alert(1)>)", "![\"onerror=alert(1)](https://example.org/a.png)",
    "<!-- <main> --><script>", "]]><script>alert(1)</script>", "<form action=//evil.example><input>", "[x](//evil.example)",
)  # fmt: skip
VARIANTS = [(language, regions) for language in ("fi", "sv", "en") for regions in ((), ("FI-10",))]


@pytest.fixture
def shown(regional: Network) -> Shown:
    """A letter with everything in it: a theme day in full and one in short, changed; pictures, links, lists, other languages."""
    newsletter = make_newsletter(
        regional,
        languages=["fi", "sv", "en"],
        reply_to="kirje@example.org",
        sections=["editorial", "events", "introductions", "news"],
    )
    full, short = theme_day(regional), theme_day(regional, "Kevään avajaiset")
    member = introduce(regional, "aino@example.org", "Hei, olen *Aino*.")
    news = contribute(regional, "Uusi & <vertais>ryhmä", "Ryhmä:\n\n- ma\n- ti\n\n> Tervetuloa!\n\n1. Ilmoittaudu\n2. Tule")
    link = ContributedLink(url="https://example.org/ryhma?a=1&b=2", label={"fi": "Lue lisää"})
    image = ContributedImage(url="https://example.org/kuva.png", alt={"fi": "Kolme valmentajaa pöydän ääressä"})
    news = news.edit({"links": [link], "image": image})[0]
    rows = {"introduction": member, "contribution": news}
    blocks = [
        Block(section="editorial", text={"fi": "Hei, katso [kuvat](https://example.org/kuvat).", "sv": "Hej!", "en": "Hello!"}),
        theme_days.block(full.to_mongo(), newsletter.languages, None),
        theme_days.block(short.to_mongo(), newsletter.languages, "something else"),
        *(sources.block_of(sources.KINDS[kind], row.to_mongo(), newsletter.languages) for kind, row in rows.items()),
    ]
    made = issue_being_sent(newsletter)
    made.blocks = blocks
    return Shown(newsletter, made, sources.standing(blocks))


def variant(shown: Shown, language: str, regions: tuple[str, ...] = ()) -> Rendered:
    blocks = [shown.issue.blocks[place] for place in shown.places((), regions)]
    links = Links("http://localhost/manage/subscriptions/x", "http://localhost/unsubscribe/x")
    return render(shown.newsletter, shown.issue, language, links, standing=shown.standing, blocks=blocks)


def test_every_variant_is_valid_html(shown: Shown, validate_html: Callable[..., list[str]]) -> None:
    made = [variant(shown, language, regions).html for language, regions in VARIANTS]
    assert len(set(made)) == len(VARIANTS)
    assert validate_html(*made, allowed=MAIL_NEEDS) == []


def note(asked: list[str], request: Request) -> None:
    asked.append(request.url)


def no_picture(route: Route) -> None:
    route.abort()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 900])
def test_axe_finds_nothing_and_nothing_is_fetched_but_pictures(
    shown: Shown, browser: Browser, axe: Callable[[Page], list[str]], scheme: str, width: int
) -> None:
    for language, regions in VARIANTS:
        with browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800}) as page:  # type: ignore[arg-type]
            asked: list[str] = []
            page.on("request", partial(note, asked))
            page.route("https://**/*", no_picture)
            page.set_content(variant(shown, language, regions).html)
            assert axe(page) == []
            assert set(asked) <= {"https://example.org/kuva.png"}
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_letter_is_dark_where_the_reader_wants_it(shown: Shown, browser: Browser) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with browser.new_page(color_scheme=scheme) as page:  # type: ignore[arg-type]
            page.set_content(variant(shown, "fi").html)
            grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(238, 243, 241)", "dark": "rgb(14, 21, 19)"}


class Visible(HTMLParser):
    """The words and addresses of an HTML part that a reader meets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: set[str] = set()
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "title")
        named = dict(attrs)
        self.addresses |= {str(named[name]) for name in ("href", "src") if named.get(name)}
        self.words += (named.get("alt") or "").split()

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        self.words += [] if self._hidden else data.split()


@pytest.mark.parametrize(("language", "regions"), VARIANTS)
def test_the_text_part_says_the_same(shown: Shown, language: str, regions: tuple[str, ...]) -> None:
    made = variant(shown, language, regions)
    seen, text = Visible(made.html), set(re.findall(r"\w+", made.text))
    assert len(seen.words) > 20
    assert {word for word in re.findall(r"\w+", " ".join(seen.words)) if word not in text} == set()
    assert {address for address in seen.addresses if address.removeprefix("mailto:") not in made.text} == set()
    assert "<" not in made.text.replace("<vertais>", "")


def test_what_is_in_another_language_says_so(shown: Shown) -> None:
    made = variant(shown, "sv")
    assert '<html lang="sv"' in made.html
    assert '<div lang="fi"><h3' in made.html
    assert "Bara på finska" in made.html
    assert "Bara på finska" in made.text
    assert "Bara på finska" not in variant(shown, "fi").html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_field_of_a_letter_runs_anything(regional: Network, hostile: str) -> None:
    newsletter = make_newsletter(regional, name={"fi": hostile}, sections=["editorial", "events", "introductions", "news"])
    news = contribute(regional, hostile, hostile)
    day, member = theme_day(regional, hostile, summary={"fi": hostile}), introduce(regional, "aino@example.org", hostile)
    issue = issue_being_sent(newsletter, title=hostile, text={"fi": hostile})
    rows = {"introduction": member, "contribution": news}
    issue.blocks += [sources.block_of(sources.KINDS[kind], row.to_mongo(), ["fi"]) for kind, row in rows.items()]
    issue.blocks.append(theme_days.block(day.to_mongo(), ["fi"], None))
    html = render(newsletter, issue, "fi", Links()).html
    tags = Tags(html)
    assert tags.names <= KNOWN_TAGS
    assert tags.attributes.isdisjoint({"onerror", "onload", "onmouseover", "onclick", "srcdoc", "action"})
    assert {address.partition(":")[0] for address in tags.addresses} <= {"http", "https", "mailto"}


KNOWN_TAGS = {
    *("html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td", "p", "h1", "h2", "h3", "h4"),
    *("a", "br", "img", "ul", "ol", "li", "em", "strong", "code", "pre", "blockquote", "hr"),
}


class Tags(HTMLParser):
    """The tags, attributes and addresses of a letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {str(value) for name, value in attrs if name in ("href", "src") and value}


@settings(QUICK, max_examples=150)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("<>&\"'/=!-[]()*_`#~|\n :jx"), st.characters(exclude_categories=["Cs"])), max_size=60
    )
)
def test_any_markdown_can_be_laid_out(newsletter_in_memory: tuple[Newsletter, Issue], text: str) -> None:
    newsletter, issue = newsletter_in_memory
    issue.title, issue.blocks = {"fi": text or "x"}, [Block(section="editorial", text={"fi": text or "x"})]
    made = render(newsletter, issue, "fi", Links(), standing={})
    assert Tags(made.html).names <= KNOWN_TAGS
    assert as_text(text) is not None
    assert "<script" not in safe_html(text)


@pytest.fixture
def newsletter_in_memory(regional: Network) -> tuple[Newsletter, Issue]:
    newsletter = make_newsletter(regional)
    return newsletter, issue_being_sent(newsletter)
