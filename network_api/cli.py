"""The command `network-api`.

`up` stands here; all other commands work on the platform and stand in `network_api.commands`, which is read from disk
only when one of them is called: `up` starts the database first and must not wait for that.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from network_api.up import everything

OTHERS = "network_api.commands"


class Commands(click.Group):
    """`up`, and the commands that are read when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which somebody meets them."""
        return [*super().list_commands(ctx), *self._others()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        return super().get_command(ctx, cmd_name) or self._others().get(cmd_name)

    @staticmethod
    def _others() -> dict[str, click.Command]:
        others: dict[str, click.Command] = importlib.import_module(OTHERS).COMMANDS
        return others


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="network-api", prog_name="network-api")
def main(**_: Any) -> None:
    """Run and look after the platform for regional job-coaching networks.

    To try it, run `network-api up` and open the address that it prints. In production, run `network-api worker` and
    `network-api beat` beside a web server; the settings are NETWORK_... environment variables, listed in the README.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 lets other machines in.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option(
    "--data",
    default=Path(".data"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the database, the mail and the logs. It survives a stop and a crash.",
)
@click.option("--admin", metavar="EMAIL", help="Make this administrator at the first start and print a token for the API.")
@click.option(
    "--demo/--no-demo",
    default=False,
    show_default=True,
    help="Fill an empty platform with example networks, theme days and a newsletter.",
)
@click.option("--web-workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer requests.")
def up(host: str, port: int, data: Path, admin: str | None, demo: bool, web_workers: int) -> None:
    """Start everything on this machine.

    The database, the web server, the workers and a mailbox that catches all outgoing mail: nothing else needs to be
    installed. Give NETWORK_MONGODB_URI or NETWORK_MAIL_SERVER to use a database or a mail server of your own.
    """
    options = everything.Options(host, port, data, admin, demo, web_workers)
    sys.exit(everything.run(options, click.echo))


if __name__ == "__main__":
    main()
