"""A scripted model behind the chat-completions API that the servers of open models share, on a local port."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the server sends back: an answer, or a fault.

    ``status`` other than 200 is an HTTP error; ``raw`` is a body sent as it stands; ``hang_up`` closes the connection
    without an answer.
    """

    text: str | None = ""
    finish_reason: str = "stop"
    reasoning: str | None = None
    status: int = 200
    raw: bytes | None = None
    hang_up: bool = False
    headers: tuple[tuple[str, str], ...] = ()


Script = Callable[[str, int, int], Reply]
"""From the question, the seed and the running number of the request (from 0) to a reply."""


@dataclass
class ProbeServer:
    """The running server: its address, and every request that it was sent."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0

    @property
    def questions(self) -> list[str]:
        return [request["messages"][-1]["content"] for request in self.requests]


@contextmanager
def served(script: Script, port: int = 0, pause: float = 0.0) -> Iterator[ProbeServer]:
    """Serve a script as ``…/v1/chat/completions`` until the block ends."""
    server = ProbeServer()
    lock = threading.Lock()
    under_way = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal under_way
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(server.requests)
                server.requests.append(request | {"path": self.path})
                server.headers.append(dict(self.headers))
                under_way += 1
                server.most_at_once = max(server.most_at_once, under_way)
            try:
                time.sleep(pause)
                reply = script(request["messages"][-1]["content"], request.get("seed", 0), number)
                self._send(request, reply)
            finally:
                with lock:
                    under_way -= 1

        def _send(self, request: dict[str, Any], reply: Reply) -> None:
            if reply.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            message = {"role": "assistant", "content": reply.text}
            if reply.reasoning is not None:
                message["reasoning_content"] = reply.reasoning
            body = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_760_000_000,
                "model": request["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
            }
            if reply.status != 200:
                body = {"error": {"message": "the script says so", "type": "server_error", "code": reply.status}}
            sent = reply.raw if reply.raw is not None else json.dumps(body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A connection closed on purpose is no news."""

    with Server(("127.0.0.1", port), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{http.server_port}/v1"
        yield server
        http.shutdown()
