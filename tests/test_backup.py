"""A backup is what was there at one moment, and a restore brings all of it back, after everything was destroyed."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from mongoengine.connection import get_db

from events.material_documents import bucket
from network_api import backup
from network_api.cli import main
from network_api.documents import transactional
from network_api.mail import outbox
from network_api.mail.message import MailMessage
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import Api

EXTRA = ("a_first", "z_last")


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Call the command on the database of the tests. What is no document's is gone afterwards."""
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    yield call
    for name in (*EXTRA, "materials.files", "materials.chunks"):
        get_db().drop_collection(name)


def contents() -> dict[str, Any]:
    """Every row and every index of the database, but for the broker's; a collection with neither is as good as none."""
    database = get_db()
    found = {
        name: (sorted(database[name].find(), key=lambda row: str(row["_id"])), database[name].index_information())
        for name in database.list_collection_names()
        if not name.startswith("broker_")
    }
    return {name: (rows, indexes) for name, (rows, indexes) in found.items() if rows or len(indexes) > 1}


def destroy() -> None:
    for name in get_db().list_collection_names():
        get_db().drop_collection(name)


def test_after_everything_was_destroyed_a_restore_brings_all_of_it_back(
    app: Flask, run: Any, regional: Network, signed_in: Callable[..., Api], tmp_path: Path
) -> None:
    signed_in("aino@example.org", regional, "coordinator")
    content = bytes(range(256)) * 4096
    identifier = bucket().upload_from_stream("programme.pdf", content)
    outbox.put(MailMessage("cause:1", "aino@example.org", "Hei", "Tervetuloa.\n"))
    before, file = contents(), tmp_path / "monday.backup"
    said = run("backup", file)
    assert said.exit_code == 0, said.output
    assert (file.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o600, [file])
    destroy()
    assert contents() == {}
    back = run("restore", file)
    assert back.exit_code == 0, back.output
    assert "Waits to be sent: outbox_mails ready" in back.output
    after = contents()
    assert {name: after.get(name) for name in before} == before
    assert bucket().open_download_stream(identifier).read() == content
    assert app.test_client().get("/readyz").status_code == 200
    assert run("check").output.endswith("Everything adds up.\n")


def test_a_restore_into_a_database_with_something_in_it_takes_a_word(
    app: Flask, run: Any, national: Network, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    assert run("backup", file).exit_code == 0
    Network.alter({"_id": national.pk}, {"$set": {"slug": "changed"}})
    Member(name="Aino", email="aino@example.org").insert()
    refused = run("restore", file)
    assert (refused.exit_code, "With --replace" in refused.output) == (1, True)
    assert Network.get(national.pk).slug == "changed"
    assert run("restore", file, "--replace").exit_code == 0
    assert (Network.get(national.pk).slug, Member.rows({})) == (national.slug, [])


@pytest.mark.parametrize("damage", ["cut", "flipped", "changed", "half", "short", "other", "empty"])
def test_a_file_that_is_not_whole_changes_nothing(app: Flask, run: Any, national: Network, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "backup"
    run("backup", file)
    packed = gzip.decompress(file.read_bytes())
    spoilt = {
        "cut": file.read_bytes()[:-20],
        "changed": gzip.compress(packed.replace(national.slug.encode(), b"x" * len(national.slug))),
        "half": gzip.compress(packed[: len(packed) // 2]),
        "flipped": flipped(file.read_bytes()),
        "short": gzip.compress(b"\0" * 4),
        "other": b"a text",
        "empty": b"",
    }
    file.write_bytes(spoilt[damage])
    before = contents()
    refused = run("restore", file, "--replace")
    assert (refused.exit_code, "nothing has been changed" in refused.output) == (1, True)
    assert contents() == before


def flipped(content: bytes) -> bytes:
    """With one bit changed in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def test_a_backup_overwrites_nothing_and_leaves_nothing_half_written(
    app: Flask, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    assert (run("backup", file).exit_code, file.read_text()) == (1, "precious")

    def broken(session: Any) -> Iterator[backup.Record]:
        yield {"collection": "a_first", "rows": []}
        raise OSError("disk full")

    monkeypatch.setattr(backup, "records", broken)
    with pytest.raises(backup.CannotWrite, match="disk full"):
        backup.save(tmp_path / "another")
    assert list(tmp_path.iterdir()) == [file]


def seen_while_somebody_writes(session: Any) -> list[int]:
    """How many rows of each of two collections a backup has, when both get one more between the first and the second."""
    for name in EXTRA:
        get_db()[name].insert_one({})
    found = dict.fromkeys(EXTRA, 0)

    @transactional
    def write() -> None:
        for name in EXTRA:
            get_db()[name].insert_one({})

    for record in backup.records(session):
        if record["collection"] in EXTRA and "rows" in record:
            found[record["collection"]] += len(record["rows"])
            if record["collection"] == "a_first":
                write()
    return list(found.values())


def test_a_backup_is_of_one_moment(app: Flask, run: Any) -> None:
    with backup.one_moment() as session:
        assert seen_while_somebody_writes(session) == [1, 1]


def test_without_one_moment_it_is_torn(app: Flask, run: Any) -> None:
    """The counter-proof."""
    assert seen_while_somebody_writes(None) == [1, 2]
