"""The conversation with an SMTP server: each reply belongs to one mail and one stage, pipelined or not."""

import smtplib
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletters.dispatch.servers import NotConnected, Server
from newsletters.dispatch.smtp import BAD_ADDRESS, Connection, Mail, Outcome, as_data
from tests.newsletters.smtp import DROP, FaultyServer

SENDER = "uutiskirje@example.org"
NAMES = ("aino", "bertta", "celia", "daavid", "eeva")
FAR = 30.0  # seconds, for who is in no hurry


@pytest.fixture(params=[True, False], ids=["pipelined", "one by one"])
def server(request: pytest.FixtureRequest) -> Iterator[FaultyServer]:
    """A server with and without PIPELINING."""
    faulty = FaultyServer()
    faulty.pipelining = request.param
    faulty.start()
    yield faulty
    faulty.stop()
    assert faulty.impatient == []  # nobody spoke out of turn to a server that does not pipeline


@pytest.fixture
def connect(server: FaultyServer) -> Iterator[Callable[[], Connection]]:
    """Makes connections that are closed in the end."""
    made: list[Connection] = []

    def make() -> Connection:
        made.append(Server("smtp", "127.0.0.1", server.port).connect())
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def mails(*names: str, sender: str = SENDER) -> dict[str, Mail]:
    """A mail to each name, by name."""
    return {
        name: Mail(sender, f"{name}@example.org", as_data(f"Message-ID: <{name}@example.org>\r\n\r\nHei {name}\r\n".encode()))
        for name in names
    }


def only(name: str, reply: str) -> Callable[[str], str | None]:
    """A fault for one of them."""
    return {f"{name}@example.org": reply}.get


def send(connection: Connection, *names: str) -> dict[str, str]:
    """The state of each mail that has an outcome."""
    return {name: outcome.state for name, outcome in connection.send(mails(*names), time.monotonic() + FAR)}


def received(server: FaultyServer) -> list[str]:
    """To whom a mail came in, in order."""
    return [address.partition("@")[0] for address, _ in server.received]


def test_all_go_over_one_connection_with_their_own_envelope_and_bytes(
    server: FaultyServer, connect: Callable[[], Connection]
) -> None:
    connection = connect()
    assert connection.pipelining == server.pipelining
    assert send(connection, *NAMES) == dict.fromkeys(NAMES, "accepted")
    assert send(connection, "frans") == {"frans": "accepted"}
    assert received(server) == [*NAMES, "frans"]
    assert server.contents["aino@example.org"] == mails("aino")["aino"].content
    assert server.senders == dict.fromkeys((f"{name}@example.org" for name in (*NAMES, "frans")), SENDER)
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
@pytest.mark.parametrize(("reply", "state"), [("450 4.2.0 Later", "deferred"), ("550-5.1.1 No\n550 such user", "refused")])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_refusal_belongs_to_its_own_mail(
    server: FaultyServer, connect: Callable[[], Connection], stage: str, reply: str, state: str, place: int
) -> None:
    setattr(server, f"at_{stage}", only(NAMES[place], reply))
    connection = connect()
    outcomes = dict(connection.send(mails(*NAMES), time.monotonic() + FAR))
    assert {name: outcome.state for name, outcome in outcomes.items()} == {
        name: state if name == NAMES[place] else "accepted" for name in NAMES
    }
    assert outcomes[NAMES[place]].answer == {"deferred": "450 4.2.0 Later", "refused": "550 5.1.1 No such user"}[state]
    assert set(received(server)) - {NAMES[place]} == set(NAMES) - {NAMES[place]}
    assert send(connection, "frans") == {"frans": "accepted"}


def test_a_sender_that_is_refused_takes_nobody_with_it(server: FaultyServer, connect: Callable[[], Connection]) -> None:
    server.at_mail = {"toinen@example.org": "553 5.1.8 Not you"}.get
    group = {**mails("aino"), **mails("bertta", sender="toinen@example.org"), **mails("celia")}
    outcomes = [outcome.state for _, outcome in connect().send(group, time.monotonic() + FAR)]
    assert outcomes == ["accepted", "refused", "accepted"]


@pytest.mark.parametrize("place", [0, 2, 4])
def test_data_that_is_accepted_for_nobody_gets_a_lone_dot(
    server: FaultyServer, connect: Callable[[], Connection], place: int
) -> None:
    server.data_anyway = True
    server.at_rcpt = only(NAMES[place], "550 5.1.1 No such user")
    connection = connect()
    assert send(connection, *NAMES) == {name: "refused" if name == NAMES[place] else "accepted" for name in NAMES}
    assert received(server) == [name for name in NAMES if name != NAMES[place]]
    assert send(connection, "frans") == {"frans": "accepted"}


@pytest.mark.parametrize(
    ("stage", "state"), [("rcpt", "deferred"), ("data", "deferred"), ("content", "unknown"), ("dot", "unknown")]
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_lost_connection_leaves_those_before_known_and_those_behind_untouched(
    server: FaultyServer, connect: Callable[[], Connection], stage: str, state: str, place: int
) -> None:
    setattr(server, f"at_{stage}", only(NAMES[place], DROP))
    connection = connect()
    assert send(connection, *NAMES) == {**dict.fromkeys(NAMES[:place], "accepted"), NAMES[place]: state}
    assert not connection.is_open
    assert connection.served == place
    assert received(server) == [*NAMES[:place], *([NAMES[place]] if stage == "dot" else [])]


@pytest.mark.parametrize(("place", "met"), [(0, {"aino": "deferred"}), (2, {})])
def test_a_server_that_leaves_in_between_has_refused_nobody(
    server: FaultyServer, connect: Callable[[], Connection], place: int, met: dict[str, str]
) -> None:
    server.at_rcpt = only(NAMES[place], "421 4.3.2 Shutting down")
    connection = connect()
    assert send(connection, *NAMES) == {**dict.fromkeys(NAMES[:place], "accepted"), **met}
    assert not connection.is_open


def test_421_for_a_content_is_an_answer(server: FaultyServer, connect: Callable[[], Connection]) -> None:
    server.at_dot = only("celia", "421 4.3.2 Shutting down")
    connection = connect()
    assert send(connection, *NAMES) == {"aino": "accepted", "bertta": "accepted", "celia": "deferred"}
    assert not connection.is_open


def test_a_server_that_asks_for_a_password_has_refused_nobody_for_good(
    server: FaultyServer, connect: Callable[[], Connection]
) -> None:
    server.credentials = ("verkosto", "salaisuus")
    connection = connect()
    assert send(connection, *NAMES) == {"aino": "deferred"}
    assert (connection.is_open, connection.served) == (False, 0)


@pytest.mark.parametrize("split", [True, False])
def test_split_and_long_replies_are_read_whole(server: FaultyServer, connect: Callable[[], Connection], split: bool) -> None:
    server.split = split
    server.at_dot = lambda address: f"250-2.0.0 Ok\n250-queued\n250 as {address}"
    outcomes = dict(connect().send(mails(*NAMES), time.monotonic() + FAR))
    assert outcomes == {name: Outcome("accepted", f"250 2.0.0 Ok queued as {name}@example.org") for name in NAMES}


@pytest.mark.parametrize("reply", ["hello", "2500 Ok", "354 go on", "250-" + "x" * 5000, "250-x\n" * 200 + "250 x"])
def test_what_is_no_reply_to_a_content_leaves_it_unknown(
    server: FaultyServer, connect: Callable[[], Connection], reply: str
) -> None:
    server.at_dot = only("bertta", reply)
    connection = connect()
    assert send(connection, *NAMES) == {"aino": "accepted", "bertta": "unknown"}
    assert not connection.is_open


def test_an_answer_that_does_not_come_in_time_leaves_the_mail_unknown(
    server: FaultyServer, connect: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletters.dispatch.smtp.TIMEOUT", 0.2)
    server.slowness = 0.4
    assert send(connect(), *NAMES) == {"aino": "unknown"}


def test_when_time_is_up_no_other_mail_is_begun(server: FaultyServer, connect: Callable[[], Connection]) -> None:
    server.slowness = 0.1
    connection = connect()
    outcomes = dict(connection.send(mails(*NAMES), time.monotonic() + 0.15))
    assert 0 < len(outcomes) < len(NAMES)
    assert {outcome.state for outcome in outcomes.values()} == {"accepted"}
    server.slowness = 0.0
    assert send(connection, "frans") == {"frans": "accepted"}
    assert received(server) == [*outcomes, "frans"]


@pytest.mark.parametrize(
    "address",
    ["a@b>\r\nRSET", "a b@example.org", "a@example.org\r\nDATA", "a@b\nQUIT", "<a@example.org>", "a", "ä@example.org", ""],
)
@pytest.mark.parametrize("as_sender", [True, False])
def test_an_address_cannot_carry_a_command(
    server: FaultyServer, connect: Callable[[], Connection], address: str, as_sender: bool
) -> None:
    mail = Mail(*((address, "x@example.org") if as_sender else (SENDER, address)), content=as_data(b"\r\nHei\r\n"))
    outcomes = dict(connect().send({**mails("aino"), "x": mail, **mails("bertta")}, time.monotonic() + FAR))
    assert outcomes["x"] == Outcome("refused", BAD_ADDRESS)
    assert received(server) == ["aino", "bertta"]


@pytest.mark.parametrize(
    "body", [b".\r\nMAIL FROM:<x@example.org>\r\n", b"\n.\nQUIT\n", b"\r.\rQUIT\r", b"..\r\n", b"\r\n.\r\n.\r\n", b"no end"]
)
def test_no_line_of_a_content_becomes_a_command(server: FaultyServer, connect: Callable[[], Connection], body: bytes) -> None:
    group = {**mails("aino"), "x": Mail(SENDER, "x@example.org", as_data(b"Subject: x\r\n\r\n" + body)), **mails("bertta")}
    assert [outcome.state for _, outcome in connect().send(group, time.monotonic() + FAR)] == ["accepted"] * 3
    assert received(server) == ["aino", "x", "bertta"]
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    assert server.contents["x@example.org"] == b"Subject: x\r\n\r\n" + b"".join(line + b"\r\n" for line in lines)


@settings(max_examples=300)
@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"x"])).map(b"".join))
def test_data_has_whole_lines_and_no_end_before_its_own(content: bytes) -> None:
    *lines, after = as_data(content).split(b"\r\n")
    assert after == b""
    assert b"." not in lines  # as a whole line
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    plain = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n")
    assert [line.removeprefix(b".") for line in lines] == (plain.split(b"\n") if content else [])


def test_who_is_not_there_is_not_connected(server: FaultyServer) -> None:
    server.at_connect = lambda _: "554 5.3.2 No service"
    with pytest.raises(NotConnected, match="554"):
        Server("smtp", "127.0.0.1", server.port).connect()
    server.at_connect = lambda _: DROP
    with pytest.raises(NotConnected, match=str(server.port)):
        Server("smtp", "127.0.0.1", server.port).connect()


def test_a_bare_smtplib_client_agrees_with_the_server(server: FaultyServer) -> None:
    """The server of these tests speaks as others expect it to."""
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail(SENDER, ["aino@example.org"], "Message-ID: <aino@example.org>\r\n\r\n.\r\n")
    assert server.contents["aino@example.org"].endswith(b"\r\n\r\n.\r\n")
