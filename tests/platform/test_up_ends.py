"""`network-api up`, stopped: its data survive, and nothing of it is left behind. `test_crash.py` kills it."""

import signal
from pathlib import Path

from tests.platform.running import Up, ask_for_code, descendants, end_by, eventually, free_port, is_alive, token_of, up


def me(platform: Up, token: str) -> int:
    """The status of a request that only this token's member can make."""
    return platform.request("GET", "/api/v1/members/me", token=token)[0]


def test_data_survives_a_stop_and_a_neighbour_sees_nothing(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    options = ("--admin", "admin@example.org")
    with up(data, *options, port=port) as first, up(tmp_path / "neighbour") as neighbour:
        first.wait_until_ready()
        neighbour.wait_until_ready()
        token = token_of(first)
        ask_for_code(first, "naapuri@example.org")
        eventually(lambda: bool(first.mails_to("naapuri@example.org")), "the mail is kept", 20)
        assert not neighbour.mails_to("naapuri@example.org")
        assert end_by(first, signal.SIGTERM) == 0
        assert not (data / "processes.json").exists()
        assert "has been killed" not in first.words
        assert end_by(neighbour, signal.SIGINT) == 0
        assert "Stopped." in neighbour.words
    kept = {name: (data / name).read_text() for name in ("secret-key", "ports.json")}
    with up(data, *options, port=port) as second:  # at once: nothing holds the folder or a port
        second.wait_until_ready()
        assert "Admin token" not in second.words
        assert kept == {name: (data / name).read_text() for name in kept}
        assert me(second, token) == 200


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    with up(tmp_path / "data") as started:
        eventually((tmp_path / "data" / "processes.json").exists, "it has begun")
        below = descendants(started.process.pid)
        assert started.stop() == 0
        assert not any(is_alive(pid) for pid in below)


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    with up(tmp_path / "data", settings={"NETWORK_SESSION_DAYS": "many"}) as started:
        assert started.process.wait(30) == 1
        assert "NETWORK_SESSION_DAYS must be a whole number" in started.words
        assert "Traceback" not in started.words
