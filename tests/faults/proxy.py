"""A TCP proxy between a process and a server, which can fail in the ways that networks do."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

CHUNK = 65536  # bytes


@dataclass(eq=False)
class _Link:
    """One client's connection and ours to the server. What is `lost` says nothing any more, not even that it is."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    lost: bool = False

    def cut(self) -> None:
        for side in (self.client, self.server):
            side.transport.abort()


class Proxy:
    """Listens on `port` of this machine and passes on to `target`."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self._links: set[_Link] = set()
        self._delay, self._refuses, self._is_deaf = 0.0, False, False
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", port))

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _now(self, work: Callable[[], object]) -> None:
        async def step() -> None:
            work()

        self._do(step())

    def cut(self) -> None:
        """End every connection at once, in the middle of whatever it says."""
        self._now(lambda: [link.cut() for link in tuple(self._links)])

    def refuse(self) -> None:
        """End every connection, and each new one, until healed."""
        self._refuses = True
        self.cut()

    def delay(self, seconds: float) -> None:
        """Keep everything back for so long, in each direction."""
        self._delay = seconds

    def stall(self) -> None:
        """Let nothing pass, and keep all connections, until healed."""
        self._now(self._flows.clear)

    def lose(self) -> None:
        """Forget the connections that there are: neither side hears anything of the other any more. New ones are fine."""

        def forget() -> None:
            for link in self._links:
                link.lost = True

        self._now(forget)

    def deafen(self) -> None:
        """Pass on what clients say and keep back what the server answers; healed, those connections end."""
        self._is_deaf = True

    def heal(self) -> None:
        """As it was. Who never got an answer loses the connection."""
        self._refuses, self._delay = False, 0.0
        self._now(self._flows.set)
        if self._is_deaf:
            self._is_deaf = False
            self.cut()

    def close(self) -> None:
        """End everything."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        self._refuses = True  # who has been let in already
        self._flows.set()
        left = {asyncio.current_task()}
        while left:
            for link in self._links:
                link.cut()
            await asyncio.sleep(0.01)  # some turns of the loop, in which it closes what was aborted
            left = asyncio.all_tasks() - {asyncio.current_task()}

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._refuses:
            client.transport.abort()
            return
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            client.transport.abort()
            return
        link = _Link(client, server)
        self._links.add(link)
        await asyncio.gather(self._pass(link, reader, server), self._pass(link, answers, client), return_exceptions=True)
        if not link.lost:
            link.cut()
            self._links.discard(link)

    async def _pass(self, link: _Link, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(CHUNK):
                await self._pass_chunk(link, chunk, target)
            if not link.lost:
                target.write_eof()
        except OSError:
            if not link.lost:
                link.cut()

    async def _pass_chunk(self, link: _Link, chunk: bytes, target: asyncio.StreamWriter) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
        await self._flows.wait()
        if link.lost or (self._is_deaf and target is link.client):
            return
        target.write(chunk)
        await target.drain()
