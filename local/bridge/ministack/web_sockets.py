"""API Gateway's WebSocket API, where ministack is kinder than it or does otherwise.

The pages are of the API Gateway developer guide.

Gap: ministack refuses a handshake with 403, whatever status the function of `$connect` responds. AWS passes the status on.

Gap: ministack takes any path after the stage, and any stage. On AWS a WebSocket API has stages and no other paths ("Map API
stages to a custom domain name for WebSocket APIs"). Here all else is 403; no page gives the status. A slash at the end
belongs to the stage: "Use wscat to connect to a WebSocket API" has one.

Gap: ministack passes a function's response to a message on to the client. AWS does so only where the route has a route
response ("Set up route responses"); here none has. When the function fails, times out or is throttled, the client gets a
frame of API Gateway's own, and the connection stays open. No page has that frame; it is in
aws-samples/simple-websockets-chat-app, issue 42. A response with a status of 4xx or 5xx does not count as a failure.

Gap: ministack handles the frames of a connection one after the other. AWS invokes the function for each frame as it comes,
so two of a connection may run at once and end in any order.

Gap: ministack takes frames and messages of any size, binary frames as broken text, and negotiates compression. AWS ends the
connection on a frame over 32 KB or a message over 128 KB (1009, "Quotas for configuring and running a WebSocket API"), and
on a binary frame (1003, "Binary media types for WebSocket APIs"). No page speaks of compression: a client must do without.
(In 2021 API Gateway did negotiate it: python-websockets/websockets, issue 1065.)

Gap: ministack posts texts of any size to a connection, and as many as there are. AWS refuses more than 128 KB with 413, and too
many at once with 429 (API reference, `PostToConnection`); the fault `posts` does so on request.

A connection cannot be posted to before it is open, here as there: 410 while the function of `$connect` runs ("Manage
connected users and client apps: $connect and $disconnect routes"), and for a moment after it. The fault `openingMs` makes
that moment longer.
"""

import asyncio
import contextvars
import json
import logging

MAX_FRAME_BYTES = 32 * 1024
MAX_MESSAGE_BYTES = 128 * 1024
BINARY, TOO_LARGE = 1003, 1009
# Which arguments of `_invoke_ws_lambda` are the connection, the kind of event and the id of the request.
CONNECTION, EVENT, REQUEST = 5, 6, 7
# Marks the response to an invocation that failed or was refused, which is the emulator's own.
FAILED = "carillonFailed"
# As API Gateway writes it, with its spaces.
ERROR = '{"message": "Internal server error", "connectionId":"%s", "requestId":"%s"}'

log = logging.getLogger("carillon")


def mark_failures(module):
    """Changes ministack's Lambda, which makes a response of a failure, too."""
    response_to = module.lambda_execute_result_to_api_proxy_response

    def marked(result):
        response, error = response_to(result)
        if response is not None and (result.get("error") or result.get("throttle")):
            response = {**response, FAILED: True}
        return response, error

    module.lambda_execute_result_to_api_proxy_response = marked


def failed(response):
    """Whether an invocation failed, or there was nothing to invoke."""
    return response is None or FAILED in response


def behave_as_api_gateway(module, faults):
    """Changes ministack's API Gateway."""
    handle_messages_at_once(module, faults)
    refuse_handshakes(module, faults)
    refuse_posts(module, faults)


def handle_messages_at_once(module, faults):
    invoke = module._invoke_ws_lambda
    # Python forgets a task that nobody holds.
    running = set()

    async def answer(args, kwargs):
        await asyncio.sleep(faults.frame_seconds())
        try:
            response = await invoke(*args, **kwargs)
        except Exception:
            log.exception("a message of a WebSocket was not handled")
            response = None
        connection = module._ws_connections.get(args[CONNECTION])
        if failed(response) and connection is not None:
            await connection["outbox"].put(ERROR % (args[CONNECTION], args[REQUEST]))

    async def invoke_ws_lambda(*args, **kwargs):
        if args[EVENT] != "MESSAGE":
            return await invoke(*args, **kwargs)
        task = asyncio.create_task(answer(args, kwargs))
        running.add(task)
        task.add_done_callback(running.discard)
        return None

    module._invoke_ws_lambda = invoke_ws_lambda


def refuse_handshakes(module, faults):
    connecting = contextvars.ContextVar("connecting", default=None)
    invoke, handle = module._invoke_ws_lambda, module.handle_websocket

    async def invoke_ws_lambda(*args, **kwargs):
        response = await invoke(*args, **kwargs)
        seen = connecting.get()
        if args[EVENT] == "CONNECT" and seen is not None:
            seen["status"] = 502 if failed(response) else int(response.get("statusCode", 200))
            if seen["status"] < 300:
                await asyncio.sleep(faults.opening_seconds())
            else:
                # The emulator goes by the response's own status.
                response = {"statusCode": seen["status"]}
        return response

    async def handle_websocket(scope, receive, send, api, path_override=None):
        path = scope.get("path", "") if path_override is None else path_override
        if not names_a_stage(module, api, path):
            await receive()
            return await refuse(scope, send, 403)
        seen = {}
        connecting.set(seen)

        async def say(message):
            if message["type"] == "websocket.accept":
                seen["accepted"] = True
            is_refusal = message["type"] == "websocket.close" and not seen.get("accepted")
            if is_refusal and seen.get("status", 0) >= 300:
                await refuse(scope, send, seen["status"])
            else:
                await send(message)

        await handle(scope, as_api_gateway(receive, say), say, api, path_override)

    module._invoke_ws_lambda, module.handle_websocket = invoke_ws_lambda, handle_websocket


def names_a_stage(module, api, path):
    """Whether a path is the name of a stage, with a slash at its end or without. APIs that have no WebSockets are not judged."""
    owner = module._api_owner(api)
    if owner is None or owner[0] != "WEBSOCKET":
        return True
    stage, _, rest = path.removeprefix("/").partition("/")
    return rest == "" and stage in module._stages.get_scoped(owner[1], owner[2], api, {})


async def refuse(scope, send, status):
    """Answers a handshake with a status."""
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 1008})


def as_api_gateway(receive, send):
    """As `receive`; a message that API Gateway does not take ends the connection instead."""

    def refusal(message):
        if message["type"] != "websocket.receive":
            return None
        if message.get("text") is None:
            return BINARY
        return TOO_LARGE if message.get("too_large") else None

    async def hear():
        message = await receive()
        code = refusal(message)
        if code is None:
            return message
        await send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    return hear


def refuse_posts(module, faults):
    handle = module.handle_connections_api

    def refusal(status, error, message):
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error}
        return status, headers, json.dumps({"message": message}).encode()

    async def handle_connections_api(method, api, stage, connection, body, headers):
        if method == "POST" and len(body or b"") > MAX_MESSAGE_BYTES:
            return refusal(413, "PayloadTooLargeException", "The message has more than 128 KB")
        if method == "POST" and await faults.post():
            return refusal(429, "LimitExceededException", "Rate exceeded")
        return await handle(method, api, stage, connection, body, headers)

    module.handle_connections_api = handle_connections_api


class Message:
    """Collects the frames of a message, and sees whether one of them or the message is too large. Takes the place of the HTTP
    server's `WebsocketBuffer`, which counts characters of whole messages. A message that is too large is not kept, and its
    connection ends at its end; AWS need not wait for that."""

    def __init__(self, _max_length):
        self.clear()

    def clear(self):
        self.parts = []
        self.of_frame = self.of_message = 0
        self.too_large = False

    def extend(self, event):
        """Takes a part of a frame, as it came."""
        size = len(event.data.encode(errors="surrogatepass") if isinstance(event.data, str) else event.data)
        self.of_frame += size
        self.of_message += size
        self.too_large |= self.of_frame > MAX_FRAME_BYTES or self.of_message > MAX_MESSAGE_BYTES
        if event.frame_finished:
            self.of_frame = 0
        # Keeps whether it is text.
        self.parts = [event.data[:0]] if self.too_large else [*self.parts, event.data]

    def to_message(self):
        is_text = isinstance(self.parts[0], str)
        text, data = ("".join(self.parts), None) if is_text else (None, b"".join(self.parts))
        return {"type": "websocket.receive", "text": text, "bytes": data, "too_large": self.too_large}


def without_extensions(handshake):
    """A server's side of a handshake that hears of no extension."""

    class Handshake(handshake):
        def __init__(self, headers, http_version):
            super().__init__(headers, http_version)
            self.extensions = None

    return Handshake


def take_frames_as_api_gateway(module):
    """Changes the HTTP server's WebSockets."""
    module.WebsocketBuffer = Message
    module.Handshake = without_extensions(module.Handshake)
