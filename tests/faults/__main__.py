"""`python -m tests.faults`: rounds of faults, each with a new seed, which is printed; the first loss ends it with status 1."""

import shutil
import tempfile
import time
import traceback
from pathlib import Path
from random import SystemRandom

import click

from tests.faults.faults import FAULTS
from tests.faults.machines import missing
from tests.faults.rounds import drawn, play


@click.command()
@click.option("--rounds", default=1, show_default=True, help="How many, each with a seed of its own.")
@click.option("--minutes", type=float, help="Begin no round after so many minutes.")
@click.option("--seed", type=int, help="The seed of the first round; the following ones count on from it.")
@click.option("--faults", "number", default=3, show_default=True, help="How many faults in a round.")
@click.option(
    "--only", multiple=True, type=click.Choice(sorted(FAULTS)), help="This fault, not a drawn one; several times for several."
)
def main(rounds: int, minutes: float | None, seed: int | None, number: int, only: tuple[str, ...]) -> None:
    """Break the platform in rounds. Where something is lost, the folder with data and logs stays."""
    if lack := missing():
        raise click.ClickException(lack)
    ends = time.monotonic() + 60 * (minutes or float("inf"))
    for turn in range(rounds):
        if time.monotonic() > ends:
            rounds = turn
            break
        this = SystemRandom().randrange(1, 2**31) if seed is None else seed + turn
        click.echo(f"Round {turn + 1}, seed {this}")
        folder = Path(tempfile.mkdtemp(prefix="faults-"))
        try:
            play(folder, this, list(only) or drawn(this, number), click.echo)
        except (AssertionError, TimeoutError) as error:
            traceback.print_exc()
            raise click.ClickException(f"Seed {this}: {error}\nData and logs: {folder}") from error
        shutil.rmtree(folder)
    click.echo(f"{rounds} rounds in a row, nothing lost.")


if __name__ == "__main__":
    main()
