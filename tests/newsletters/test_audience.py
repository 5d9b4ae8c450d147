"""The walk over the subscriptions of a newsletter, from which an audience is frozen."""

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from newsletters.dispatch import audience
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import Subscription
from tests.newsletters.factories import subscription

BEGAN = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


def came_at(moment: datetime, number: int) -> ObjectId:
    """An id that was made then, one of several in that second."""
    return ObjectId(ObjectId.from_datetime(moment).binary[:4] + number.to_bytes(8, "big"))


@pytest.fixture
def ids(newsletter: Newsletter) -> list[ObjectId]:
    """Subscriptions older than their newsletter, some over years, and many within two seconds."""
    moments = [BEGAN, *(BEGAN + timedelta(days=200 * number) for number in range(1, 8))]
    lately = newsletter.pk.generation_time + timedelta(days=400)
    made = [came_at(moment, 2**40) for moment in moments]
    made += [came_at(lately + timedelta(seconds=number % 2), number) for number in range(40)]
    template = subscription(newsletter, "tilaaja@example.org").checked_row()
    rows = [{**template, "_id": each, "email": f"{each}@example.org", "email_key": f"{each}@example.org"} for each in made]
    Subscription.collection().insert_many(rows)
    return sorted(made)


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("place", [None, 4, 20, 46])
def test_every_subscription_after_a_place_is_met_once_in_order(
    newsletter: Newsletter, ids: list[ObjectId], monkeypatch: pytest.MonkeyPatch, size: int, place: int | None
) -> None:
    monkeypatch.setattr(audience, "STRETCH", size)
    after, until = None if place is None else ids[place], ids[-2]
    walked = list(audience.stretches(newsletter.pk, until, after=after, only={"_id": 1}))
    rest = ids[:-1] if place is None else ids[place + 1 : -1]
    assert [row["_id"] for stretch in walked for row in stretch] == rest
    assert len(walked) < 60


def test_the_newest_is_found_however_old_it_is(newsletter: Newsletter, ids: list[ObjectId]) -> None:
    assert audience._newest(newsletter.pk) == ids[-1]
    Subscription.collection().delete_many({"_id": {"$in": ids[3:]}})
    assert audience._newest(newsletter.pk) == ids[2]
    Subscription.collection().delete_many({})
    assert audience._newest(newsletter.pk) is None


def test_those_who_come_steadily_are_read_a_few_at_a_time(newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "STRETCH", 10)
    began = newsletter.pk.generation_time
    template = subscription(newsletter, "tilaaja@example.org").checked_row()
    made = [came_at(began + timedelta(seconds=number // 5), number) for number in range(200)]  # five a second
    rows = [{**template, "_id": each, "email": f"{each}@example.org", "email_key": f"{each}@example.org"} for each in made]
    Subscription.collection().insert_many(rows)
    walked = list(audience.stretches(newsletter.pk, made[-1], only={"_id": 1}))
    assert (sum(map(len, walked)), max(map(len, walked)) <= 20) == (200, True)
