"""The SMTP connections of a process: they outlive the jobs that use them, and a server that fails is left alone for a while."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from newsletters.dispatch.servers import NotConnected, Server
from newsletters.dispatch.smtp import Connection

IDLE_SECONDS = 30.0  # after which a connection is closed; servers wait for five minutes (RFC 5321, section 4.5.3.2.7)
ASK_AFTER = 2.0  # seconds of a pause, after which the server is asked whether it is still there
SHORTEST_ABSENCE, LONGEST_ABSENCE = 5.0, 60.0  # seconds


class Away(NamedTuple):
    """A server that is left alone: until when (of the monotonic clock), for how long this time, and why."""

    until: float
    seconds: float
    reason: str


class Pool:
    """Connections that nobody uses at this moment, by server, and the servers that are left alone."""

    def __init__(self) -> None:
        self._idle: defaultdict[Server, list[Connection]] = defaultdict(list)
        self._away: dict[Server, Away] = {}
        self._lock = threading.Lock()
        self._clock: threading.Timer | None = None

    def take(self, servers: Sequence[Server]) -> tuple[Server, Connection]:
        """A connection to the first of the servers that gives one. Raises NotConnected."""
        for server in servers:
            if self.is_away(server):
                continue
            while (idle := self._next_idle(server)) is not None:
                if monotonic() - idle.used_at < ASK_AFTER or idle.answers():
                    return server, idle
                idle.close()
            try:
                return server, server.connect()
            except NotConnected as error:
                self._leave_alone(server, str(error))
        raise NotConnected("; ".join(self._away[server].reason for server in servers if server in self._away))

    def give(self, server: Server, connection: Connection) -> None:
        """Give a connection back. One that was lost before the server had said anything about a mail speaks against it."""
        if not connection.is_open:
            if not connection.served:
                self._leave_alone(server, f"{server}: lost before it had taken or refused a mail")
            return
        with self._lock:
            self._away.pop(server, None)
            self._idle[server].append(connection)
            self._wind_up()

    def is_away(self, server: Server) -> bool:
        """Whether a server is left alone at this moment."""
        away = self._away.get(server)
        return away is not None and monotonic() < away.until

    def close(self) -> None:
        """Close everything, and forget who was away."""
        with self._lock:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
            self._away.clear()
        for connection in idle:
            connection.quit()

    def _next_idle(self, server: Server) -> Connection | None:
        with self._lock:
            idle = self._idle[server]
            return idle.pop() if idle else None

    def _leave_alone(self, server: Server, reason: str) -> None:
        with self._lock:
            before = self._away.get(server)
            if before is not None and monotonic() < before.until:
                return  # another connection has found it out already
            seconds = min(before.seconds * 2, LONGEST_ABSENCE) if before else SHORTEST_ABSENCE
            self._away[server] = Away(monotonic() + seconds, seconds, reason)

    def _wind_up(self) -> None:
        if self._clock is None:
            self._clock = threading.Timer(IDLE_SECONDS, self._close_idle)
            self._clock.daemon = True
            self._clock.start()

    def _close_idle(self) -> None:
        """Close what has not been used for long, and look again later while anything is left."""
        before = monotonic() - IDLE_SECONDS
        old: list[Connection] = []
        with self._lock:
            self._clock = None
            for server, idle in self._idle.items():
                old += [connection for connection in idle if connection.used_at <= before]
                self._idle[server] = [connection for connection in idle if connection.used_at > before]
            if any(self._idle.values()):
                self._wind_up()
        for connection in old:
            connection.quit()


pool = Pool()
