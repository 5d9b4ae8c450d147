"""Importing subscribers: evidence of consent, who stays out, the same table again, and a crash in the middle."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from network_api.audit import AuditEntry
from network_api.feature import Person
from newsletters.documents import Newsletter
from newsletters.feature import feature
from newsletters.subscriptions import importing, subscribing
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import Suppression
from tests.conftest import Api
from tests.newsletters.factories import make_newsletter, subscribe

HEADING = "email,language,sections,regions,consented_at,consent_source\n"
EVIDENCE = "2026-03-04T07:00:00Z,Ilmoittautumislista 4.3.2026"


def send(client: Api, newsletter: Newsletter, table: str | bytes, query: str = "", content_type: str = "text/csv") -> Any:
    sent = {"Authorization": f"Bearer {client.token}"} if client.token else {}
    path = f"/api/v1/newsletters/{newsletter.pk}/subscribers/import{query}"
    data = table if isinstance(table, bytes) else table.encode()
    return client.client.post(path, data=data, content_type=content_type, headers=sent)


def outcome(answer: Any) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.json
    assert [answer.json[name] for name in importing.IMPORT_RESULTS] == [
        sum(row["result"] == name for row in answer.json["rows"]) for name in importing.IMPORT_RESULTS
    ]
    return [(row["result"], row["reason"]) for row in answer.json["rows"]]


def everything() -> str:
    return repr((Subscription.rows({}), Suppression.rows({}), AuditEntry.rows({})))


def test_a_row_with_evidence_becomes_active_with_that_evidence(coordinator: Api, newsletter: Newsletter) -> None:
    answer = send(coordinator, newsletter, f"{HEADING}Aino@Example.org,sv,events;news,FI-08;FI-11,{EVIDENCE}\n")
    assert answer.json["rows"] == [{"line": 2, "email": "Aino@Example.org", "result": "created", "reason": None, "detail": None}]
    [row] = coordinator.get(f"/newsletters/{newsletter.pk}/subscribers").json["items"]
    assert (row["email"], row["state"], row["language"]) == ("Aino@Example.org", "active", "sv")
    assert (row["sections"], row["regions"]) == (["events", "news"], ["FI-08", "FI-11"])
    given = "2026-03-04T07:00:00Z"
    source = "Ilmoittautumislista 4.3.2026"
    assert row["consent"] == {"asked_at": given, "confirmed_at": given, "wording": None, "source": source}
    [entry] = [row for row in AuditEntry.rows({}) if row["action"] == "subscribers.imported"]
    assert entry["changes"]["subscribers"]["after"] == {"created": 1, "updated": 0}
    assert "aino" not in repr(entry).lower()


def test_a_row_without_evidence_is_skipped(coordinator: Api, newsletter: Newsletter) -> None:
    table = f"{HEADING}a@example.org,,,,,lista\nb@example.org,,,,2026-03-04,\nc@example.org,,,,,\nd@example.org,,,,{EVIDENCE}\n"
    assert outcome(send(coordinator, newsletter, table)) == [("skipped", "no_evidence")] * 3 + [("created", None)]
    assert outcome(send(coordinator, newsletter, "email\na@example.org\n")) == [("skipped", "no_evidence")]
    assert [row["email"] for row in Subscription.rows({})] == ["d@example.org"]


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_who_has_left_stays_out(coordinator: Api, newsletter: Newsletter, state: str) -> None:
    one = subscribe(newsletter, "lahti@example.org", state)
    assert outcome(send(coordinator, newsletter, f"{HEADING}Lahti@example.org,,,,{EVIDENCE}\n")) == [("skipped", "suppressed")]
    assert Subscription.get(one.pk).state == state


def test_who_has_left_stays_out_also_while_a_form_asks_them_again_and_after_erasure(
    coordinator: Api, newsletter: Newsletter
) -> None:
    table = f"{HEADING}lahti@example.org,,,,{EVIDENCE}\n"
    subscribing.unsubscribe(subscribe(newsletter, "lahti@example.org"))
    subscribing.subscribe(newsletter, {"email": "lahti@example.org"}, "form")
    assert outcome(send(coordinator, newsletter, table)) == [("skipped", "suppressed")]
    assert Subscription.first({}).state == "pending"  # type: ignore[union-attr]
    feature.erase_person(Person(None, "lahti@example.org"))
    assert outcome(send(coordinator, newsletter, table)) == [("skipped", "suppressed")]
    assert Subscription.rows({}) == []


def test_the_same_table_again_changes_nothing(coordinator: Api, newsletter: Newsletter) -> None:
    table = f"{HEADING}a@example.org,sv,news,FI-08,{EVIDENCE}\nb@example.org,,,,{EVIDENCE}\n"
    assert outcome(send(coordinator, newsletter, table)) == [("created", None)] * 2
    before = everything()
    assert outcome(send(coordinator, newsletter, table)) == [("skipped", "unchanged")] * 2
    assert everything() == before


def test_a_dry_run_tells_the_same_and_writes_nothing(coordinator: Api, newsletter: Newsletter) -> None:
    subscribe(newsletter, "vanha@example.org")
    table = (
        f"{HEADING}uusi@example.org,,,,{EVIDENCE}\nvanha@example.org,sv,,,{EVIDENCE}\nUUSI@example.org,,,,{EVIDENCE}\n"
        f"ei-osoite,,,,{EVIDENCE}\n"
    )
    before = everything()
    told = send(coordinator, newsletter, table, "?dry_run=true")
    assert everything() == before
    done = send(coordinator, newsletter, table)
    assert (told.json["dry_run"], done.json["dry_run"]) == (True, False)
    assert {**told.json, "dry_run": False} == done.json
    assert outcome(done) == [("created", None), ("updated", None), ("skipped", "duplicate"), ("skipped", "invalid")]


def test_choices_are_updated_unless_the_person_has_chosen_for_themselves(coordinator: Api, newsletter: Newsletter) -> None:
    table = f"{HEADING}a@example.org,fi,,,{EVIDENCE}\nb@example.org,fi,,,{EVIDENCE}\n"
    send(coordinator, newsletter, table)
    subscribing.choose(Subscription.first({"email_key": "b@example.org"}), {"language": "en"})  # type: ignore[arg-type]
    again = send(coordinator, newsletter, table.replace(",fi,", ",sv,"))
    assert outcome(again) == [("updated", None), ("skipped", "chosen_by_person")]
    assert {row["email"]: row["language"] for row in Subscription.rows({})} == {"a@example.org": "sv", "b@example.org": "en"}


def test_evidence_makes_a_pending_subscription_active(coordinator: Api, newsletter: Newsletter) -> None:
    subscribe(newsletter, "a@example.org", "pending")
    assert outcome(send(coordinator, newsletter, f"{HEADING}a@example.org,,,,{EVIDENCE}\n")) == [("updated", None)]
    found = Subscription.first({})
    assert found is not None
    assert (found.state, found.consent.source) == ("active", "Ilmoittautumislista 4.3.2026")


def test_what_was_exported_can_be_imported_elsewhere_and_here_changes_nothing(
    coordinator: Api, newsletter: Newsletter, regional: Any
) -> None:
    subscribe(newsletter, "+plus@example.org", sections=["news", "events"], regions=["FI-08"], frequency="quarterly")
    subscribe(newsletter, "tauolla@example.org", "paused")
    subscribe(newsletter, "lahti@example.org", "unsubscribed")
    subscribe(newsletter, "odottaa@example.org", "pending")
    exported = coordinator.get(f"/newsletters/{newsletter.pk}/subscribers.csv").data
    before = everything()
    assert {result for result, _ in outcome(send(coordinator, newsletter, exported))} == {"skipped"}
    assert everything() == before
    other = make_newsletter(regional, "toinen")
    assert outcome(send(coordinator, other, exported)) == [("created", None)] * 2 + [("skipped", "not_active")] * 2
    again = coordinator.get(f"/newsletters/{other.pk}/subscribers.csv").data

    def rows(table: bytes) -> list[list[str]]:
        return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))

    assert rows(again) == rows(exported)[:3]
    assert rows(again)[1][0] == "'+plus@example.org"


@pytest.mark.parametrize(
    "table",
    [
        "\ufeff" + HEADING + 'a@example.org,fi,"events;news",FI-08,2026-03-04,"Lista, jossa on pilkku"\n',
        'Email;Consent_Source;Consented_At;Sections\r\na@example.org;"Lista; 4.3.";2026-03-04;" events ; news ;"\r\n',
        'consented_at\temail\tconsent_source\n2026-03-04\ta@example.org\t"kaksi\nriviä"\n'.replace("\nri", " ri"),
    ],
)
def test_tables_as_spreadsheets_save_them(coordinator: Api, newsletter: Newsletter, table: str) -> None:
    assert outcome(send(coordinator, newsletter, table)) == [("created", None)]


@pytest.mark.parametrize(
    ("table", "at_fault"),
    [
        ("nimi,osoite\nx,y\n", "columns"),
        ("", "columns"),
        ("email,email\n", "columns"),
        ("language\nfi\n", "columns"),
        ("email\n" + "a@example.org\n" * (importing.MOST_ROWS + 1), "rows"),
        ('email\n"' + "x" * 200_000 + '"\n', "file"),
        (b"email\n\x81\x8d\n", "file"),
    ],
)
def test_what_is_no_table_of_subscribers_is_refused_whole(
    coordinator: Api, newsletter: Newsletter, table: str | bytes, at_fault: str
) -> None:
    answer = send(coordinator, newsletter, table)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert list(answer.json["errors"]) == [at_fault]


def test_too_large_a_file_and_another_kind_of_file_are_refused(coordinator: Api, newsletter: Newsletter) -> None:
    assert send(coordinator, newsletter, b"x" * (importing.MOST_BYTES + 1)).status_code == 413
    assert send(coordinator, newsletter, "{}", content_type="application/json").status_code == 415


@pytest.mark.parametrize(
    "cells",
    [
        "a@example.org,de,,,2026-03-04,lista",
        "a@example.org,fi,urheilu,,2026-03-04,lista",
        "a@example.org,fi,,FI-99,2026-03-04,lista",
        "a@example.org,fi,,,4.3.2026,lista",
        "a@example.org,fi,,,2026-03-04T07:00:00,lista",
        "a@example.org,fi,,,2999-01-01,lista",
        "a@example.org,fi,,,0001-01-01T00:00:00+14:00,lista",
        "a@@example.org,fi,,,2026-03-04,lista",
        ",fi,,,2026-03-04,lista",
    ],
)
def test_a_line_with_a_fault_is_skipped_and_says_which(coordinator: Api, newsletter: Newsletter, cells: str) -> None:
    answer = send(coordinator, newsletter, HEADING + cells + f"\nb@example.org,,,,{EVIDENCE}\n")
    assert outcome(answer) == [("skipped", "invalid"), ("created", None)]
    assert ": " in answer.json["rows"][0]["detail"]


def test_an_import_that_was_killed_in_the_middle_ends_the_same_when_it_is_repeated(
    app: Flask, coordinator: Api, newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"tilaaja{number:04}@example.org,fi,,,{EVIDENCE}\n" for number in range(450)]
    table = HEADING + "".join(lines)
    insert_all: Callable[..., None] = Subscription.insert_all
    groups = []

    def dies_at_the_second(documents: Any) -> None:
        groups.append(len(documents))
        if len(groups) == 2:
            insert_all(documents)
            raise KeyboardInterrupt
        insert_all(documents)

    monkeypatch.setattr(Subscription, "insert_all", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        send(coordinator, newsletter, table)
    assert len(Subscription.rows({})) == 200
    monkeypatch.undo()
    assert outcome(send(coordinator, newsletter, table)) == [("skipped", "unchanged")] * 200 + [("created", None)] * 250
    noted = [row["changes"]["subscribers"]["after"]["created"] for row in AuditEntry.rows({}) if "imported" in row["action"]]
    assert (len(Subscription.rows({})), sum(noted)) == (450, 450)
