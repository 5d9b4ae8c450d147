"""The evidence of an issue: complete, provable, and written without holding it in memory."""

import csv
import hashlib
import io
import json
import tracemalloc
from zipfile import ZipFile

import pytest
from bson import ObjectId

from network_api.audit import AuditEntry
from newsletters.dispatch import deliveries, evidence
from newsletters.dispatch.ledger import ACCEPTED, CODES, DONE, Progress, Snapshot, pack
from newsletters.dispatch.letters import message_id
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription
from tests.conftest import Api
from tests.newsletters.factories import issue_being_sent, subscribe, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer


def archive_of(coordinator: Api, issue: Issue) -> ZipFile:
    answer = coordinator.get(f"/issues/{issue.pk}/evidence")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    archive = ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


def table(archive: ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def test_the_sums_are_of_the_files(missed: Issue, coordinator: Api) -> None:
    archive = archive_of(coordinator, missed)
    sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert {*sums, "SHA256SUMS"} == set(archive.namelist())
    for name, expected in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == expected, name
        assert name in archive.read("README.txt").decode() or name == "README.txt"


def test_the_content_is_the_one_that_was_approved(missed: Issue, coordinator: Api) -> None:
    archive = archive_of(coordinator, missed)
    approval = json.loads(archive.read("issue.json"))["issue"]["approval"]
    assert hashlib.sha256(archive.read("content.json")).hexdigest() == approval["content_hash"]
    assert "tervehdys toimituksesta" in archive.read("content.json").decode()
    assert approval["by"] == str(missed.approval.by)


def test_everybody_is_in_it_with_what_became_of_them(
    missed: Issue,
    newsletter: Newsletter,
    server: FaultyServer,
    coordinator: Api,
) -> None:
    coordinator.post(f"/issues/{missed.pk}/deliveries/resend", {"states": ["refused", "unknown"]})
    work_until_idle(missed)
    archive = archive_of(coordinator, missed)
    rows = {row["email"]: row for row in table(archive, "deliveries.csv")}
    assert {name: row["state"] for name, row in rows.items()} == dict.fromkeys(
        (f"{who}@example.org" for who in ("hyva", "poissa", "epaselva", "toinen")), "accepted"
    )
    for row in rows.values():
        assert row["message_id"] == message_id(missed.pk, ObjectId(row["subscription_id"]))
        assert (row["email"], row["message_id"]) in server.received
    before = {row["email"]: (row["round"], row["state"], row["answer"]) for row in table(archive, "superseded.csv")}
    assert before["poissa@example.org"] == ("1", "refused", "554 5.7.1 Refused by policy")
    assert before["epaselva@example.org"][:2] == ("1", "unknown")
    assert set(before) == {"poissa@example.org", "epaselva@example.org"}
    steps = [entry["action"] for entry in json.loads(archive.read("audit.json"))]
    assert steps == ["issue.sent", "issue.deliveries_resent", "issue.sent", "issue.evidence_exported"]


def test_who_was_left_out_is_in_it_with_the_reason(newsletter: Newsletter, coordinator: Api) -> None:
    subscribe(newsletter, "tilaaja@example.org")
    subscribe(newsletter, "epailija@example.org", "pending")
    issue = work_until_idle(issue_being_sent(newsletter))
    archive = archive_of(coordinator, issue)
    assert [(row["email"], row["reason"]) for row in table(archive, "exclusions.csv")] == [("epailija@example.org", "pending")]
    audience = json.loads(archive.read("issue.json"))["issue"]["audience"]
    assert audience["candidates"] == len(table(archive, "exclusions.csv")) + len(table(archive, "deliveries.csv"))


def test_who_has_been_erased_has_no_address_in_it(missed: Issue, newsletter: Newsletter, coordinator: Api) -> None:
    Subscription.remove({"newsletter_id": newsletter.pk, "email_key": "hyva@example.org"})
    rows = table(archive_of(coordinator, missed), "deliveries.csv")
    assert sorted(row["email"] for row in rows)[0] == ""
    assert len(rows) == 4
    assert "hyva" not in archive_of(coordinator, missed).read("deliveries.csv").decode()


def test_a_draft_has_evidence_too_and_each_download_is_noted(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    made = editor.post(f"/newsletters/{newsletter.pk}/issues", {"title": {"fi": "Luonnos"}}).json
    issue = Issue.get(made["id"])
    assert table(archive_of(coordinator, issue), "deliveries.csv") == []
    assert [row["action"] for row in AuditEntry.rows({"target_id": issue.pk})][-1] == "issue.evidence_exported"


SIZE = 100  # deliveries in a snapshot here


def ledger_of(newsletter: Newsletter, snapshots: int) -> Issue:
    """An issue with a ledger of so many snapshots, all of them of the same few subscribers."""
    few = [one.pk for one in subscribe_many(newsletter, SIZE)]
    issue = issue_being_sent(newsletter)
    for number in range(snapshots):
        snapshot = Snapshot(
            issue_id=issue.pk, number=number, through=ObjectId(), recipients=pack(few), excluded=b"", reasons=b""
        ).insert()
        states = bytes([CODES[ACCEPTED]]) * SIZE
        Progress(id=snapshot.pk, issue_id=issue.pk, number=number, state=DONE, states=states).insert()
    return issue


def peak(issue: Issue, snapshots: int) -> int:
    """How many bytes of memory it takes at the most to write the evidence of so many snapshots."""
    for collection in (Snapshot.collection(), Progress.collection()):
        collection.delete_many({"issue_id": issue.pk, "number": {"$gte": snapshots}})
    tracemalloc.start()
    for _ in evidence._archived(evidence._files(issue)):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("streamed", [True, False], ids=["as it is", "negative control: held in memory"])
def test_ten_times_as_many_deliveries_need_no_more_memory(
    newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    if not streamed:
        each = deliveries.each_delivery
        monkeypatch.setattr(deliveries, "each_delivery", lambda issue: list(each(issue)))
    issue = ledger_of(newsletter, 20)
    large, small = peak(issue, 20), peak(issue, 2)
    assert (large < 1.25 * small) == streamed, (large, small)
