"""Requests to what stands between the stack and ministack: which faults happen, and that rows past their expiry are deleted.

| request | response |
|---|---|
| `PUT /_carillon/faults`, `GET /_carillon/faults` | `{"faults": {…}, "counts": {…}}`; `faults.py` says what they are |
| `POST /_carillon/expire` | `{"deleted": n}`: how many rows `expiry.py` deleted |
"""

import json

from faults import Unknown

PREFIX = "/_carillon/"
MAX_BYTES = 4096


class Controls:
    def __init__(self, faults):
        self.faults = faults
        # Deletes the rows past their expiry; set once the emulator has a table.
        self.expire = lambda: 0

    def with_controls(self, app):
        """An ASGI application that answers these requests, and passes all others on."""

        async def application(scope, receive, send):
            if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
                return await app(scope, receive, send)
            status, answer = self.answer(scope["method"], scope["path"], await body_of(receive))
            text = json.dumps(answer).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": text})

        return application

    def answer(self, method, path, body):
        what = path.removeprefix(PREFIX)
        if (method, what) == ("POST", "expire"):
            return 200, {"deleted": self.expire()}
        if what != "faults" or method not in ("GET", "PUT"):
            return 404, {"message": "There is GET and PUT /_carillon/faults, and POST /_carillon/expire"}
        if method == "PUT":
            try:
                self.faults.set(json.loads(body))
            except Unknown as unknown:
                return 400, {"message": str(unknown)}
            except ValueError:
                return 400, {"message": "The body must be JSON of at most 4 KB"}
        return 200, self.faults.shown()


async def body_of(receive):
    """The request's body; empty if it is longer than the limit."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body = (body + message.get("body", b""))[: MAX_BYTES + 1]
        if not message.get("more_body"):
            return body if len(body) <= MAX_BYTES else b""
