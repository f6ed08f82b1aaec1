"""A dataset repository of a Hub on this machine: the part of the Hub's HTTP API that its own client uses to write and
read one, with git-LFS uploads (preupload, batch, commit) as the client speaks them where Xet is off."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class HubRepository:
    """One repository, which does not exist until it is created; ``refuse`` maps a part of a path to a status."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self.files: dict[str, bytes] | None = None
        self.objects: dict[str, bytes] = {}
        self.commits: list[str] = []
        self.tokens: set[str | None] = set()
        self.refuse: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "HubRepository":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def head(self) -> str:
        return hashlib.sha1(str(len(self.commits)).encode()).hexdigest()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub._answer(self)

            do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        body = self._body(handler)
        refused = next((status for part, status in self.refuse.items() if part in path), None)
        if refused:
            self._send(handler, refused, {"error": "not today"})
        elif path == "/api/repos/create":
            self.tokens.add(handler.headers.get("Authorization"))
            exists = self.files is not None
            self.files = self.files or {}
            url = f"{self.endpoint}/datasets/{self.repository}"
            self._send(handler, 409 if exists else 200, {"url": url, "id": self.repository})
        elif path.startswith("/objects/"):
            self._object(handler, path.removeprefix("/objects/"), body)
        elif self.files is None or self.repository not in path:
            self._send(handler, 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        elif handler.command == "POST":
            self.tokens.add(handler.headers.get("Authorization"))
            self._written(handler, path, body)
        elif "/resolve/" in path:
            self._file(handler, path.split("/resolve/", 1)[1].split("/", 1)[1])
        elif "/tree/" in path:
            self._send(handler, 200, [self._listed(name) for name in self.files])
        else:
            siblings = [{"rfilename": name} for name in self.files]
            self._send(handler, 200, {"id": self.repository, "sha": self.head, "siblings": siblings})

    def _written(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> None:
        assert self.files is not None
        if "/preupload/" in path:
            asked = [item["path"] for item in json.loads(body)["files"]]
            modes = [
                {"path": name, "uploadMode": "lfs" if _is_large(name) else "regular", "shouldIgnore": False}
                | ({"oid": _name_of(name, self.files[name])} if name in self.files else {})
                for name in asked
            ]
            self._send(handler, 200, {"files": modes})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {"oid": item["oid"], "size": item["size"]}
                | (
                    {}
                    if item["oid"] in self.objects
                    else {"actions": {"upload": {"href": f"{self.endpoint}/objects/{item['oid']}"}}}
                )
                for item in json.loads(body)["objects"]
            ]
            self._send(handler, 200, {"transfer": "basic", "objects": objects})
        else:
            for line in body.decode().splitlines():
                item = json.loads(line)
                value = item["value"]
                if item["key"] == "file":
                    self.files[value["path"]] = base64.b64decode(value["content"])
                elif item["key"] == "lfsFile":
                    self.files[value["path"]] = self.objects[value["oid"]]
                else:
                    assert item["key"] == "header", item
                    self.commits.append(value["summary"])
            url = f"{self.endpoint}/datasets/{self.repository}/commit/{self.head}"
            self._send(handler, 200, {"success": True, "commitOid": self.head, "commitUrl": url, "hookOutput": ""})

    def _object(self, handler: BaseHTTPRequestHandler, oid: str, body: bytes) -> None:
        assert hashlib.sha256(body).hexdigest() == oid
        self.objects[oid] = body
        self._send(handler, 200, {})

    def _file(self, handler: BaseHTTPRequestHandler, name: str) -> None:
        assert self.files is not None
        if name not in self.files:
            self._send(handler, 404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            return
        content = self.files[name]
        headers = {"X-Repo-Commit": self.head, "ETag": f'"{_oid(content)}"'}
        self._send(handler, 200, content, headers)

    def _listed(self, name: str) -> dict[str, Any]:
        assert self.files is not None
        return {"type": "file", "path": name, "size": len(self.files[name]), "oid": _oid(self.files[name])}

    @staticmethod
    def _body(handler: BaseHTTPRequestHandler) -> bytes:
        if handler.headers.get("Transfer-Encoding") != "chunked":
            return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        parts = []
        while size := int(handler.rfile.readline().strip(), 16):
            parts.append(handler.rfile.read(size))
            handler.rfile.readline()
        handler.rfile.readline()
        return b"".join(parts)

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler, status: int, content: Any, headers: dict[str, str] | None = None
    ) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)


def _is_large(name: str) -> bool:
    return not name.endswith(".json")


def _name_of(name: str, content: bytes) -> str:
    """What the Hub calls a file's content: git-LFS's name for large files, git's for others."""
    return hashlib.sha256(content).hexdigest() if _is_large(name) else _oid(content)


def _oid(content: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
