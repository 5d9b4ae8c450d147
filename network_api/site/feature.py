"""The public site, as the application sees it."""

from flask_babel import lazy_gettext

from network_api.feature import Feature, Link
from network_api.site import network_pages, statement_pages

feature = Feature(
    name="site",
    pages=(network_pages.pages, statement_pages.pages),
    navigation=(
        Link("theme_days.coming", lazy_gettext("Theme days")),
        Link("network_pages.list_networks", lazy_gettext("Networks")),
        Link("introduction_pages.list_introductions", lazy_gettext("People")),
        Link("sign_up_pages.list_newsletters", lazy_gettext("Newsletters")),
    ),
    footer=(
        Link("certificate_pages.ask_for_code", lazy_gettext("Check a certificate")),
        Link("statements.privacy", lazy_gettext("Privacy")),
        Link("statements.accessibility", lazy_gettext("Accessibility")),
    ),
)
