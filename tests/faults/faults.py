"""What breaks. Each fault breaks something, keeps it broken for a while, and mends what would not mend itself.

What a fault returns is one line about what it did; from then on, the platform has to recover by itself.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from random import Random
from time import sleep

from tests.faults.machines import Machines

Fault = Callable[[Machines, Random], str]
CHILDREN = ("web", "worker-mail", "worker-jobs", "beat")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_children(machines: Machines, dice: Random) -> str:
    """SIGKILL one process after another, of any node."""
    killed = []
    for _ in range(dice.randint(2, 4)):
        node, child = dice.choice(machines.nodes), dice.choice(CHILDREN)
        _signal(dice.choice(node.pids(child)), signal.SIGKILL)
        killed.append(f"{child} of {node.name}")
        sleep(dice.uniform(0.2, 1.5))
    return f"killed {', '.join(killed)}"


def kill_one_of_each_at_once(machines: Machines, dice: Random) -> str:
    """SIGKILL all processes of a kind, on both nodes."""
    child = dice.choice(CHILDREN)
    for node in machines.nodes:
        _signal(node.up.processes[child], signal.SIGKILL)
    return f"killed {child} of both nodes"


def kill_node(machines: Machines, dice: Random) -> str:
    """A machine is lost, and comes back."""
    node = dice.choice(machines.nodes)
    node.kill()
    sleep(dice.uniform(0.5, 4))
    node.start_again()
    return f"killed node {node.name}, started it again"


def kill_database(machines: Machines, dice: Random) -> str:
    """SIGKILL the database."""
    away = dice.uniform(0.2, 6)
    machines.database.kill()
    sleep(away)
    machines.database.start()
    return f"killed the database, back after {away:.1f} s"


def kill_mail_server(machines: Machines, dice: Random) -> str:
    """SIGKILL the SMTP server."""
    away = dice.uniform(0.2, 6)
    machines.sink.kill()
    sleep(away)
    machines.sink.start()
    return f"killed the SMTP server, back after {away:.1f} s"


def power_cut(machines: Machines, dice: Random) -> str:
    """Everything is killed at once, and started again."""
    machines.database.kill()
    for node in machines.nodes:
        node.kill()
    machines.sink.kill()
    machines.database.start()
    machines.sink.start()
    for node in machines.nodes:
        node.start_again()
    return "killed everything, started it again"


def freeze(machines: Machines, dice: Random) -> str:
    """SIGSTOP a process for longer than a mail's lease: what it goes on with afterwards may be somebody else's by then."""
    node, child, seconds = dice.choice(machines.nodes), dice.choice(CHILDREN), dice.uniform(3, 14)
    pids = node.pids(child)
    for pid in pids:
        _signal(pid, signal.SIGSTOP)
    sleep(seconds)
    for pid in pids:
        _signal(pid, signal.SIGCONT)
    return f"froze {child} of {node.name} for {seconds:.0f} s"


def freeze_database(machines: Machines, dice: Random) -> str:
    """SIGSTOP the database."""
    assert machines.database.process is not None
    seconds = dice.uniform(2, 8)
    machines.database.process.send_signal(signal.SIGSTOP)
    sleep(seconds)
    machines.database.process.send_signal(signal.SIGCONT)
    return f"froze the database for {seconds:.0f} s"


def cut_database(machines: Machines, dice: Random) -> str:
    """The connections of a node to the database break, several times."""
    node, times = dice.choice(machines.nodes), dice.randint(2, 6)
    for _ in range(times):
        node.database.cut()
        sleep(dice.uniform(0.1, 0.8))
    return f"cut node {node.name} off the database, {times} times"


def part_from_database(machines: Machines, dice: Random) -> str:
    """A node cannot reach the database."""
    node, seconds = dice.choice(machines.nodes), dice.uniform(2, 8)
    node.database.refuse()
    sleep(seconds)
    node.database.heal()
    return f"parted node {node.name} from the database for {seconds:.0f} s"


def slow_database(machines: Machines, dice: Random) -> str:
    """Each word between a node and the database takes longer."""
    node, seconds, delay = dice.choice(machines.nodes), dice.uniform(4, 9), dice.uniform(0.02, 0.2)
    node.database.delay(delay)
    sleep(seconds)
    node.database.heal()
    return f"put {1000 * delay:.0f} ms between node {node.name} and the database for {seconds:.0f} s"


def stall_database(machines: Machines, dice: Random) -> str:
    """Nothing passes between a node and the database."""
    node, seconds = dice.choice(machines.nodes), dice.uniform(3, 12)
    node.database.stall()
    sleep(seconds)
    node.database.heal()
    return f"stalled node {node.name} and the database for {seconds:.0f} s"


def lose_database(machines: Machines, dice: Random) -> str:
    """A firewall forgets the connections of a node to the database: neither side hears that they are gone."""
    node = dice.choice(machines.nodes)
    node.database.lose()
    return f"lost the connections of node {node.name} to the database"


def lose_answers_of_database(machines: Machines, dice: Random) -> str:
    """What a node asks of the database is done, and it never hears of it."""
    node, seconds = dice.choice(machines.nodes), dice.uniform(1, 4)
    node.database.deafen()
    sleep(seconds)
    node.database.heal()
    return f"kept the database's answers from node {node.name} for {seconds:.0f} s"


def cut_mail(machines: Machines, dice: Random) -> str:
    """SMTP connections break, several times."""
    times = dice.randint(3, 8)
    for _ in range(times):
        machines.smtp.cut()
        sleep(dice.uniform(0.1, 0.6))
    return f"cut the SMTP connections {times} times"


def stall_mail(machines: Machines, dice: Random) -> str:
    """Nothing passes to the SMTP server."""
    seconds = dice.uniform(3, 12)
    machines.smtp.stall()
    sleep(seconds)
    machines.smtp.heal()
    return f"stalled SMTP for {seconds:.0f} s"


def lose_answers_of_mail(machines: Machines, dice: Random) -> str:
    """Mails are taken, and the sender never hears of it."""
    seconds = dice.uniform(1, 4)
    machines.smtp.deafen()
    sleep(seconds)
    machines.smtp.heal()
    return f"kept the answers of the SMTP server back for {seconds:.0f} s"


def slow_mail(machines: Machines, dice: Random) -> str:
    """Each word of SMTP takes longer."""
    seconds, delay = dice.uniform(4, 9), dice.uniform(0.05, 0.4)
    machines.smtp.delay(delay)
    sleep(seconds)
    machines.smtp.heal()
    return f"put {1000 * delay:.0f} ms before the SMTP server for {seconds:.0f} s"


def fill_disk(machines: Machines, dice: Random) -> str:
    """The disk of the mail sink has no room."""
    seconds = dice.uniform(2, 8)
    machines.disk.fill()
    sleep(seconds)
    machines.disk.empty()
    return f"filled the disk of the mail sink for {seconds:.0f} s"


def skew_clock(machines: Machines, dice: Random) -> str:
    """The clock of a node runs ahead or behind, by more than any lease, and is then set right."""
    node, skew, seconds = dice.choice(machines.nodes), dice.choice((-90, -20, 20, 90)), dice.uniform(4, 10)
    node.set_clock(skew)
    sleep(seconds)
    node.set_clock(0)
    return f"set the clock of node {node.name} {skew:+d} s for {seconds:.0f} s"


FAULTS: Mapping[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        kill_children,
        kill_one_of_each_at_once,
        kill_node,
        kill_database,
        kill_mail_server,
        power_cut,
        freeze,
        freeze_database,
        cut_database,
        part_from_database,
        slow_database,
        stall_database,
        lose_database,
        lose_answers_of_database,
        cut_mail,
        stall_mail,
        lose_answers_of_mail,
        slow_mail,
        fill_disk,
        skew_clock,
    )
}
