"""Keeps web pages of elsewhere away from what ministack serves. The same rule as `local/src/net/guard.rs`, which says why;
`guard-cases.json` tests both.
"""

NAME = "This answers only at localhost and 127.0.0.1. Change the address, or the header Host of a proxy\n"
PAGE = (
    "Programs may ask this, web pages of another origin may not. From a program, send no Origin and no Sec-Fetch-Site\n"
)


# The front door names the page that asked in these, for the function.
OF_THE_PAGE = {b"x-carillon-origin": b"origin", b"x-carillon-sec-fetch-site": b"sec-fetch-site"}


def refusal(header):
    """Why a request is refused, or `None`. `header` returns a header's text by its name in lower case, or `None`."""
    host, site, origin = header("host") or "", header("sec-fetch-site"), header("origin")
    if host.rpartition(":")[0] not in ("localhost", "127.0.0.1") and host not in ("localhost", "127.0.0.1"):
        return NAME
    if origin is not None and origin != f"http://{host}":
        return PAGE
    return None if site in (None, "none", "same-origin") else PAGE


def guarded(app):
    """An ASGI application that refuses pages of elsewhere, and whose responses no page of elsewhere may read."""

    async def guarded_app(scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        reason = refusal(headers.get)
        if reason is None:
            named = [(OF_THE_PAGE.get(name.lower(), name), value) for name, value in scope["headers"]]
            return await app({**scope, "headers": named}, receive, without_permissions(send))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(reason)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": reason.encode()})

    return guarded_app


def without_permissions(send):
    """Leaves CORS's headers out, which allow every origin."""

    async def send_without(message):
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", []) if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return send_without


def guard_handlers(handler):
    """The same for whatever is served by handlers of `http.server` in this process: the functions' Runtime APIs."""
    parse = handler.parse_request

    def parse_request(self):
        if not parse(self):
            return False
        reason = refusal(self.headers.get)
        if reason is not None:
            self.send_error(403, explain=reason)
        return reason is None

    handler.parse_request = parse_request
