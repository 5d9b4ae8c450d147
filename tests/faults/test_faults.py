"""One short round of `make faults`, so that it goes on working; and its reckoning finds what is lost."""

import os
from collections.abc import Iterator

import pytest

from tests.faults import reckoning
from tests.faults.inbox import Inbox
from tests.faults.machines import missing, running
from tests.faults.rounds import Lost, Round

SEED = 7
SHORT = ["kill children", "cut database"]
READERS = 30


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    """A round that has been played, on machines that still run."""
    if lack := missing():
        assert not os.environ.get("CI"), lack
        pytest.skip(lack)
    with running(tmp_path_factory.mktemp("faults")) as machines:
        started = Round(machines, SEED, print, READERS)
        started.suffer(SHORT)
        yield started


def test_a_short_round_loses_nothing(played: Round) -> None:
    assert played.crowd.journal.acknowledged > 10


def test_the_reckoning_finds_a_registration_that_is_lost(played: Round) -> None:
    """The negative control, as are the following ones: a row is taken out behind the platform's back."""
    with played.database() as client:
        rows = client.get_default_database()["registrations"]
        taken = rows.find_one_and_delete({"status": "confirmed"})
        assert taken is not None
        with pytest.raises(Lost, match=f"registration lost: {taken['email']}") as found:
            played.judge()
        assert "network-api check: " in str(found.value)
        rows.insert_one(taken)


def test_it_finds_a_mail_that_is_lost_one_that_came_twice_and_a_reader_who_was_missed(played: Round) -> None:
    found = list((played.machines.mail / "new").iterdir())
    letter = next(file for file in found if b"List-Id" in file.read_bytes())
    mail = next(file for file in found if b"/manage/registrations/" in file.read_bytes())
    with played.database() as client:
        tried_once = next(client.get_default_database()["outgoing_mail"].find({"attempts": 1, "state": "sent"}))["message_id"]
    twice = next(file for file in found if tried_once.encode() in file.read_bytes() and file not in (letter, mail))
    contents = {file: file.read_bytes() for file in (letter, mail)}
    for file in contents:
        file.unlink()
    copy = twice.with_name(f"{twice.name}.again")
    copy.write_bytes(twice.read_bytes())
    inbox = Inbox(played.machines.mail)
    with played.database() as client:
        assert _kinds(reckoning.of_mails(client, inbox, played.crowd.journal)) >= {"was sent, arrived 0", "was sent, arrived 2"}
    assert _kinds(reckoning.of_letters(played.stage.first, played.stage, inbox)) == {"is accepted, arrived 0"}
    for file, content in contents.items():
        file.write_bytes(content)
    copy.unlink()


def _kinds(lines: Iterator[str]) -> set[str]:
    return {line.partition(" times")[0].split("example.org ")[-1] for line in lines}
