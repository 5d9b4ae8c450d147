"""Connections that outlast the jobs, several of them, to several servers of which any may fail."""

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from network_api.feature import features
from newsletters.dispatch.ledger import Progress, count
from newsletters.dispatch.pool import Pool, pool
from newsletters.dispatch.servers import NotConnected, Server, servers
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.newsletters.factories import issue_being_sent, make_due, subscribe_many, work_until_idle
from tests.newsletters.smtp import DROP, FaultyServer
from tests.platform.running import eventually

MakeServer = Callable[..., FaultyServer]


@pytest.fixture
def start() -> Iterator[MakeServer]:
    """Starts servers that end with the test."""
    started: list[FaultyServer] = []

    def make(**given: Any) -> FaultyServer:
        started.append(FaultyServer(**given))
        started[-1].start()
        return started[-1]

    yield make
    pool.close()
    for server in started:
        server.stop()


@pytest.fixture
def use(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes these the servers for letters, in that order."""

    def name(*given: FaultyServer, scheme: str = "smtp", user: str = "") -> None:
        urls = [f"{scheme}://{user}127.0.0.1:{server.port}" for server in given]
        monkeypatch.setitem(app.config, "DISPATCH_SERVERS", urls)

    return name


def server_of(faulty: FaultyServer) -> Server:
    return Server("smtp", "127.0.0.1", faulty.port)


def test_a_connection_serves_one_job_after_another(newsletter: Newsletter, start: MakeServer, use: Callable[..., None]) -> None:
    server = start()
    use(server)
    subscribe_many(newsletter, 5)
    for _ in range(3):
        assert work_until_idle(issue_being_sent(newsletter)).state == "sent"
    assert len(server.received) == 15
    assert server.connections == 1


def test_each_connection_of_a_worker_works_a_batch_of_its_own(
    app: Flask, newsletter: Newsletter, start: MakeServer, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    use(server)
    server.slowness = 0.01
    monkeypatch.setattr("newsletters.dispatch.audience.SNAPSHOT_SIZE", 20)
    monkeypatch.setitem(app.config, "DISPATCH_CONNECTIONS", 3)
    subscribe_many(newsletter, 100)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 100})
    assert set(server.times().values()) == {1}
    assert server.connections == 3


def test_the_next_server_takes_over_and_the_first_is_left_alone(
    newsletter: Newsletter, start: MakeServer, use: Callable[..., None]
) -> None:
    first, second = start(), start()
    use(first, second)
    first.at_connect = lambda _: "554 5.3.2 No service"
    subscribe_many(newsletter, 60)
    assert work_until_idle(issue_being_sent(newsletter)).state == "sent"
    assert (len(first.received), len(second.received)) == (0, 60)
    assert first.connections == 1
    assert pool.is_away(server_of(first))
    assert not pool.is_away(server_of(second))


def test_the_next_server_takes_over_in_the_middle_of_a_batch(
    newsletter: Newsletter, start: MakeServer, use: Callable[..., None]
) -> None:
    first, second = start(), start()
    use(first, second)
    subscribe_many(newsletter, 60)

    def go_down(_: str) -> str | None:
        if len(first.received) < 30:
            return None
        first.at_connect = lambda _: DROP
        return "421 4.3.2 Going down"

    first.at_mail = go_down
    issue = work_until_idle(issue_being_sent(newsletter))
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 60})
    assert (len(first.received), len(second.received)) == (30, 30)


def test_when_no_server_is_left_the_letter_waits_and_goes_on_by_itself(
    newsletter: Newsletter, start: MakeServer, use: Callable[..., None]
) -> None:
    first, second = start(), start()
    use(first, second)
    first.at_connect = second.at_connect = lambda _: "421 4.3.2 Not now"
    subscribe_many(newsletter, 5)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert (issue.state, count(issue.pk)) == ("sending", {"ready": 5})
    [row] = Progress.of_issue(issue.pk)
    assert not row["leased"]
    second.at_connect = lambda _: None
    make_due(issue)
    assert work_until_idle(issue).state == "sending"  # both are still left alone
    pool.close()  # instead of waiting until they are not
    make_due(issue)
    assert work_until_idle(issue).state == "sent"
    assert len(second.received) == 5


def test_a_server_that_drops_everybody_at_once_is_left_alone_and_nobody_is_lost(
    newsletter: Newsletter, start: MakeServer, use: Callable[..., None]
) -> None:
    server = start()
    use(server)
    server.at_mail = lambda _: DROP
    subscribe_many(newsletter, 30)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert count(issue.pk) == {"ready": 29, "deferred": 1}
    assert server.connections == 1
    server.at_mail = lambda _: None
    for _ in range(2):  # the one that was deferred comes again after the others
        pool.close()
        make_due(issue)
        issue = work_until_idle(issue)
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 30})


def test_absences_grow_while_a_server_fails_and_end_when_it_serves(start: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server, own = start(), Pool()
    monkeypatch.setattr("newsletters.dispatch.pool.SHORTEST_ABSENCE", 0.01)
    server.at_connect = lambda _: DROP
    lengths = []
    for _ in range(3):
        eventually(lambda: not own.is_away(server_of(server)), "it is asked again")
        with pytest.raises(NotConnected):
            own.take([server_of(server)])
        lengths.append(own._away[server_of(server)].seconds)
    assert lengths == [0.01, 0.02, 0.04]
    server.at_connect = lambda _: None
    eventually(lambda: not own.is_away(server_of(server)), "it is asked again")
    own.give(*own.take([server_of(server)]))
    assert own._away == {}
    own.close()


def test_a_connection_that_the_server_has_left_is_not_used_again(start: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server, own = start(), Pool()
    monkeypatch.setattr("newsletters.dispatch.pool.ASK_AFTER", 0.0)
    taken = own.take([server_of(server)])
    own.give(*taken)
    assert own.take([server_of(server)]) == taken
    own.give(*taken)
    server.hang_up()
    eventually(lambda: server.alive == 0, "the server has hung up")
    name, fresh = own.take([server_of(server)])
    assert fresh is not taken[1]
    own.give(name, fresh)
    own.close()
    assert server.connections == 2


def test_idle_connections_are_closed_after_a_while(start: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server, own = start(), Pool()
    monkeypatch.setattr("newsletters.dispatch.pool.IDLE_SECONDS", 0.05)
    own.give(*own.take([server_of(server)]))
    eventually(lambda: server.alive == 0, "the connection is closed")
    assert server.commands[-1] == "QUIT"


def test_a_worker_that_ends_says_goodbye(app: Flask, start: MakeServer) -> None:
    server = start()
    pool.give(*pool.take([server_of(server)]))
    for feature in features():
        feature.let_go()
    eventually(lambda: server.alive == 0, "the connection is closed")
    assert server.commands[-1] == "QUIT"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, which nobody trusts who is not told to."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "faulty")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return file


@pytest.fixture
def secured(start: MakeServer, certificate: Path) -> FaultyServer:
    """A server with STARTTLS that asks for a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = start(context=context)
    server.credentials = ("verkosto", "salai/suus")
    return server


@pytest.mark.parametrize("pipelining", [True, False])
def test_letters_go_encrypted_and_signed_in(
    newsletter: Newsletter,
    secured: FaultyServer,
    use: Callable[..., None],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipelining: bool,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secured.pipelining = pipelining
    use(secured, scheme="smtp+starttls", user="verkosto:salai%2Fsuus@")
    subscribe_many(newsletter, 30)
    assert work_until_idle(issue_being_sent(newsletter)).state == "sent"
    assert len(secured.received) == 30
    assert secured.commands.index("STARTTLS") < secured.commands.index("AUTH") < secured.commands.index("MAIL")
    assert secured.impatient == []


@pytest.mark.parametrize("user", ["verkosto:salai%2Fsuus@", "verkosto:vaara@"], ids=["untrusted", "wrong password"])
def test_who_cannot_be_trusted_or_does_not_let_us_in_gets_nothing(
    newsletter: Newsletter,
    secured: FaultyServer,
    use: Callable[..., None],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: str,
) -> None:
    if "vaara" in user:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    use(secured, scheme="smtp+starttls", user=user)
    subscribe_many(newsletter, 3)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert (issue.state, count(issue.pk)) == ("sending", {"ready": 3})
    assert "MAIL" not in secured.commands
    assert Issue.get(issue.pk).dispatching


def test_the_servers_are_those_for_letters_or_else_the_one_for_all_mail() -> None:
    mail = {"MAIL_SERVER": "mail.example.org", "MAIL_PORT": 25, "MAIL_USERNAME": None, "MAIL_PASSWORD": None}
    plain = {**mail, "MAIL_USE_TLS": False, "MAIL_USE_SSL": False, "DISPATCH_SERVERS": []}
    assert servers(plain) == [Server("smtp", "mail.example.org", 25)]
    assert servers({**plain, "MAIL_USE_TLS": True})[0].scheme == "smtp+starttls"
    assert servers({**plain, "MAIL_USE_SSL": True})[0].scheme == "smtps"
    urls = ["smtps://a:b%40c@one.example.org", "smtp+starttls://two.example.org", "smtp://three.example.org:2525"]
    assert servers({**plain, "DISPATCH_SERVERS": urls}) == [
        Server("smtps", "one.example.org", 465, "a", "b@c"),
        Server("smtp+starttls", "two.example.org", 587),
        Server("smtp", "three.example.org", 2525),
    ]
