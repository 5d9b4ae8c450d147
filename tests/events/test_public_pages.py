"""The pages of theme days for everybody: lists with filters, one theme day, and the check of certificates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from events.documents import ACCEPTED, Event, Partner
from events.seating import DRAFT, Seats
from network_api.documents import utcnow
from network_api.errors import Invalid
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import ROOM, make_event, send_pdf

Read = Callable[..., str]


@pytest.fixture
def read(visitor: FlaskClient) -> Read:
    """The text of a page."""

    def get(path: str, status: int = 200, language: str = "en") -> str:
        answer = visitor.get(path, headers={"Accept-Language": language, "Accept": "text/html"})
        assert answer.status_code == status
        return answer.text

    return get


def named(network: Network, title: str, days: float = 20, **given: object) -> Event:
    starts = utcnow() + timedelta(days=days)
    return make_event(network, title={"en": title}, starts_at=starts, ends_at=starts + timedelta(hours=6), **given)


def test_the_list_has_what_comes_and_what_goes_on_but_no_draft(read: Read, regional: Network) -> None:
    named(regional, "Next week", 7)
    named(regional, "Going on since morning", -0.1)
    named(regional, "Last week", -7)
    named(regional, "Not ready", 9, status=DRAFT, published_at=None)
    page = read("/events")
    assert page.index("Going on since morning") < page.index("Next week")
    assert "Last week" not in page
    assert "Not ready" not in page
    past = read("/events/past")
    assert "Last week" in past
    assert "Next week" not in past


def test_the_list_is_filtered_as_in_the_api(read: Read, regional: Network, other_region: Network) -> None:
    named(regional, "Southern", topics=["nuoret"], capacity={"onsite": 5})
    named(other_region, "Northern", topics=["kausityö"], capacity={"remote": None})

    def shown(query: str) -> set[str]:
        page = read(f"/events?{query}")
        return {title for title in ("Southern", "Northern") if f">{title}</a>" in page}

    assert shown("") == {"Southern", "Northern"}
    assert shown("mode=onsite&region=&network=&topic=&q=") == {"Southern"}
    assert shown("region=FI-10") == {"Northern"}
    assert shown(f"network={regional.pk}") == {"Southern"}
    assert shown("topic=kausity%C3%B6") == {"Northern"}
    assert shown("q=north") == {"Northern"}
    assert shown("topic=nuoret&mode=remote") == set()
    assert "Try with fewer choices" in read("/events?q=zzz")
    assert shown("utm_source=x&lang=en") == {"Southern", "Northern"}


@pytest.mark.parametrize("query", ["mode=x", "region=FI-99", "network=x"])
def test_a_filter_that_cannot_be_is_a_mistake_on_the_page(read: Read, regional: Network, query: str) -> None:
    assert 'class="mistakes"' in read(f"/events?{query}", 422)


def test_a_cursor_belongs_to_its_list(read: Read, regional: Network) -> None:
    for number in range(27):
        named(regional, f"Day {number}", 3 + number)
    onward = read("/events?mode=onsite").split('class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
    assert onward.startswith("/events?mode=onsite&cursor=")
    page = read(onward)
    assert [f"Day {number}" for number in range(27) if f">Day {number}</a>" in page] == ["Day 25", "Day 26"]
    assert "no longer" not in read(onward.replace("mode=onsite", "mode=remote"), 422)


def test_a_theme_day_tells_all_but_the_room(
    read: Read, regional: Network, other_region: Network, signed_in: Callable[..., Api]
) -> None:
    starts = datetime(2030, 3, 4, 7, tzinfo=UTC)
    session = {
        "title": {"en": "Opening"},
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=1),
        "track": "A",
        "room": "Hall",
    }
    event = make_event(
        regional,
        slug="big-day",
        title={"en": "The big day"},
        description={"en": "## Why\n\nBecause **it helps**."},
        starts_at=starts,
        ends_at=starts + timedelta(hours=6),
        agenda=[{**session, "speakers": [{"name": "Sofia Lindqvist", "role": "job coach", "organisation": "A foundation"}]}],
        venue={"name": "Town hall", "directions": {"en": "By tram."}, "accessibility": {"en": "Step-free."}},
        co_hosts=[other_region.pk],
        partners={str(other_region.pk): Partner(state=ACCEPTED)},
    )
    editor = signed_in("toimittaja@example.org", regional, "editor")
    for title, audience in (("Slides", "public"), ("Recording", "participants")):
        path = f"/events/{event.pk}/materials"
        made = editor.post(path, {"title": {"en": title}, "audience": audience}).json["id"]
        send_pdf(editor, f"{path}/{made}/file")
    page = read("/events/big-day")
    for told in (
        "Monday, 4 March 2030",
        "09:00–15:00",
        "<h4>Why</h4>",
        "<strong>it helps</strong>",
        "Opening",
        "Track A, Hall",
        "Sofia Lindqvist, job coach, A foundation",
        "By tram.",
        "Step-free.",
        "On site: 2 free seats",
        "Remotely: room for everybody",
        'href="/networks/keski-suomi"',
        'href="/networks/lappi"',
        f'href="/events/{event.pk}.ics"',
        ">Slides</a>",
    ):
        assert told in page, told
    assert "Europe/Helsinki" not in page
    assert ROOM not in page
    assert ">Recording</a>" not in page


def test_the_zone_is_named_where_it_is_another(read: Read, regional: Network) -> None:
    starts = datetime(2030, 3, 4, 7, tzinfo=UTC)
    make_event(regional, slug="abroad", starts_at=starts, ends_at=starts + timedelta(hours=1), timezone="Europe/Stockholm")
    assert "08:00–09:00 (Europe/Stockholm)" in read("/events/abroad")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seats": {"onsite": Seats(capacity=2, taken=1)}}, "On site: one free seat"),
        ({"seats": {"onsite": Seats(capacity=2, taken=2)}}, "On site: full, you can join the queue"),
        ({"seats": {"remote": Seats(capacity=9, taken=2, waiting=1)}}, "Remotely: full, you can join the queue"),
        ({"registration_opens_at": utcnow() + timedelta(days=2)}, "Registration opens "),
        (
            {"registration_closes_at": utcnow() - timedelta(hours=1), "published_at": utcnow() - timedelta(days=9)},
            "Registration has closed",
        ),
    ],
)
def test_it_is_said_whether_there_is_room(read: Read, regional: Network, given: dict[str, object], told: str) -> None:
    make_event(regional, slug="day", **given)
    assert told in read("/events/day")
    assert told in read("/events")


def test_a_theme_day_that_is_called_off_says_why(read: Read, regional: Network, signed_in: Callable[..., Api]) -> None:
    event = make_event(regional, slug="day")
    coordinator = signed_in("koordinaattori@example.org", regional, "coordinator")
    coordinator.post(f"/events/{event.pk}/cancel", {"reason": {"fi": "Kouluttaja on sairas."}})
    page = read("/events/day")
    assert "This theme day has been cancelled." in page
    assert '<span lang="fi">Kouluttaja on sairas.</span>' in page
    assert "https://schema.org/EventCancelled" in page
    assert "free seats" not in page
    assert "Called off" in read("/events")


def test_a_draft_is_not_there(read: Read, regional: Network) -> None:
    make_event(regional, slug="draft", status=DRAFT, published_at=None)
    read("/events/draft", 404)
    read("/events/ei-ole", 404)


def test_the_address_of_the_archive_is_taken(regional: Network) -> None:
    with pytest.raises(Invalid):
        make_event(regional, slug="past")


def test_a_code_leads_to_its_certificate(visitor: FlaskClient, read: Read) -> None:
    answer = visitor.get("/verify?code=+ABCD-EFGH+")
    assert (answer.status_code, answer.location) == (303, "/verify/ABCD-EFGH")
    page = read("/verify/ABCD-EFGH", 404)
    assert "No certificate has this code" in page
    assert 'value="ABCD-EFGH"' in page
