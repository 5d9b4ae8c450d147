"""`network-api bounces ...`: take in letters that came back."""

import click
from flask import Flask, current_app

from newsletters.bounces import lmtp, mailbox


@click.group()
def bounces() -> None:
    """Learn from letters that came back, and from complaints."""


@bounces.command()
def read() -> None:
    """Read the mailbox of NETWORK_BOUNCE_MAILBOX once.

    The workers do so every minute.
    """
    url = current_app.config["BOUNCE_MAILBOX"]
    if not url:
        raise click.ClickException("NETWORK_BOUNCE_MAILBOX names no mailbox.")
    try:
        moved = mailbox.read_mailbox(url)
    except mailbox.UNREACHABLE as error:
        raise click.ClickException(f"The mailbox cannot be read: {error}") from error
    click.echo(f"{moved[mailbox.HANDLED]} reports taken in, {moved[mailbox.OTHER]} other mails put aside.")


@bounces.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=2424, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
def listen(host: str, port: int) -> None:
    """Take bounces in by LMTP until stopped.

    For a mail server in front, which delivers the bounce address to it. Let nobody else reach it: LMTP knows no sign-in.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # for the threads
    lmtp.listen(app, host, port, click.echo)
