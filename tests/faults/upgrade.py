"""`python -m tests.faults.upgrade`: a former release is replaced by the present one, node by node, as docs/deployment.md says.

Both run side by side on one database meanwhile, web and workers, while people come in and a letter goes out. Nobody gets a 5xx,
nothing that was acknowledged is lost, and everything adds up.
"""

import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from random import SystemRandom

import click

from tests.faults.machines import Machines, Node, missing, running
from tests.faults.rounds import Lost, Round
from tests.platform.running import COMMAND, clean_environment, eventually

SINCE = "c9abcd2"  # the last one without migrations
ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 40  # acknowledged answers while both releases run


def unpack(revision: str, into: Path) -> Path:
    """The code of a revision."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", revision], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        packed.extractall(into, filter="data")
    return into


def command(machines: Machines, *arguments: str) -> str:
    """Run a command of the present release on the platform; what it prints."""
    told = subprocess.run(
        [COMMAND, *arguments, "--data", str(machines.nodes[0].data)],
        capture_output=True,
        text=True,
        timeout=300,
        env=clean_environment(),
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def replace(node: Node) -> None:
    """Out of the balancer, SIGTERM, the present release, and in again once it is ready."""
    ends = node.up.stop()
    assert ends == 0, node.up.words
    node.run_as_we_are()
    node.start_again()


def upgrade(machines: Machines, seed: int) -> None:
    """All of it. Raises Lost."""
    played = Round(machines, seed, click.echo)
    crowd = played.crowd

    def come_in(number: int) -> None:
        wanted = crowd.journal.acknowledged + number
        eventually(lambda: crowd.journal.acknowledged >= wanted or bool(crowd.journal.surprises), "people come in", 120)

    try:
        come_in(10)
        click.echo(command(machines, "migrate", "--dry-run").rstrip())
        click.echo(command(machines, "prepare").rstrip())
        for node in machines.nodes:
            with crowd.balanced_without(node.port):
                replace(node)
            come_in(SIDE_BY_SIDE)
            click.echo(f"node {node.name} runs the present release")
        crowd.go_home()
        click.echo(command(machines, "migrate", "--again").splitlines()[-1])
        played.caught_up()
        click.echo(played.judge_all())
    finally:
        crowd.is_over.set()
    if failures := {status: number for status, number in crowd.seen().items() if status >= 500}:
        raise Lost(f"answers of ours that failed: {failures}")


@click.command()
@click.option("--since", default=SINCE, show_default=True, help="The revision to begin with.")
@click.option("--seed", type=int, help="What people want, and when.")
def main(since: str, seed: int | None) -> None:
    """Replace a former release by the present one under load."""
    if lack := missing():
        raise click.ClickException(lack)
    this = SystemRandom().randrange(1, 2**31) if seed is None else seed
    click.echo(f"From {since} to the present, seed {this}")
    with tempfile.TemporaryDirectory(prefix="upgrade-") as folder:
        release = unpack(since, Path(folder) / "release")
        data = Path(folder) / "data"
        data.mkdir()
        with running(data, release) as machines:
            upgrade(machines, this)
    click.echo("Nobody got a 5xx, and nothing was lost.")


if __name__ == "__main__":
    main()
