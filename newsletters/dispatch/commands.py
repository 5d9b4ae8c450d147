"""`network-api newsletter ...`: send an issue from a terminal, and watch it go out."""

import shutil
import sys
import time
from collections.abc import Iterator

import click

from network_api.auth.caller import STRANGER, Caller
from network_api.documents import Row
from network_api.languages import in_language
from newsletters.dispatch import sending
from newsletters.dispatch.ledger import ACCEPTED, LEASED, READY
from newsletters.dispatch.progressing import RETRY, SEND_WINDOW, progress_of
from newsletters.documents import Newsletter
from newsletters.issues.documents import CANCELLED, PAUSED, SCHEDULED, SENDING, SENT, Issue

OPERATOR: Caller = STRANGER  # the audit log names the platform itself
EVERY = 1.0  # seconds between two looks
PATIENCE = 15.0  # seconds without a worker before we wonder aloud
_BAR = 24  # characters
INTERRUPTED = 130

watching = click.option("--watch", is_flag=True, help="Show how far it is until it has been sent. Ctrl-C ends only the showing.")
issue_id = click.argument("issue_id", metavar="ISSUE")


@click.group()
def newsletter() -> None:
    """Send newsletters, and see how far they are.

    ISSUE is the id of an issue, as `network-api newsletter list` and the API show it.
    """


@newsletter.command("list")
def list_issues() -> None:
    """List the issues that are going out or scheduled.

    Each with its id, its state, and how far it is.
    """
    rows = Issue.rows({"state": {"$in": [SCHEDULED, SENDING, PAUSED]}}, sort=[("send_at", 1), ("_id", 1)])
    for issue in map(Issue.wrap, rows):
        click.echo(f"{issue.pk}  {issue.state:<9}  {_title(issue)}  {_when(issue)}".rstrip())
    if not rows:
        click.echo("Nothing is going out, and nothing is scheduled.")


@newsletter.command()
@issue_id
@watching
def send(issue_id: str, watch: bool) -> None:
    """Send an issue that has been approved.

    The workers send it; this command only says so to them.
    """
    issue = sending.send(OPERATOR, Issue.get(issue_id))
    click.echo(f"{_title(issue)}: handed to the workers.")
    _show(issue, watch)


@newsletter.command()
@issue_id
@watching
def progress(issue_id: str, watch: bool) -> None:
    """Show how far an issue is.

    How many have got it, how fast it goes, and how long it will take.
    """
    _show(Issue.get(issue_id), watch)


@newsletter.command()
@issue_id
def pause(issue_id: str) -> None:
    """Hold an issue that is going out.

    At most the letters that are just being handed over still go.
    """
    click.echo(f"{_title(sending.pause(OPERATOR, Issue.get(issue_id)))}: paused.")


@newsletter.command()
@issue_id
@watching
def resume(issue_id: str, watch: bool) -> None:
    """Go on with an issue that is paused.

    Nobody gets it twice.
    """
    _show(sending.resume(OPERATOR, Issue.get(issue_id)), watch)


@newsletter.command()
@issue_id
def cancel(issue_id: str) -> None:
    """Call an issue off, also while it is going out.

    What has not been sent is not sent any more.
    """
    click.echo(f"{_title(sending.cancel(OPERATOR, Issue.get(issue_id)))}: called off.")


def _title(issue: Issue) -> str:
    return in_language(issue.title, "en")


def _when(issue: Issue) -> str:
    return describe(issue, progress_of(issue)) if issue.state != SCHEDULED else f"at {issue.send_at:%Y-%m-%d %H:%M} UTC"


def _show(issue: Issue, watch: bool) -> None:
    if not watch:
        click.echo(describe(issue, progress_of(issue)))
        return
    try:
        show_until_the_end(issue)
    except KeyboardInterrupt:
        click.echo(f"\nThe letter goes on going out. Look again: network-api newsletter progress {issue.pk} --watch")
        sys.exit(INTERRUPTED)


def show_until_the_end(issue: Issue, every: float = EVERY) -> None:
    """Show how far an issue is, in one line that changes, or in lines of a log where nobody watches."""
    is_terminal = sys.stdout.isatty()
    said = ""
    for progress in _looks(issue, every):
        line = describe(issue, progress, bar=is_terminal)
        if is_terminal:
            click.echo(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", nl=False)
        elif line != said:
            click.echo(line)
        said = line
    if is_terminal:
        click.echo()


def _looks(issue: Issue, every: float) -> Iterator[Row]:
    """How far the issue is, again and again, until no delivery is open any more."""
    still_since, before = time.monotonic(), None
    while True:
        issue = Issue.get(issue.pk)
        progress = progress_of(issue)
        moved = (progress["counts"], progress["state"], progress["waits_for"])
        if moved != before:
            still_since, before = time.monotonic(), moved
        yield {**progress, "still": time.monotonic() - still_since}
        if not issue.dispatching:
            return
        time.sleep(every)


def describe(issue: Issue, progress: Row, *, bar: bool = False) -> str:
    """How far an issue is, in one line."""
    done, total = progress["done"], progress["total"]
    if total is None:
        return f"Working out who gets it ...{_hint(progress)}" if progress["state"] == SENDING else str(progress["state"])
    share = done / total if total else 1.0
    drawn = f"[{'#' * int(share * _BAR):<{_BAR}}] " if bar else ""
    return f"{drawn}{done}/{total} ({int(share * 100)} %)  {_pace(issue, progress)}{_others(progress)}"


def _pace(issue: Issue, progress: Row) -> str:
    """How fast it goes and how long it takes, or what it waits for."""
    if progress["state"] != SENDING:
        ends = {SENT: "sent", CANCELLED: "called off", PAUSED: f"paused: network-api newsletter resume {issue.pk}"}
        return ends.get(progress["state"], "")
    if progress["waits_for"] == SEND_WINDOW:
        zone = Newsletter.get(issue.newsletter_id).zone
        return f"holds until {progress['waits_until'].astimezone(zone):%H:%M} ({zone.key}), when its send window opens"
    if progress["waits_for"] == RETRY:
        return f"tries the deferred ones again at {progress['waits_until']:%H:%M} UTC"
    left = progress["seconds_left"]
    return f"{progress['per_second']:g} a second{'' if left is None else f', {_duration(left)} left'}{_hint(progress)}"


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _hint(progress: Row) -> str:
    """For who waits in vain."""
    waits = progress["waits_for"] is None and progress.get("still", 0.0) > PATIENCE
    return " Nothing moves: does a `network-api worker` run, and does the mail server answer?" if waits else ""


def _others(progress: Row) -> str:
    """What has become of those who have not got it, if anything."""
    counts = [f"{number} {state}" for state, number in progress["counts"].items() if state not in (ACCEPTED, READY, LEASED)]
    return f"  ({', '.join(counts)})" if counts else ""
