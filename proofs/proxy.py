"""A proxy between leadsync and a sandbox that can do to one answer, or to all from there on, what networks do."""

from __future__ import annotations

import gzip
import http.client
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

from leadsync.sandbox import Sandbox
from leadsync.sandbox.http import Request

HANG = 0.6
"""Seconds that a hanging server is silent: longer than the proofs' read time-out."""

BOMB = gzip.compress(b" " * 64 * 1024 * 1024, 9)
"""64 MiB in 64 KiB: more than any answer may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sandbox answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Turn:
    """One request that is to be treated badly: the client's connection, and the way to the sandbox."""

    client: socket.socket
    forward: Callable[[], Answer]
    proxy: Proxy


Treat = Callable[[Turn], None]


@dataclass
class Proxy:
    """Listens on loopback. `label`, `turn`: which request of which endpoint is treated; `ever`: and all after it."""

    sandbox: Sandbox
    upstream: str
    label: str = ""
    turn: int = 0
    ever: bool = False
    treat: Treat | None = None
    hits: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Proxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Refuse connections from now on."""
        with self._lock:
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as stream:
                while (request := read_request(stream)) is not None:
                    if self._due(request) and self.treat is not None:
                        self.treat(Turn(client, partial(self._forward, request), self))
                        return
                    client.sendall(answered(self._forward(request)))
        except OSError:
            return

    def _due(self, request: Request) -> bool:
        label = f"{request.method} {self.sandbox.endpoint(request)[0]}"
        with self._lock:
            turn = self._seen[label]
            self._seen[label] += 1
            due = label == self.label and (turn == self.turn or (self.ever and turn > self.turn))
            self.hits += due
        return due

    def _forward(self, request: Request) -> Answer:
        place = urlsplit(self.upstream)
        line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
        target = request.headers[":target"]
        headers = {k: v for k, v in request.headers.items() if not k.startswith(":") and k != "connection"}
        line.request(request.method, target, request.body, headers)
        found = line.getresponse()
        answer = Answer(found.status, dict(found.getheaders()), found.read())
        line.close()
        return answer


def read_request(stream: BinaryIO) -> Request | None:
    """The next request of a connection; None at its end."""
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {":target": first[1]}
    while (line := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    path, _, query = first[1].partition("?")
    return Request(first[0], unquote(path), tuple(parse_qsl(query, keep_blank_values=True)), headers, body)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    framing = ("content-length", "transfer-encoding", "connection")
    return {name: value for name, value in headers.items() if name.lower() not in framing}


def answered(answer: Answer, *, close: bool = False) -> bytes:
    """An answer on the wire; `close`: it is the connection's last."""
    length = {} if answer.status == 204 else {"content-length": str(len(answer.body))}
    last = {"connection": "close"} if close else {}
    return _head(answer.status, {**_plain(answer.headers), **length, **last}) + answer.body


def _reset(client: socket.socket) -> None:
    """Close with RST instead of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# ---- what networks do


def refused(turn: Turn) -> None:
    """The server goes away and takes no more connections."""
    turn.proxy.close()
    _reset(turn.client)


def reset_before(turn: Turn) -> None:
    _reset(turn.client)


def reset_after_effect(turn: Turn) -> None:
    turn.forward()
    _reset(turn.client)


def reset_after_headers(turn: Turn) -> None:
    answer = turn.forward()
    turn.client.sendall(_head(answer.status, {**_plain(answer.headers), "content-length": str(len(answer.body) + 1)}))
    _reset(turn.client)


def reset_mid_body(turn: Turn) -> None:
    answer = turn.forward()
    turn.client.sendall(answered(answer)[: -(len(answer.body) // 2 + 1)])
    _reset(turn.client)


def truncated(turn: Turn) -> None:
    answer = turn.forward()
    turn.client.sendall(answered(answer)[: -(len(answer.body) // 2 + 1)])


def hang(_turn: Turn) -> None:
    time.sleep(HANG)


def hang_after_effect(turn: Turn) -> None:
    turn.forward()
    time.sleep(HANG)


def trickle(turn: Turn) -> None:
    text = answered(turn.forward())
    for i in range(0, 16):
        turn.client.sendall(text[i : i + 1])
        time.sleep(0.005)
    turn.client.sendall(text[16:])


def slow_close(turn: Turn) -> None:
    """No length: the end of the answer is the end of the connection, and that takes a while."""
    answer = turn.forward()
    turn.client.sendall(_head(answer.status, {**_plain(answer.headers), "connection": "close"}) + answer.body)
    time.sleep(0.05)


def gzip_bomb(turn: Turn) -> None:
    answer = turn.forward()
    headers = {**_plain(answer.headers), "content-encoding": "gzip", "content-length": str(len(BOMB))}
    turn.client.sendall(_head(200, headers) + BOMB)


def status(code: int, body: str = "", *, effect: bool = False, **headers: str) -> Treat:
    """An answer that is not the sandbox's own, instead of the effect or after it."""

    def treat(turn: Turn) -> None:
        found = turn.forward() if effect else None
        date = {} if found is None else {k: v for k, v in found.headers.items() if k.lower() == "date"}
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        text = body.encode()
        kind = {"content-type": "text/html" if body.startswith("<") else "application/json"}
        turn.client.sendall(_head(code, {**date, **kind, **own, "content-length": str(len(text))}) + text)

    return treat
