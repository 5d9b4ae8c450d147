"""Mails as servers write them about a letter that failed. The servers, providers and people are invented."""

from bson import ObjectId

from newsletters.dispatch.letters import message_id
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import unsubscribe_url

RETURN_PATH = "bounces@kirjeet.example"


def head_of_letter(issue_id: ObjectId, one: Subscription) -> str:
    """The head of the letter as a server quotes it."""
    return (
        f"Return-Path: <{RETURN_PATH}>\n"
        "From: Keski-Suomen verkosto <uutiskirje@example.org>\n"
        f"To: <{one.email}>\n"
        f"Message-ID: {message_id(issue_id, one.pk)}\n"
        f"List-Unsubscribe: <{unsubscribe_url(one.pk, one.nonce)}>\n"
        "Subject: =?utf-8?q?Ty=C3=B6hönvalmennuksen_kirje?=\n"
    )


def dsn(
    *,
    to: str = RETURN_PATH,
    recipient: str = "tilaaja@example.org",
    status: str = "5.1.1",
    said: str = "550 5.1.1 <tilaaja@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
    action: str = "failed",
    quoted: str = "",
    number: str = "4Z1",
) -> bytes:
    """As Postfix writes it (RFC 3464), `Auto-Submitted` included."""
    return f"""Return-Path: <>
Received: by mx.posti.example (Postfix)
\tid {number}; Tue,  3 Nov 2026 09:05:12 +0200 (EET)
Date: Tue,  3 Nov 2026 09:05:12 +0200 (EET)
From: MAILER-DAEMON@mx.posti.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{number}.1762153512/mx.posti.example"
Content-Transfer-Encoding: 8bit
Message-Id: <20261103070512.{number}@mx.posti.example>

This is a MIME-encapsulated message.

--{number}.1762153512/mx.posti.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.posti.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: host mail.kunta.example[192.0.2.25] said: {said} (in reply to RCPT TO command)

--{number}.1762153512/mx.posti.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.posti.example
X-Postfix-Queue-ID: {number}
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Tue,  3 Nov 2026 09:05:11 +0200 (EET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.kunta.example
Diagnostic-Code: smtp; {said}

--{number}.1762153512/mx.posti.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 8bit

{quoted}
--{number}.1762153512/mx.posti.example--
""".encode()


def exim(*, to: str = RETURN_PATH, said: str = "550 5.1.1 No such user here", quoted: str = "") -> bytes:
    """As Exim writes it: every permanent failure is 5.0.0, and the server's words tell which; the whole letter follows."""
    return f"""Return-path: <>
Delivered-To: {to}
X-Failed-Recipients: tilaaja@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@lahettaja.example>
To: {to}
References: <20261103.kirje@kirjeet.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=1762153512-eximdsn-804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1vFoo-0007Xy-Fi@lahettaja.example>
Date: Tue, 03 Nov 2026 09:05:12 +0200

--1762153512-eximdsn-804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  tilaaja@example.org
    host mail.yhdistys.example [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<tilaaja@example.org>:
    {said}

--1762153512-eximdsn-804289383
Content-type: message/delivery-status

Reporting-MTA: dns; lahettaja.example

Action: failed
Final-Recipient: rfc822;tilaaja@example.org
Status: 5.0.0
Remote-MTA: dns; mail.yhdistys.example
Diagnostic-Code: smtp; {said}

--1762153512-eximdsn-804289383
Content-type: message/rfc822

{quoted}Content-Type: text/plain

Hyvät verkostolaiset
--1762153512-eximdsn-804289383--
""".encode()


def exchange(*, to: str = RETURN_PATH, status: str = "5.1.10", quoted: str = "") -> bytes:
    """As Exchange writes it: a report inside HTML, in CRLF, with headers of its own."""
    text = f"""From: "Postmaster" <postmaster@kaupunki.example>
To: <{to}>
Date: Tue, 3 Nov 2026 07:05:12 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="_f3a1-7b"
MIME-Version: 1.0
Message-ID: <77c1f0c0-1d1b@EX01.kaupunki.example>
Subject: =?utf-8?B?RWkgdm9pZHUgdG9pbWl0dGFh?=
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr: true

--_f3a1-7b
Content-Type: multipart/alternative; differences=Content-Type; boundary="_inner"

--_inner
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

Vmllc3Rpw6QgZWkgdm9pdHUgdG9pbWl0dGFh

--_inner
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<html><body>Vastaanottajaa ei l=C3=B6ytynyt</body></html>

--_inner--

--_f3a1-7b
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.kaupunki.example
Received-From-MTA: dns;lahettaja.example
Arrival-Date: Tue, 3 Nov 2026 07:05:11 +0000

Final-Recipient: rfc822;tilaaja@example.org
Action: failed
Status: {status}
Diagnostic-Code: smtp;550 {status} RESOLVER.ADR.RecipientNotFound; not found

--_f3a1-7b
Content-Type: message/rfc822

{quoted}Content-Type: text/plain

Hei
--_f3a1-7b--
"""
    return text.replace("\n", "\r\n").encode()


def qmail(*, to: str = RETURN_PATH, quoted: str = "") -> bytes:
    """As qmail writes it, which knows no standard."""
    return f"""Return-Path: <>
Date: 3 Nov 2026 07:05:12 -0000
From: MAILER-DAEMON@vanha.example
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at vanha.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<tilaaja@example.org>:
192.0.2.9 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.9.

--- Below this line is a copy of the message.

{quoted}
Hyvät verkostolaiset
""".encode()


def complaint(*, to: str = RETURN_PATH, kind: str = "abuse", mail_from: str = RETURN_PATH, quoted: str = "") -> bytes:
    """A feedback report (RFC 5965) of a provider, whose customer has pressed the button for unwanted mail."""
    return f"""From: <feedback@posti.example>
Date: Tue, 03 Nov 2026 09:05:12 +0200
Subject: FW: Marraskuun kirje
To: <{to}>
MIME-Version: 1.0
Message-ID: <fbl-20261103-{kind}@posti.example>
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP 192.0.2.1.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: PostiFBL/1.0
Version: 1
Original-Mail-From: <{mail_from}>
Original-Rcpt-To: <redacted@posti.example>
Arrival-Date: Tue, 03 Nov 2026 09:05:10 +0200
Reported-Domain: example.org

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

{quoted.replace("tilaaja@example.org", "redacted")}Content-Type: text/plain

Hyvät verkostolaiset
--part1_13d.2e68ed54_boundary--
""".encode()


def on_leave(*, to: str = RETURN_PATH, quoted_id: str = "") -> bytes:
    """The answer of somebody who is on leave (RFC 3834)."""
    return f"""Return-Path: <>
From: Aino Tilaaja <tilaaja@example.org>
To: {to}
Subject: Automaattinen vastaus: Marraskuun kirje
Auto-Submitted: auto-replied (vacation)
In-Reply-To: {quoted_id}
Message-ID: <loma-1@example.org>

Olen lomalla 5.11. asti. Kiireellisissa asioissa: user unknown tilaaja2@example.org
""".encode()
