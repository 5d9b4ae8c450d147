"""What the guard compares: short pieces of our work and of the bare work, which take turns in one process."""

import smtplib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from pymongo import MongoClient

from benchmarks import bare, bare_reads, letters, pages, reads, registration, running
from benchmarks.registration import crowd
from benchmarks.sink import running_sink
from network_api.app import make_demo
from network_api.networks.documents import Network
from newsletters.dispatch import audience, batches
from newsletters.dispatch.ledger import count
from newsletters.dispatch.pool import pool
from newsletters.issues.documents import Issue
from tests.events.factories import make_event
from tests.newsletters.factories import issue_being_sent

MAILS = 150


class Pair(NamedTuple):
    """Our work and the bare work of the same, in so many rounds."""

    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    rounds: int
    by_clock: bool = True  # or by the processor's time alone


def of_reads() -> Iterator[Pair]:
    """A theme day and a list of them, beside the bare handler."""
    with running.database() as uri, running.platform(running.settings(uri, 25, **reads.LIMITS)) as app:
        asks, handler = list(reads.asks(reads.fill())), bare_reads.create_app(uri)
        for ask in asks:
            ours, theirs = (reads.through_wsgi(one, ask) for one in (app, handler))
            assert ours() == theirs(), ask
            yield Pair(f"{ask.what}, {ask.who}", _times(4, ours), _times(4, theirs), 30)


def of_pages() -> Iterator[Pair]:
    """Public pages, beside the API's reads of the same. By the processor alone: both are ours, and ask the database alike."""
    with running.database() as uri, running.platform(running.settings(uri, 25, RATELIMIT_ENABLED=False)) as app:
        make_demo()
        client = app.test_client()
        for pair in pages.pairs():
            pages.took(client, pair.page, *pair.reads)  # the first request of each prepares what later ones find
            page, api = partial(pages.took, client, pair.page), partial(pages.took, client, *pair.reads)
            yield Pair(pair.name, page, api, 20, by_clock=False)


def _times(number: int, work: Callable[[], object]) -> Callable[[], object]:
    def repeated() -> None:
        for _ in range(number):
            work()

    return repeated


def of_registration() -> Iterator[Pair]:
    """Somebody registers, and then somebody by the bare transaction."""
    with running.database() as uri, running.platform(running.settings(uri, 25, RATELIMIT_ENABLED=False)) as app:
        network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
        event = make_event(network, capacity={"onsite": registration.SEATS, "remote": None})
        client, database = MongoClient[dict[str, Any]](uri), Network.collection().database
        people, path, http = iter(crowd(1000, "ours-")), f"/api/v1/events/{event.pk}/registrations", app.test_client()

        def ours() -> None:
            person = next(people)
            answer = http.post(path, json=person.body("remote"))
            assert answer.status_code == 201, answer.json

        ours()
        bare.prepare(database, event.pk)
        content = (database.outgoing_mail.find_one({}) or {})["text"]
        remote = [person._replace(mode="remote") for person in crowd(1000, "bare-")]
        theirs = iter(registration.bare_rows(database, str(event.pk), remote, content))
        own = client.get_default_database()
        yield Pair("one after the other", ours, lambda: bare.register(client, own, event.pk, next(theirs)), 60)
        client.close()


def of_dispatch() -> Iterator[Pair]:
    """A small letter goes out, and as many mails by the bare loop. By the processor alone: ours waits for a third process, the
    database's, which other load lets wait as well."""
    with running.database() as uri, running_sink() as sink, running.platform(running.settings(uri, sink.port)):
        newsletter = letters.newsletter_of(MAILS)
        text = {"fi": letters.text_of_size(newsletter)}
        waiting: list[Issue] = []

        def ours() -> None:
            issue = waiting.pop()
            while batches.work(issue.pk):
                pass
            assert set(count(issue.pk)) == {"accepted"}, count(issue.pk)

        def theirs() -> None:
            with smtplib.SMTP("127.0.0.1", sink.port) as client:
                for number in range(MAILS):
                    client.sendmail(mail.sender, [f"tilaaja{number}@example.org"], mail.content)

        rounds = 8
        for _ in range(rounds):
            waiting.append(issue_being_sent(newsletter, text=text))
            audience.freeze(waiting[-1])
        mail = letters.a_mail(waiting[0])
        yield Pair("a small letter", ours, theirs, rounds, by_clock=False)
        pool.close()


KINDS: Mapping[str, Callable[[], Iterator[Pair]]] = {
    "reads": of_reads,
    "pages": of_pages,
    "registration": of_registration,
    "dispatch": of_dispatch,
}
