"""`network-api up`, as real processes: it comes up, keeps its data, replaces what dies, and leaves nothing behind."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.platform.running import CHILDREN, Up, ask_for_code, descendants, eventually, is_alive, token_of, up


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One platform that several tests look at and leave running."""
    with up(tmp_path_factory.mktemp("up") / "data", "--admin", "admin@example.org") as started:
        started.wait_until_ready()
        yield started


def test_it_says_where_everything_is(running: Up) -> None:
    assert f"Ready: {running.base}\n" in running.words
    assert f"{running.base}/api/v1/docs" in running.words
    assert f"{running.base}/dev/mail" in running.words
    assert token_of(running)
    assert "it is started again" not in running.words  # at the first start nobody is in another's way


def test_a_mail_goes_through_every_process(running: Up) -> None:
    ask_for_code(running, "aino@example.org")
    eventually(lambda: bool(running.mails_to("aino@example.org")), "the mail is kept", 20)


def test_the_list_of_processes_is_right(running: Up) -> None:
    assert set(running.processes) == {"up", *CHILDREN}
    assert running.processes["up"] == running.process.pid
    assert all(is_alive(pid) for pid in running.processes.values())


def test_secrets_are_for_their_owner_only(running: Up) -> None:
    for name in ("secret-key", "environment.json"):
        assert (running.data / name).stat().st_mode & 0o077 == 0, name
    assert running.data.stat().st_mode & 0o077 == 0
    assert token_of(running) not in "".join(log.read_text() for log in (running.data / "log").iterdir())


def test_its_metrics_tell_of_what_the_workers_did_too(running: Up) -> None:
    def told() -> str:
        return urlopen(f"{running.base}/metrics", timeout=10).read().decode()  # type: ignore[no-any-return]

    eventually(
        lambda: 'network_api_job_seconds_count{outcome="done",task="mail.sweep"}' in told(), "the clock's jobs are counted"
    )
    assert 'network_api_up{part="broker"} 1.0' in told()


def test_a_second_start_on_the_same_data_is_refused_in_words(running: Up) -> None:
    with up(running.data) as second:
        assert second.process.wait(20) == 1
        assert f"is in use by another `network-api up` (process {running.process.pid})" in second.words
    assert running.request("GET", "/readyz")[0] == 200


def test_a_port_that_is_taken_is_refused_in_words(running: Up, tmp_path: Path) -> None:
    with up(tmp_path / "data", port=running.port) as second:
        assert second.process.wait(20) == 1
        assert f"Port {running.port} on 127.0.0.1 is not free" in second.words


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_process_is_replaced_and_leaves_no_orphan(running: Up, name: str) -> None:
    killed = running.processes[name]
    below = descendants(killed)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: running.processes.get(name, killed) != killed, f"{name} is replaced", 20)
    for pid in {killed, *below}:
        eventually(lambda pid=pid: not is_alive(pid), f"process {pid} of {name} is gone", 5)  # type: ignore[misc]
    eventually(lambda: running.request("GET", "/readyz")[0] == 200, "the platform is ready again", 30)
    assert f"The {name} process was ended by SIGKILL; it is started again." in running.words
    address = f"after-{name}@example.org"
    ask_for_code(running, address)
    eventually(lambda: bool(running.mails_to(address)), "mail leaves again", 30)


def test_a_killed_web_worker_is_replaced(running: Up) -> None:
    killed = min(descendants(running.processes["web"]))
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: not is_alive(killed) and len(descendants(running.processes["web"])) == 2, "two web workers again", 20)
    assert running.request("GET", "/readyz")[0] == 200


def test_servers_of_the_users_own_take_the_place_of_the_embedded_ones(running: Up, tmp_path: Path) -> None:
    theirs = json.loads((running.data / "environment.json").read_text())
    names = ("NETWORK_MONGODB_URI", "NETWORK_MAIL_SERVER", "NETWORK_MAIL_PORT", "NETWORK_MAIL_DEFAULT_SENDER")
    settings = {name: theirs[name] for name in names} | {"NETWORK_PUBLIC_URL": "https://verkosto.example.org"}
    settings["NETWORK_MONGODB_URI"] = settings["NETWORK_MONGODB_URI"].replace("/network?", "/another?")
    with up(tmp_path / "data", settings=settings) as started:
        started.wait_until_ready()
        assert set(started.processes) == {"up", "web", "worker-mail", "worker-jobs", "beat"}
        assert "https://verkosto.example.org/api/v1/docs" in started.words
        assert "/dev/mail" not in started.words
        assert started.stop() == 0
