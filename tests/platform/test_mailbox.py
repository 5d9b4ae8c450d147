"""`/dev/mail`: the caught mail, shown without letting its content do anything."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from network_api import mailbox_pages
from network_api.up.mailsink import Maildir


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "mail")


@pytest.fixture
def browser(maildir: Maildir) -> FlaskClient:
    app = Flask("network_api")
    app.config.update(MAIL_SINK_DIR=str(maildir.path), PLATFORM_NAME="Network API")
    app.register_blueprint(mailbox_pages.blueprint)
    return app.test_client()


def caught(maildir: Maildir, subject: str, html: str | None = None, to: str = "Aino <aino@example.org>") -> str:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "network@example.org", to, subject
    message["Date"] = "Mon, 23 Nov 2026 10:00:00 +0200"
    message.set_content("Hei <Aino>")
    if html is not None:
        message.add_alternative(html, subtype="html")
        part = message.get_payload(1)
        assert isinstance(part, EmailMessage)
        part.add_related(b"<svg/>", "image", "svg+xml", cid="<ticket@local>")
    return maildir.deliver(message.as_bytes()).name


def test_the_newest_mail_is_listed_first(browser: FlaskClient, maildir: Maildir) -> None:
    caught(maildir, "Ensimmäinen")
    caught(maildir, "Toinen")
    page = browser.get("/dev/mail").text
    assert page.index("Toinen") < page.index("Ensimmäinen")
    assert "Aino &lt;aino@example.org&gt;" in page
    assert "2026-11-23 10:00" in page


def test_an_empty_mailbox_says_so(browser: FlaskClient) -> None:
    assert "There is none yet." in browser.get("/dev/mail").text


def test_mail_is_found_by_its_recipient_behind_any_number_of_others(browser: FlaskClient, maildir: Maildir) -> None:
    for number in range(2):
        caught(maildir, f"number-{number}", to="eino@example.org")
    for _ in range(mailbox_pages.PER_PAGE):
        caught(maildir, "other")
    found = browser.get("/dev/mail", query_string={"to": "Eino@example.org"}).text
    assert found.index("number-1") < found.index("number-0")
    assert "other" not in found
    assert "Older mail" not in found
    assert "There is none to nobody@example.org." in browser.get("/dev/mail?to=nobody@example.org").text


def test_long_lists_come_in_pages(browser: FlaskClient, maildir: Maildir) -> None:
    names = [caught(maildir, f"number-{number}") for number in range(mailbox_pages.PER_PAGE + 1)]
    newest = browser.get("/dev/mail").text
    assert "number-0<" not in newest
    assert f"before={names[1]}" in newest
    assert "number-0<" in browser.get("/dev/mail", query_string={"before": names[1]}).text


def test_a_mail_shows_headers_text_and_its_html_in_a_sandbox(browser: FlaskClient, maildir: Maildir) -> None:
    name = caught(maildir, "<b>Kutsu</b>", '<p>Tervetuloa</p><img src="cid:ticket@local">')
    page = browser.get(f"/dev/mail/{name}").text
    assert "&lt;b&gt;Kutsu&lt;/b&gt;" in page
    assert "Hei &lt;Aino&gt;" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    html = browser.get(f"/dev/mail/{name}/html")
    assert "<p>Tervetuloa</p>" in html.text
    assert html.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "allow-scripts" not in html.headers["Content-Security-Policy"]
    assert f'src="/dev/mail/{name}/parts/0"' in html.text
    picture = browser.get(f"/dev/mail/{name}/parts/0")
    assert (picture.data, picture.content_type) == (b"<svg/>", "image/svg+xml")
    assert picture.headers["Content-Security-Policy"].startswith("sandbox ")


def test_the_source_is_shown_as_text(browser: FlaskClient, maildir: Maildir) -> None:
    source = browser.get(f"/dev/mail/{caught(maildir, 'Hei')}/source")
    assert source.content_type == "text/plain; charset=utf-8"
    assert "Subject: Hei" in source.text
    assert source.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["nothing", "..%2Fsecret", "%2E%2E", "x/html", "x/parts/0", "x/source", "%00"])
def test_what_is_no_mail_is_not_found(browser: FlaskClient, maildir: Maildir, path: str) -> None:
    (maildir.path / "secret").write_text("do not show")
    assert browser.get(f"/dev/mail/{path}").status_code == 404


def test_a_mail_without_html_has_no_html_page(browser: FlaskClient, maildir: Maildir) -> None:
    name = caught(maildir, "Vain teksti")
    assert "<iframe" not in browser.get(f"/dev/mail/{name}").text
    assert browser.get(f"/dev/mail/{name}/html").status_code == 404
    assert browser.get(f"/dev/mail/{name}/parts/0").status_code == 404


def test_a_broken_mail_does_no_harm(browser: FlaskClient, maildir: Maildir) -> None:
    name = maildir.deliver(b"Date: yesterday\r\nContent-Type: multipart/mixed\r\n\r\n\xff\xfe").name
    assert browser.get("/dev/mail").status_code == 200
    assert browser.get(f"/dev/mail/{name}").status_code == 200
