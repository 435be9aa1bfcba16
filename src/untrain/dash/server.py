"""The server: this machine alone may ask, and may only read."""

from __future__ import annotations

import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from untrain.dash.frames import Reply, message
from untrain.dash.pages import Pages
from untrain.errors import UserError
from untrain.version import __version__

HOST = "127.0.0.1"
METHODS = ("GET", "HEAD")
HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SLOW = 30
"""Seconds that a client may be silent."""
FIELDS = 200
"""Runs that an address may name."""


class Server(ThreadingHTTPServer):
    """Serves the results below a folder on a port of this machine; 0 is any that is free.

    Raises UserError if the port cannot be had.
    """

    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, root: Path, port: int = 0) -> None:
        self.pages = Pages(root)
        try:
            super().__init__((HOST, port), Handler)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise UserError(
                f"Port {port} cannot be used: {why}.", "--port", "Leave it out: any free one."
            ) from error

    def server_bind(self) -> None:
        """Without asking who this machine is by name, which may take long without a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    @property
    def hosts(self) -> set[str]:
        """What a browser on this machine may call the server. Any other name is a page elsewhere
        that has pointed its own name here, to read what only this machine should."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is none; others are told."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"untrain/{__version__}", ""
    timeout = SLOW

    def do_GET(self) -> None:
        self.reply(self.answer())

    do_HEAD = do_GET

    def refuse(self) -> None:
        """Anything but reading."""
        self.close_connection = True  # what it has sent is not read
        self.reply(message(405, "This server only shows what is there: GET and HEAD."))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = refuse

    def answer(self) -> Reply:
        """What the request gets, a page also where something is wrong."""
        if self.headers.get("Host", "") not in self.server.hosts:
            return message(403, "This address is not that of the dashboard.", self.server.url)
        asked = urlsplit(self.path)
        try:
            query = parse_qs(asked.query, max_num_fields=FIELDS)
        except ValueError:
            return message(404, f"The address names more than {FIELDS} runs.")
        try:
            return self.server.pages.answer(unquote(asked.path), query)
        except UserError as error:
            return message(404, error.what, error.fix)
        except Exception as error:  # noqa: BLE001  the other pages go on; this one says why
            traceback.print_exc()
            told = f"{type(error).__name__}: {error}"
            return message(500, told, "The terminal shows where. The other pages go on.")

    def reply(self, reply: Reply) -> None:
        """Send it; of what the client has already, only that."""
        same = reply.status == 200 and self.headers.get("If-None-Match") == reply.etag
        self.send_response(304 if same else reply.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", reply.policy)
        if reply.status == 200:
            self.send_header("ETag", reply.etag)
        if reply.status == 405:
            self.send_header("Allow", ", ".join(METHODS))
        if reply.place:
            self.send_header("Location", reply.place)
        if reply.name:
            self.send_header("Content-Disposition", f'attachment; filename="{reply.name}"')
        if not same:
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and not same:
            self.wfile.write(reply.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that is none: the standard answer, without what it has said."""
        self.close_connection = True
        super().send_error(code if code != 501 else 405, None, "")

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal is for what goes wrong."""
