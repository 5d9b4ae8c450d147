"""The commands that work on the platform itself; `network_api.cli` calls them.

A bad setting or a database that does not answer ends a command with a sentence and no traceback.
"""

import json
import os
from collections.abc import Callable
from copy import copy
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Concatenate, ParamSpec

import click
from flask import Flask

from network_api import backup as archive
from network_api import migrating, processes
from network_api.app import FEATURES
from network_api.doctor import examine
from network_api.jobs import QUEUES
from network_api.privacy import page
from network_api.sender_dns import WRONG

P = ParamSpec("P")


def on_the_platform(work: Callable[Concatenate[Flask, P], None]) -> Callable[P, None]:
    """Give a command the application, made from the settings, and the option `--data`."""

    @click.option(
        "--data",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Data folder of a `network-api up`, to work on that platform.",
    )
    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        data = kwargs.pop("data", None)
        if isinstance(data, Path):
            _take_settings_of(data)
        with processes.platform() as app:
            work(app, *args, **kwargs)

    return run


def _take_settings_of(data: Path) -> None:
    file = data / "environment.json"
    if not file.exists():
        raise click.ClickException(f"{data} holds no platform yet. `network-api up --data {data}` makes one.")
    for name, value in json.loads(file.read_text()).items():
        os.environ.setdefault(name, value)


@click.command()
@on_the_platform
def prepare(app: Flask) -> None:
    """Make a database ready: create the indexes that are missing, and migrate.

    Run it before the first start and with every update; again does no harm. `network-api up` does it by itself.
    """
    processes.make_ready(app, click.echo)
    click.echo("The database is ready.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what there is to do, and change nothing.")
@click.option("--again", is_flag=True, help="Also what was done before, for rows that an earlier release has stored since.")
@on_the_platform
def migrate(app: Flask, dry_run: bool, again: bool) -> None:
    """Bring up what earlier releases have stored to how this one reads it.

    `prepare` does it, too. It can be stopped and started again at any moment, and run on several machines. After an update
    without downtime, run it with --again when the last process of the earlier release has ended.
    """
    if again and not dry_run:
        migrating.begin_again()
    for told in migrating.look(migrating.known() if again else migrating.pending()) if dry_run else migrating.apply():
        click.echo(f"{told.migration.name}: {told.rows} rows{' to bring up' if dry_run else ''}. {told.migration.meaning}")
    click.echo("Nothing was changed." if dry_run else "Everything is as this release reads it.")


@click.command()
@click.argument("email")
@on_the_platform
def create_admin(app: Flask, email: str) -> None:
    """Make EMAIL an administrator and print a token for the API.

    The token is shown once. Calling it again for the same address prints a new token.
    """
    click.echo(f"Admin token: {processes.administrator_token(email)}")


@click.command()
@click.option("--queues", default=",".join(QUEUES), show_default=True, help="Which work to do, separated by commas.")
@on_the_platform
def worker(app: Flask, queues: str) -> None:
    """Send mail and letters, and do other work in the background, until stopped.

    One piece of work at a time: run several for more. Work that a stop or a crash interrupts is done again.
    """
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - set(QUEUES))
    if unknown or not names:
        raise click.BadParameter(f"choose from {', '.join(QUEUES)}", param_hint="--queues")
    processes.work(app, names)


@click.command()
@on_the_platform
def beat(app: Flask) -> None:
    """Wake the workers on schedule, until stopped. Run exactly one.

    Two do no harm but make every look for due work twice.
    """
    processes.keep_time(app)


@click.command()
@on_the_platform
def check(app: Flask) -> None:
    """Recount everything that must add up: seats, deliveries, memberships.

    Changes nothing. Prints each place where something does not add up, and then ends with status 1.
    """
    problems = 0
    for feature in FEATURES:
        click.echo(f"Checking {feature.name} ...", err=True)
        for problem in feature.check():
            problems += 1
            click.echo(f"{problem.invariant}: {problem.where}: expected {problem.expected}, found {problem.found}")
    if problems:
        raise click.ClickException(f"{problems} found that do not add up.")
    click.echo("Everything adds up.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@on_the_platform
def backup(app: Flask, file: Path) -> None:
    """Write the whole database, as it is at one moment, into FILE.

    The platform goes on meanwhile. The file holds all that is known about people: keep it as safe as the database, and
    no longer than you need it. Settings and keys are not in it; keep NETWORK_SECRET_KEY elsewhere.
    """
    rows = archive.save(file).rows
    click.echo(f"{sum(rows.values())} rows of {len(rows)} collections are in {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Delete everything that is in the database first.")
@on_the_platform
def restore(app: Flask, file: Path, replace: bool) -> None:
    """Put back what a backup in FILE holds, into an empty database.

    Stop the web processes, workers and the clock first. A file that is not whole is refused before anything is changed.
    What had not been sent when the backup was made will be sent, perhaps again: it is told here, so look before you
    start a worker. Repeat the erasures that people have asked for since.
    """
    rows = archive.load(file, replace=replace).rows
    processes.make_ready(app, click.echo)
    click.echo(f"{sum(rows.values())} rows of {len(rows)} collections are back.")
    for gauge in chain.from_iterable(feature.gauges() for feature in FEATURES):
        for labels, value in gauge.values.items():
            if value:
                click.echo(f"Waits to be sent: {gauge.name} {' '.join(labels)} {value:.0f}")


@click.command()
@click.option("--name-server", metavar="ADDRESS", help="Ask this name server, as address or address:port, not the machine's own.")
@on_the_platform
def doctor(app: Flask, name_server: str | None) -> None:
    """Examine what the platform stands on: settings, servers, indexes, the clock, and SPF, DKIM and DMARC of the sender.

    Changes nothing. Each line says ok, wrong or unknown (it could not be checked from here). Ends with status 1 where
    something is wrong.
    """
    wrong = 0
    for finding in examine(name_server):
        wrong += finding.verdict == WRONG
        click.echo(f"{finding.verdict:<8} {finding.about}: {finding.said}")
    if wrong:
        raise click.ClickException(f"{wrong} found that should be mended.")


@click.command()
@on_the_platform
def routes(app: Flask) -> None:
    """List the addresses that the platform answers, with the methods they take."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        click.echo(f"{methods:<16} {rule.rule}")


@click.command()
@on_the_platform
def openapi(app: Flask) -> None:
    """Print the OpenAPI document of the API."""
    answer = app.test_client().get("/api/v1/openapi.json")
    click.echo(json.dumps(answer.get_json(), indent=2, ensure_ascii=False))


@click.command()
def privacy() -> None:
    """Print the register of personal data: each field, what for, on which basis, for how long."""
    click.echo(page((feature.name, feature.register) for feature in FEATURES))


def _of_feature(command: click.Command) -> click.Command:
    """A feature's command, or a group of them, made to run on the platform as ours do."""
    if isinstance(command, click.Group):
        command.commands = {name: _of_feature(below) for name, below in command.commands.items()}
    elif command.callback is not None:
        work = command.callback
        ready = on_the_platform(lambda app, **given: work(**given))
        command = copy(command)
        command.callback, command.params = ready, [*command.params, *getattr(ready, "__click_params__", ())]
    return command


OURS = (prepare, migrate, create_admin, worker, beat, check, doctor, backup, restore, privacy, routes, openapi)
COMMANDS = {command.name: command for command in (*OURS, *(_of_feature(each) for one in FEATURES for each in one.commands))}
