"""A dashboard in this process, asked over the network as a browser asks."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.dash.server import Server


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """root: what is served."""

    root: Path
    server: Server

    def ask(self, path: str, method: str = "GET", **headers: str) -> Reply:
        """headers: with _ for -. The path is sent as it is."""
        link = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=20)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        link.putrequest(method, path, skip_host="Host" in given)
        for name, value in given.items():
            link.putheader(name, value)
        link.endheaders()
        reply = link.getresponse()
        found = Reply(reply.status, reply.read(), dict(reply.getheaders()))
        link.close()
        return found

    def runs(self) -> dict[str, dict[str, Any]]:
        """The runs as they are at this moment."""
        self.server.pages.results.last = None
        return {run["key"]: run for run in self.ask("/api/runs").json()["runs"]}


def serving(root: Path) -> Iterator[Site]:
    with Server(root) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Site(root, server)
        server.shutdown()
        thread.join()
