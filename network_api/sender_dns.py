"""What the DNS says of those who send our mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), and where bounces go.

Receivers judge mail by it, and a platform whose records are wrong is one whose letters nobody sees. A name server that does not
answer tells nothing, and so does a finding about it.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.exception import DNSException
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, LifetimeTimeout, NoAnswer, Resolver

from network_api.mail import dkim

OK, WRONG, UNKNOWN = "ok", "wrong", "unknown"
PATIENCE = 3.0  # seconds for each name
DNS_PORT = 53


class Finding(NamedTuple):
    """What was looked at, whether it is as it should be, and in words what to do about it."""

    verdict: str
    about: str
    said: str


def resolver(name_server: str | None) -> Resolver:
    """Asks the name servers of this machine, or the one that is given as `address` or `address:port`."""
    made = Resolver(configure=name_server is None)
    made.lifetime = PATIENCE
    if name_server is not None:
        address, _, port = name_server.partition(":") if name_server.count(":") == 1 else (name_server, "", "")
        made.nameservers, made.port = [address], int(port or DNS_PORT)
    return made


def findings(config: Mapping[str, Any], ask: Resolver) -> Iterator[Finding]:
    """All that can be found out about the sender of these settings."""
    sender = _domain(config["MAIL_DEFAULT_SENDER"])
    bounces = _domain(config["BOUNCE_ADDRESS"]) if config["BOUNCE_ADDRESS"] else None
    looks: list[tuple[str, Callable[..., tuple[str, str]], tuple[str, ...]]]
    looks = [(f"SPF of {name}", _spf, (name,)) for name in dict.fromkeys(filter(None, (sender, bounces)))]
    looks.append((f"DMARC of {sender}", _dmarc, (sender,)))
    if config["DKIM_KEY_FILE"]:
        name = f"{config['DKIM_SELECTOR']}._domainkey.{config['DKIM_DOMAIN']}"
        looks.append((f"DKIM at {name}", _dkim, (name, config["DKIM_KEY_FILE"])))
        yield _aligned(sender, config["DKIM_DOMAIN"])
    else:
        yield Finding(UNKNOWN, "DKIM", "the platform signs no letters (NETWORK_DKIM_KEY_FILE); see whether your relay does.")
    if bounces:
        looks.append((f"MX of {bounces}", _mx, (bounces,)))
    silence = ""
    for about, look, given in looks:
        if not silence:
            try:
                verdict, said = look(ask, *given)
            except LifetimeTimeout:  # nobody is there: the other names are not waited for
                silence = "no name server answered."
            except DNSException as error:
                verdict, said = UNKNOWN, f"no name server could tell ({type(error).__name__})."
        yield Finding(UNKNOWN, about, silence) if silence else Finding(verdict, about, said)


def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2].lower()


def _texts(ask: Resolver, name: str) -> list[str]:
    """The TXT records at a name, each in one piece; none where there is no such name. Raises DNSException where nobody tells."""
    try:
        return [b"".join(record.strings).decode(errors="replace") for record in ask.resolve(name, RdataType.TXT)]
    except (NXDOMAIN, NoAnswer):
        return []


def _spf(ask: Resolver, name: str) -> tuple[str, str]:
    found = [text for text in _texts(ask, name) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) != 1:  # RFC 7208, section 4.5: more than one is an error, and none counts
        return WRONG, f"{len(found)} records that begin with v=spf1; there has to be one, which names your relay."
    if {"+all", "all"} & set(found[0].lower().split()):
        return WRONG, f"{found[0]!r} lets everybody send in your name; end it with ~all or -all."
    return OK, f"{found[0]!r}; see that it names your relay."


def _dmarc(ask: Resolver, name: str) -> tuple[str, str]:
    """The policy of the domain, or else of one above it (RFC 7489, section 6.6.3)."""
    labels = name.split(".")
    for start in range(len(labels) - 1):
        place = ".".join(labels[start:])
        found = [text for text in _texts(ask, f"_dmarc.{place}") if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if found:
            tags = _tags(found[0])
            if len(found) > 1 or tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
                return WRONG, f"at _dmarc.{place} there has to be one record, with p=none, quarantine or reject."
            return OK, f"p={tags['p']} at _dmarc.{place}."
    return WRONG, f"no record at _dmarc.{name}; large receivers ask for one, and v=DMARC1; p=none is a beginning."


def _dkim(ask: Resolver, name: str, key_file: str) -> tuple[str, str]:
    found = _texts(ask, name)
    if len(found) != 1:
        return WRONG, f"{len(found)} records; there has to be one, with the public half of {key_file}."
    ours = dkim.read_key(key_file).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        told = b64decode("".join(_tags(found[0]).get("p", "").split()), validate=True)
    except (Error, ValueError):
        told = b""
    if told != ours:
        return WRONG, f"the key there is not the public half of {key_file}: what is signed counts as forged."
    return OK, "the key there is the public half of ours."


def _mx(ask: Resolver, name: str) -> tuple[str, str]:
    try:
        hosts = sorted(str(record.exchange).rstrip(".") for record in ask.resolve(name, RdataType.MX))
    except (NXDOMAIN, NoAnswer):
        hosts = []
    if not any(hosts):  # RFC 7505: a lone dot takes no mail
        return WRONG, "nobody takes mail for it, so what comes back is lost."
    return OK, ", ".join(hosts)


def _aligned(sender: str, signer: str) -> Finding:
    """A signature speaks for a sender below the domain that signs (RFC 7489, section 3.1.1)."""
    about = f"DKIM for {sender}"
    if sender == signer.lower() or sender.endswith(f".{signer.lower()}"):
        return Finding(OK, about, f"signed by {signer}.")
    return Finding(WRONG, about, f"signed by {signer}, which is neither that domain nor above it: DMARC does not count it.")


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
