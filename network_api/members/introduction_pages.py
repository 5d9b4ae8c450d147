"""The page of introductions that their members show to everybody."""

from functools import partial

from flask import Response

from network_api.auth.caller import STRANGER
from network_api.members import actions
from network_api.members.schemas import IntroductionQuery
from network_api.pages.frame import Pages, page
from network_api.pages.lists import listing

pages = Pages("introduction_pages", "network_api")


@pages.get("/introductions")
def list_introductions() -> Response:
    """Introductions, the newest first."""
    found = listing(IntroductionQuery, partial(actions.find_introductions, STRANGER))
    return page("members/introductions.html", listing=found, status=found.form.status)
