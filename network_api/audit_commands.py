"""`network-api audit ...`: seal the audit log, and see whether its chain holds."""

import re

import click

from network_api import audit_chain

_KNOWN = re.compile(r"([1-9]\d{0,8}):([0-9a-f]{64})")


class Known(click.ParamType[tuple[int, str]]):
    """A block by its number and hash, as the log tells of it."""

    name = "number:hash"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        """The number and the hash."""
        found = _KNOWN.fullmatch(value)
        if found is None:
            self.fail("write it as the log does, such as 12:9f86…", param, ctx)
        return int(found[1]), found[2]


@click.group()
def audit() -> None:
    """Prove that nobody has changed the audit log."""


@audit.command()
def seal() -> None:
    """Seal now what has been written.

    The workers do so every minute.
    """
    audit_chain.seal_due()
    _tell(audit_chain.verify())


@audit.command()
@click.option("--known", type=Known(), help="A block that an older log told of, so that a chain whose end was cut off is found.")
def verify(known: tuple[int, str] | None) -> None:
    """Check the chain over the audit log from its beginning.

    Changes nothing. Names the first entry at fault, and then ends with status 1.
    """
    _tell(audit_chain.verify(known))


def _tell(verdict: audit_chain.Verdict) -> None:
    if verdict.fault is not None:
        raise click.ClickException(f"The chain holds for {verdict.blocks} blocks, not further: {verdict.fault}.")
    click.echo(f"{verdict.blocks} blocks with {verdict.entries} entries hold. Head: {verdict.blocks}:{verdict.head}")
