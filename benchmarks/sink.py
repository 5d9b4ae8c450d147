"""What letters are sent to in a benchmark: Postfix's smtp-sink, which counts what it receives, also through a slow line."""

import asyncio
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.platform.running import eventually, free_port, is_alive

SMTP_SINK = "/usr/sbin/smtp-sink"
_LOOPBACK = "127.0.0.1"
_SETTLED_WITHIN = 10.0  # seconds


class Sink:
    """A running smtp-sink."""

    def __init__(self, port: int, said: Path) -> None:
        self.port, self._said = port, said

    def received(self) -> int:
        """How many mails have come in whole."""
        with self._said.open("rb") as output:
            output.seek(max(0, self._said.stat().st_size - 200))
            found = re.findall(rb"mesg=(\d+)\s*\r", output.read())
        return int(found[-1]) if found else 0

    def received_since(self, before: int, expected: int) -> int:
        """How many have come in since it had received `before`, once it has counted what was sent."""
        deadline = time.monotonic() + _SETTLED_WITHIN
        while self.received() - before < expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.received() - before


@contextmanager
def running_sink() -> Iterator[Sink]:
    """An smtp-sink that ends with the benchmark. As root it has to be told whose rights to take."""
    port, rights = free_port(), ("-u", "postfix") if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "sink.out"
        with said.open("wb") as output:
            process = subprocess.Popen([SMTP_SINK, "-c", *rights, f"{_LOOPBACK}:{port}", "1000"], stdout=output, stderr=output)
        try:
            eventually(lambda: _listens(port), f"{SMTP_SINK} listens: {said.read_text()}", 10)
            assert is_alive(process.pid), said.read_text()
            yield Sink(port, said)
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError):
        asyncio.run(_knock(port))
        return True
    return False


async def _knock(port: int) -> None:
    _, writer = await asyncio.open_connection(_LOOPBACK, port)
    writer.close()


@contextmanager
def slow_line(to_port: int, seconds: float) -> Iterator[int]:
    """The port of a proxy to `to_port`, through which a word and its answer take so many seconds longer."""
    context = get_context("forkserver")
    port = free_port()
    process = context.Process(target=_serve, args=(port, to_port, seconds / 2))
    process.start()
    try:
        eventually(lambda: _listens(port), "the proxy listens", 10)
        yield port
    finally:
        process.kill()
        process.join()


def _serve(port: int, to_port: int, delay: float) -> None:
    async def serve() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(_LOOPBACK, to_port)
            await asyncio.gather(_pump(reader, far_writer, delay), _pump(far_reader, writer, delay))

        server = await asyncio.start_server(accept, _LOOPBACK, port)
        await server.serve_forever()

    asyncio.run(serve())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Hand on what comes in, each piece after the delay: late, and not slower."""
    loop, under_way = asyncio.get_running_loop(), asyncio.Queue[Any]()

    async def arrive() -> None:
        while (piece := await under_way.get()) is not None:
            at, data = piece
            await asyncio.sleep(at - loop.time())
            writer.write(data)
        writer.close()

    arriving = asyncio.create_task(arrive())
    with suppress(OSError):
        while data := await reader.read(1 << 20):
            under_way.put_nowait((loop.time() + delay, data))
    under_way.put_nowait(None)
    with suppress(OSError):
        await arriving
