"""Serve a sandbox over real HTTP on loopback, with its faults down to the cut connection."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from leadsync.sandbox.base import CONTROL, Sandbox
from leadsync.sandbox.faults import Fault
from leadsync.sandbox.http import Reply, Request, json_reply
from leadsync.sandbox.pages import is_page

TRANSPORT = "leadsync.transport"
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


async def _read(scope: Mapping[str, Any], receive: Receive) -> Request:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return Request(
        method=scope["method"],
        path=unquote(scope["raw_path"].decode("ascii")) if scope.get("raw_path") else scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]},
        body=b"".join(chunks),
    )


def app(sandbox: Sandbox) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    """The ASGI application of a sandbox."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        if request.path.startswith(CONTROL):
            await _send(send, sandbox, sandbox.control(request))
            return
        if is_page(request.path):  # what a person looks at is no call of the API, and no fault's business
            await _send(send, sandbox, _answer(sandbox, request))
            return
        sandbox.count(request)
        fault = sandbox.faults.hit(request)
        if fault is None:
            await _send(send, sandbox, _answer(sandbox, request))
        else:
            await _misbehave(fault, sandbox, request, send, scope.get(TRANSPORT))

    return serve


def _answer(sandbox: Sandbox, request: Request) -> Reply:
    try:
        return sandbox.handle(request)
    except Exception as problem:  # noqa: BLE001  a defect of the sandbox must be seen by the client, not hang it
        return json_reply(500, {"sandbox_defect": f"{type(problem).__name__}: {problem}"})


async def _send(send: Send, sandbox: Sandbox, reply: Reply, *, length: int | None = None) -> None:
    headers = {"date": format_datetime(sandbox.clock(), usegmt=True), **reply.headers}
    if reply.status != 204:
        headers.setdefault("content-length", str(len(reply.body) if length is None else length))
    raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if reply.status == 204 else reply.body})


def _canned(action: Mapping[str, Any], sandbox: Sandbox) -> Reply:
    if action["kind"] == "named":
        return sandbox.fault_reply(str(action["name"]))
    body = action.get("body", "")
    if not isinstance(body, str):
        return json_reply(int(action.get("status", 500)), body, action.get("headers"))
    headers = {"content-type": "text/html", **action.get("headers", {})}
    return Reply(int(action.get("status", 500)), body.encode(), headers)


async def _misbehave(fault: Fault, sandbox: Sandbox, request: Request, send: Send, transport: Any) -> None:
    action = fault.action
    match action["kind"]:
        case "reply" | "named":
            await _send(send, sandbox, _canned(action, sandbox))
        case "delay":
            await asyncio.sleep(float(action.get("seconds", 1)))
            await _send(send, sandbox, _answer(sandbox, request))
        case "reset":
            transport.abort()
        case "apply_then_reset":
            _answer(sandbox, request)
            transport.abort()
        case "apply_then_reply":
            _answer(sandbox, request)
            await _send(send, sandbox, _canned(action, sandbox))
        case "truncate":
            reply = _answer(sandbox, request)
            cut = int(action.get("bytes", len(reply.body) // 2))
            await _half(send, sandbox, reply, cut)
            transport.close()
        case "replace_body":
            reply = _answer(sandbox, request)
            await _send(send, sandbox, Reply(reply.status, _text(action["body"]), reply.headers))
        case "trickle":
            await _trickle(send, _answer(sandbox, request), float(action.get("seconds", 1)))
        case _:  # Fault refuses unknown kinds when it is made
            pass


def _text(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


async def _half(send: Send, sandbox: Sandbox, reply: Reply, cut: int) -> None:
    headers = {"date": format_datetime(sandbox.clock(), usegmt=True), **reply.headers}
    headers["content-length"] = str(len(reply.body))
    raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body[:cut], "more_body": True})


async def _trickle(send: Send, reply: Reply, seconds: float) -> None:
    raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers.items()]
    raw.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    for i in range(len(reply.body)):
        await asyncio.sleep(seconds)
        await send({"type": "http.response.body", "body": reply.body[i : i + 1], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _protocol(sandbox: Sandbox) -> type[H11Protocol]:
    """uvicorn's protocol, which also counts connections and lets a fault reach the socket."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            sandbox.counters.connections += 1
            inner = self.app

            async def with_transport(scope: Any, receive: Any, send: Any) -> None:
                await inner({**scope, TRANSPORT: transport}, receive, send)

            self.app = with_transport

    return Protocol


class Serving:
    """A sandbox being served by a thread; a context manager. Port 0 takes a free one."""

    def __init__(self, sandbox: Sandbox, port: int = 0, host: str = "127.0.0.1") -> None:
        self.sandbox = sandbox
        # the protocol must be named: asyncio switches Nagle off (40 ms an answer) only where it is
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app(sandbox),
            http=_protocol(sandbox),
            log_level="critical",
            lifespan="off",
            server_header=False,
            date_header=False,  # the date is the sandbox's own
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name=f"sandbox-{sandbox.name}",
            daemon=True,
        )

    def start(self) -> Serving:
        """Serve from now on; returns once requests are answered."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> Serving:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
