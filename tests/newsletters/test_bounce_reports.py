"""Reading reports: what each server writes, and that nothing that comes from outside can break the reader."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletters.bounces import reports
from newsletters.bounces.reports import COMPLAINT, HARD, SOFT
from newsletters.subscriptions.undeliverable import without_addresses
from tests.newsletters import bounce_mails as mails


def kind_of(raw: bytes) -> str | None:
    report = reports.read(raw)
    return report and report.failure.kind


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "550 5.1.1 User unknown", HARD),
        ("5.1.2", "Host or domain name not found", HARD),
        ("5.1.10", "550 5.1.10 Null MX", HARD),
        ("5.2.1", "550 5.2.1 Mailbox disabled", HARD),
        ("5.4.4", "Host not found", HARD),
        ("5.0.0", "550 5.1.1 No such user here", HARD),
        ("5.0.0", "550 Unknown recipient", HARD),
        ("5.2.2", "552 5.2.2 Mailbox full", SOFT),
        ("5.7.1", "554 5.7.1 Message rejected as spam", SOFT),
        ("5.1.8", "553 5.1.8 Sender address rejected: domain not found", SOFT),
        ("5.0.0", "550 Rejected by policy", SOFT),
        ("4.4.7", "delivery time expired", SOFT),
        ("4.0.0", "450 user unknown, try again", SOFT),
        ("", "550 something", SOFT),
    ],
)
def test_only_what_is_wrong_with_the_address_itself_is_hard(status: str, said: str, kind: str) -> None:
    assert kind_of(mails.dsn(status=status, said=said)) == kind


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "weird"])
def test_delays_and_deliveries_are_no_failures(action: str) -> None:
    assert reports.read(mails.dsn(action=action, status="4.4.1")) is None


def test_each_server_s_way_is_read() -> None:
    for raw in (mails.exim(), mails.exchange(), mails.qmail()):
        report = reports.read(raw)
        assert report is not None
        assert (report.failure.kind, report.came_to[0]) == (HARD, mails.RETURN_PATH)
        assert (report.failure.status or "").startswith("5.1.1")
        assert "@example.org" not in report.failure.answer
    assert kind_of(mails.exim(said="552 5.2.2 Quota exceeded")) == SOFT


@pytest.mark.parametrize(
    ("kind", "found"),
    [("abuse", COMPLAINT), ("opt-out", COMPLAINT), ("ABUSE", COMPLAINT), ("not-spam", None), ("auth-failure", None), ("", None)],
)
def test_complaints_are_told_from_other_feedback(kind: str, found: str | None) -> None:
    assert kind_of(mails.complaint(kind=kind)) == found


def test_who_is_on_leave_has_not_bounced() -> None:
    assert reports.read(mails.on_leave(quoted_id="<65f1c0ffee65f1c0ffee65f1.65f1c0ffee65f1c0ffee65f2@localhost>")) is None


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\xff\xfe\x00", b"Subject: hei\n\nKiitos!", b"From: MAILER-DAEMON\n\n"])
def test_what_is_no_report_is_none(raw: bytes) -> None:
    assert reports.read(raw) is None


def test_the_same_report_is_the_same_however_it_came() -> None:
    raw = mails.dsn()
    again = b"Delivered-To: bounces@kirjeet.example\nX-Spam: no\n" + raw.replace(b"Return-Path: <>\n", b"")
    assert reports.read(raw).identity == reports.read(again).identity  # type: ignore[union-attr]
    assert reports.read(raw).identity != reports.read(mails.dsn(number="5A2")).identity  # type: ignore[union-attr]


def test_what_was_said_is_kept_short_and_without_addresses() -> None:
    said = without_addresses("550 5.1.1 <aino.tilaaja@example.org>:\n\tno user " + "x" * 500)
    assert "@example.org" not in said
    assert "aino" not in said
    assert len(said) <= 200


DEEP = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000)).encode()
NESTED = b"Content-Type: message/rfc822\n\n" * 20_000
HUGE = mails.dsn() + b"x" * 30_000_000
MANY = b"From: MAILER-DAEMON@x.example\nTo: " + b"a@b.example, " * 60_000 + b"\n\n" + b"<a@b.example> failed\n" * 10_000


@pytest.mark.parametrize("raw", [DEEP, NESTED, HUGE, MANY], ids=["deep", "nested", "huge", "many"])
def test_nothing_keeps_the_reader_for_long(raw: bytes) -> None:
    started = monotonic()
    reports.read(raw)
    assert monotonic() - started < 20


SAMPLES = [mails.dsn(), mails.exim(), mails.exchange(), mails.qmail(), mails.complaint(), mails.on_leave()]


DAMAGE = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 40), st.binary(max_size=20)), max_size=6)


@given(st.sampled_from(SAMPLES), DAMAGE)
def test_damaged_reports_are_read_or_not_but_never_break_the_reader(raw: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    for place, length, instead in damage:
        raw = raw[:place] + instead + raw[place + length :]
    report = reports.read(raw)
    assert report is None or (report.failure.kind in reports.KINDS and len(report.failure.answer) <= 200)


@given(st.binary(max_size=400))
def test_whatever_stands_in_the_fields_of_a_report(content: bytes) -> None:
    head = b"From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
    for kind in (b"message/delivery-status", b"message/feedback-report", b"text/rfc822-headers", b"text/plain"):
        reports.read(head + kind + b"\n\n" + content + b"\n--b--\n")
