"""The public site, as the application sees it."""

from collections.abc import Iterator

from flask_babel import lazy_gettext

from network_api.feature import Feature, Link, PublicPage
from network_api.languages import LANGUAGES
from network_api.networks.actions import all_networks
from network_api.site import desk_pages, guide_pages, me_pages, network_pages, statement_pages

LISTS = ("/", "/networks", "/events", "/events/past", "/introductions", "/newsletters", "/privacy", "/accessibility")


def public_pages() -> Iterator[PublicPage]:
    """The lists of every feature, the statements, the guides, which are in English, and each network's page."""
    yield from (PublicPage(path, None, LANGUAGES) for path in LISTS)
    yield from (PublicPage(f"/guides{path}", None, ("en",)) for path in ("", *(f"/{name}" for name in guide_pages.NAMES)))
    yield from (PublicPage(f"/networks/{row['slug']}", row["updated_at"], LANGUAGES) for row in all_networks())


feature = Feature(
    name="site",
    pages=(network_pages.pages, me_pages.pages, desk_pages.pages, guide_pages.pages, statement_pages.pages),
    public_pages=public_pages,
    navigation=(
        Link("theme_days.coming", lazy_gettext("Theme days")),
        Link("network_pages.list_networks", lazy_gettext("Networks")),
        Link("introduction_pages.list_introductions", lazy_gettext("People")),
        Link("sign_up_pages.list_newsletters", lazy_gettext("Newsletters")),
        Link("me_pages.overview", lazy_gettext("My page")),
    ),
    footer=(
        Link("certificate_pages.ask_for_code", lazy_gettext("Check a certificate")),
        Link("desk_pages.home", lazy_gettext("For coordinators")),
        Link("guide_pages.list_guides", lazy_gettext("For developers")),
        Link("statements.privacy", lazy_gettext("Privacy")),
        Link("statements.accessibility", lazy_gettext("Accessibility")),
    ),
)
