"""`network-api doctor` finds what is wrong, and owns up to what it cannot know. A real name server answers."""

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask

from network_api import doctor, sender_dns
from network_api.cli import main
from network_api.documents import utcnow
from network_api.sender_dns import findings, resolver
from tests.platform.running import free_port

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
GOOD = {
    ("example.org", "TXT"): ['"something else"', '"v=spf1 include:relay.example -all"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("s1._domainkey.example.org", "TXT"): [f'"v=DKIM1; k=rsa; p={PUBLIC[:200]}" "{PUBLIC[200:]}"'],
    ("lists.example.org", "TXT"): ['"v=spf1 mx ~all"'],
    ("lists.example.org", "MX"): ["10 mx.example.org."],
}


class NameServer(threading.Thread):
    """Answers from `zone`, over UDP, until it is stopped."""

    def __init__(self, zone: dict[tuple[str, str], list[str]]) -> None:
        super().__init__()
        self.zone = zone
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self) -> None:
        while True:
            asked, client = self.socket.recvfrom(4096)
            if not asked:
                return
            query = dns.message.from_wire(asked)
            answer = dns.message.make_response(query)
            question = query.question[0]
            name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
            if records := self.zone.get((name, kind)):
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
            elif not any(known == name for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), client)

    def stop(self) -> None:
        host, port = self.address.split(":")
        self.socket.sendto(b"", (host, int(port)))
        self.join()
        self.socket.close()


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    server = NameServer(dict(GOOD))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def config(tmp_path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    key = tmp_path / "dkim.pem"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signing = {"DKIM_KEY_FILE": str(key), "DKIM_SELECTOR": "s1", "DKIM_DOMAIN": "example.org"}
    return {**settings, **signing, "BOUNCE_ADDRESS": "bounces@lists.example.org"}


def verdicts(config: dict[str, Any], address: str) -> dict[str, str]:
    return {finding.about: finding.verdict for finding in findings(config, resolver(address))}


def test_good_records_are_ok(config: dict[str, Any], name_server: NameServer) -> None:
    found = verdicts(config, name_server.address)
    assert len(found) == 6
    assert set(found.values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "kind", "records", "about"),
    [
        ("example.org", "TXT", [], "SPF of example.org"),
        ("example.org", "TXT", ['"v=spf1 -all"', '"v=spf1 mx -all"'], "SPF of example.org"),
        ("example.org", "TXT", ['"v=spf1 +all"'], "SPF of example.org"),
        ("lists.example.org", "TXT", ['"v=spf10 -all"'], "SPF of lists.example.org"),
        ("_dmarc.example.org", "TXT", [], "DMARC of example.org"),
        ("_dmarc.example.org", "TXT", ['"v=DMARC1; rua=mailto:x@example.org"'], "DMARC of example.org"),
        ("s1._domainkey.example.org", "TXT", [], "DKIM at s1._domainkey.example.org"),
        ("s1._domainkey.example.org", "TXT", ['"v=DKIM1; p="'], "DKIM at s1._domainkey.example.org"),
        ("s1._domainkey.example.org", "TXT", [f'"p={PUBLIC[:200]}" "AAAA"'], "DKIM at s1._domainkey.example.org"),
        ("lists.example.org", "MX", [], "MX of lists.example.org"),
        ("lists.example.org", "MX", ["0 ."], "MX of lists.example.org"),
    ],
)
def test_a_wrong_record_is_found_and_nothing_else_is_blamed(
    config: dict[str, Any], name_server: NameServer, name: str, kind: str, records: list[str], about: str
) -> None:
    name_server.zone[name, kind] = records
    found = verdicts(config, name_server.address)
    assert {named for named, verdict in found.items() if verdict == "wrong"} == {about}


def test_a_policy_above_the_sender_s_domain_counts_and_a_signature_beside_it_does_not(
    config: dict[str, Any], name_server: NameServer
) -> None:
    name_server.zone["mail.example.org", "TXT"] = ['"v=spf1 mx -all"']
    below = verdicts({**config, "MAIL_DEFAULT_SENDER": "Network <network@mail.example.org>"}, name_server.address)
    assert (below["DMARC of mail.example.org"], below["DKIM for mail.example.org"]) == ("ok", "ok")
    beside = verdicts({**config, "DKIM_DOMAIN": "lists.example.org"}, name_server.address)
    assert beside["DKIM for example.org"] == "wrong"


def test_without_a_name_server_it_says_what_it_could_not_check(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_dns, "PATIENCE", 0.3)
    found = verdicts(config, f"127.0.0.1:{free_port()}")
    assert found.pop("DKIM for example.org") == "ok"
    assert set(found.values()) == {"unknown"}


@pytest.mark.usefixtures("migrated")
def test_the_command_says_each_finding_and_ends_with_1_where_one_is_wrong(
    app: Flask, name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)
    well = CliRunner().invoke(main, ["doctor", "--name-server", name_server.address])
    assert (well.exit_code, "ok       clock: " in well.output, "ok       indexes: ok" in well.output) == (0, True, True)
    assert "unknown  DKIM: the platform signs no letters" in well.output
    monkeypatch.setitem(app.config, "PUBLIC_URL", "http://network.example.org")
    monkeypatch.setitem(app.config, "MAIL_PORT", free_port())
    ill = CliRunner().invoke(main, ["doctor", "--name-server", name_server.address])
    assert (ill.exit_code, "wrong    address: " in ill.output, "wrong    mail: unreachable" in ill.output) == (1, True, True)
    assert "2 found that should be mended" in ill.output


def test_a_clock_that_is_not_the_database_s_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours goes wrong here alone: the embedded database is in this process and would follow the whole of it."""
    assert doctor._clock().verdict == "ok"
    monkeypatch.setattr(doctor, "utcnow", lambda: utcnow() + timedelta(minutes=5))
    assert doctor._clock().verdict == "wrong"
