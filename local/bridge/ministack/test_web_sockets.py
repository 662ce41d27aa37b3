"""Tries the changes in ministack's WebSocket API without ministack."""

import asyncio
import json
import types
import unittest

import web_sockets
from faults import Faults

FAILURE = {"error": True, "body": {"errorMessage": "a secret", "errorType": "E"}}
THROTTLE = {"throttle": True, "body": {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}}


class Module:
    """The part of ministack that is changed, with one function. `results` has its results, by a message's body or the kind of event."""

    def __init__(self, results=None):
        self.results = {} if results is None else results
        self._ws_connections = {}
        self._stages = types.SimpleNamespace(get_scoped=lambda *_: {"ws": {}, "dashboard": {}})
        # When each message was begun and ended.
        self.steps = []
        self.may_end = {}

    def _api_owner(self, api):
        return {"sockets": ("WEBSOCKET", "1", "r"), "http": ("HTTP", "1", "r")}.get(api)

    async def _invoke_ws_lambda(self, api, account, region, route, stage, connection, event, request, body, *_, **__):
        name = body or event
        self.steps.append(f"begin {name}")
        if name in self.may_end:
            await self.may_end[name].wait()
        self.steps.append(f"end {name}")
        result = self.results.get(name, {"body": {"statusCode": 200}})
        if isinstance(result, Exception):
            raise result
        return None if result is None else self.lambda_execute_result_to_api_proxy_response(result)[0]

    @staticmethod
    def lambda_execute_result_to_api_proxy_response(result):
        if result.get("throttle") or result.get("error"):
            return {"statusCode": 429 if result.get("throttle") else 502, "body": json.dumps(result["body"])}, None
        return result["body"], None

    async def handle_websocket(self, scope, receive, send, api, path_override=None):
        """As ministack drives a connection."""
        await receive()
        response = await self.invoke("CONNECT")
        if not 200 <= int((response or {}).get("statusCode", 200)) < 300:
            return await send({"type": "websocket.close", "code": 1008})
        await send({"type": "websocket.accept"})
        self._ws_connections["c"] = {"outbox": asyncio.Queue(), "apiId": api}
        while (message := await receive())["type"] == "websocket.receive":
            response = await self.invoke("MESSAGE", message["text"])
            if response is not None and response.get("body"):
                await send({"type": "websocket.send", "text": response["body"]})

    async def handle_connections_api(self, method, api, stage, connection, body, headers):
        return (200, {}, b"") if connection in self._ws_connections else (410, {}, b"")

    def invoke(self, event, body=""):
        return self._invoke_ws_lambda("sockets", "1", "r", {}, "ws", "c", event, f"request-{body}", body)


def changed(results=None, faults=None):
    module = Module(results)
    web_sockets.mark_failures(module)
    web_sockets.behave_as_api_gateway(module, faults or Faults())
    return module


class Client:
    """A client that sends these frames, and what it is sent."""

    def __init__(self, module, path="/ws", extensions=("websocket.http.response",)):
        self.module, self.path = module, path
        self.scope = {"path": "/_aws/ignored", "extensions": dict.fromkeys(extensions, {})}
        self.to_server, self.got = asyncio.Queue(), []
        self.send({"type": "websocket.connect"})

    def send(self, message):
        self.to_server.put_nowait(message)

    def say(self, text):
        self.send({"type": "websocket.receive", "text": text, "bytes": None, "too_large": False})

    async def told(self, message):
        self.got.append(message)

    async def run(self, api="sockets"):
        await self.module.handle_websocket(self.scope, self.to_server.get, self.told, api, self.path)

    def statuses(self):
        return [message["status"] for message in self.got if message["type"] == "websocket.http.response.start"]

    def is_open(self):
        return {"type": "websocket.accept"} in self.got


async def until(holds):
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.0005)
    raise AssertionError("it did not happen")


def told_by_gateway(module):
    outbox = module._ws_connections["c"]["outbox"]
    return [outbox.get_nowait() for _ in range(outbox.qsize())]


class Messages(unittest.IsolatedAsyncioTestCase):
    async def test_a_failing_or_throttled_function_is_told_to_the_client_by_a_frame_of_the_gateways_own(self):
        error = '{"message": "Internal server error", "connectionId":"c", "requestId":"request-%s"}'
        for result in [FAILURE, THROTTLE, None, RuntimeError("the emulator failed")]:
            module = changed({"hello": result})
            client = Client(module)
            client.say("hello")
            running = asyncio.create_task(client.run())
            with self.assertLogs(level="ERROR") if isinstance(result, Exception) else self.subTest(result=result):
                await until(lambda: "c" in module._ws_connections and module._ws_connections["c"]["outbox"].qsize() > 0)
            told = told_by_gateway(module)
            self.assertEqual(told, [error % "hello"])
            self.assertEqual(json.loads(told[0])["message"], "Internal server error")
            client.say("again")
            await until(lambda: "end again" in module.steps)
            self.assertFalse(running.done(), "the connection stays open")
            self.assertEqual([message["type"] for message in client.got], ["websocket.accept"], "no text of the failure")
            running.cancel()

    async def test_a_response_is_not_passed_on_and_its_status_is_no_failure(self):
        for status in [200, 400, 500]:
            module = changed({"hello": {"body": {"statusCode": status, "body": "for the log"}}})
            client = Client(module)
            client.say("hello")
            client.send({"type": "websocket.disconnect", "code": 1000})
            await client.run()
            await until(lambda: "end hello" in module.steps)
            await asyncio.sleep(0)
            self.assertEqual([message["type"] for message in client.got], ["websocket.accept"])
            self.assertEqual(told_by_gateway(module), [])

    async def test_frames_of_one_connection_are_handled_at_once(self):
        module = changed()
        module.may_end["first"] = asyncio.Event()
        client = Client(module)
        client.say("first")
        client.say("second")
        running = asyncio.create_task(client.run())
        await until(lambda: "end second" in module.steps)
        self.assertEqual(module.steps[2:], ["begin first", "begin second", "end second"])
        module.may_end["first"].set()
        await until(lambda: "end first" in module.steps)
        running.cancel()

    async def test_frames_overtake_each_other_when_that_is_asked_for(self):
        faults = Faults()
        faults.set({"framesMs": 40, "seed": 3})
        module = changed(faults=faults)
        client = Client(module)
        sent = [str(n) for n in range(8)]
        for text in sent:
            client.say(text)
        running = asyncio.create_task(client.run())
        await until(lambda: sum(step.startswith("begin") for step in module.steps) == len(sent) + 1)
        begun = [step.removeprefix("begin ") for step in module.steps if step.startswith("begin")][1:]
        self.assertNotEqual(begun, sent)
        self.assertEqual(sorted(begun), sent)
        self.assertEqual(faults.counts["frames"], len(sent))
        running.cancel()


class Handshakes(unittest.IsolatedAsyncioTestCase):
    async def connect(self, module, path="/ws", api="sockets"):
        client = Client(module, path)
        client.send({"type": "websocket.disconnect", "code": 1000})
        await client.run(api)
        return client

    async def test_the_status_of_connect_is_passed_on_and_a_failure_is_502(self):
        for result, expected in [
            ({"body": {"statusCode": 200}}, []),
            ({"body": {"statusCode": 401}}, [401]),
            ({"body": {"statusCode": 429}}, [429]),
            (FAILURE, [502]),
            (THROTTLE, [502]),
            (None, [502]),
        ]:
            client = await self.connect(changed({"CONNECT": result}))
            self.assertEqual((client.statuses(), client.is_open()), (expected, expected == []), result)

    async def test_only_the_name_of_a_stage_is_a_path(self):
        for path, opens in [
            ("/ws", True),
            ("/dashboard/", True),
            ("/ws/more", False),
            ("/ws//", False),
            ("/wsx", False),
            ("/", False),
            ("/$default", False),
        ]:
            module = changed()
            client = await self.connect(module, path)
            self.assertEqual((client.statuses(), client.is_open()), ([] if opens else [403], opens), path)
            self.assertEqual(bool(module.steps), opens, "no function is invoked")
        self.assertTrue((await self.connect(changed(), "/any/path", api="http")).is_open(), "no WebSocket API, so ministack's own rules")

    async def test_a_connection_cannot_be_posted_to_before_it_is_open(self):
        faults = Faults()
        faults.set({"openingMs": 30})
        module = changed(faults=faults)
        module.may_end["CONNECT"] = asyncio.Event()
        client = Client(module)
        running = asyncio.create_task(client.run())
        post = lambda: module.handle_connections_api("POST", "sockets", "ws", "c", b"hello", {})
        await until(lambda: module.steps == ["begin CONNECT"])
        self.assertEqual((await post())[0], 410, "its function runs")
        module.may_end["CONNECT"].set()
        await until(lambda: module.steps == ["begin CONNECT", "end CONNECT"])
        self.assertEqual(((await post())[0], client.is_open()), (410, False), "its function has let it in")
        await until(client.is_open)
        await until(lambda: "c" in module._ws_connections)
        self.assertEqual((await post())[0], 200)
        self.assertEqual(faults.counts["openings"], 1)
        running.cancel()

    async def test_no_extension_is_negotiated(self):
        class Handshake:
            def __init__(self, headers, http_version):
                self.key, self.extensions = headers[0][1], ["permessage-deflate"]

        ours = web_sockets.without_extensions(Handshake)([(b"sec-websocket-key", b"k")], "1.1")
        self.assertEqual((ours.key, ours.extensions), (b"k", None))


class Posts(unittest.IsolatedAsyncioTestCase):
    async def test_a_post_of_more_than_128_kb_is_refused(self):
        module = changed()
        module._ws_connections["c"] = {}
        for size, expected in [(131_072, 200), (131_073, 413)]:
            response = await module.handle_connections_api("POST", "sockets", "ws", "c", b"x" * size, {})
            self.assertEqual(response[0], expected)
        self.assertEqual(response[1]["x-amzn-ErrorType"], "PayloadTooLargeException")

    async def test_posts_are_refused_and_late_on_request_and_what_was_decided_holds(self):
        faults = Faults()
        module = changed(faults=faults)
        module._ws_connections["c"] = {}
        act = lambda method: module.handle_connections_api(method, "sockets", "ws", "c", b"hello", {})
        faults.set({"posts": {"refused": 1, "heldMs": 100}})
        held = asyncio.create_task(act("POST"))
        await asyncio.sleep(0)
        self.assertEqual((faults.counts["heldPosts"], held.done()), (1, False))
        self.assertEqual((await act("GET"))[0], 200, "the others are not late")
        faults.set({})
        self.assertEqual((await act("POST"))[0], 200)
        response = await held
        self.assertEqual((response[0], response[1]["x-amzn-ErrorType"]), (429, "LimitExceededException"))
        self.assertEqual(faults.counts["refusedPosts"], 1)


def part(data, frame_finished=True):
    return types.SimpleNamespace(data=data, frame_finished=frame_finished)


def message_of(parts):
    message = web_sockets.Message(0)
    for each in parts:
        message.extend(each)
    return message.to_message()


def meets(message):
    """Returns the message that ministack gets for one of the HTTP server's, and the messages that the client gets."""
    sent = []

    async def receive():
        return message

    async def send(message):
        sent.append(message)

    return asyncio.run(web_sockets.as_api_gateway(receive, send)()), sent


class Frames(unittest.TestCase):
    def assert_ends(self, parts, code):
        heard, sent = meets(message_of(parts))
        self.assertEqual(heard, {"type": "websocket.disconnect", "code": code})
        self.assertEqual(sent, [{"type": "websocket.close", "code": code}])

    def test_a_message_of_frames_of_32_kb_and_of_128_kb_in_all_is_passed_on(self):
        frame = "x" * 32_768
        for parts in [
            [part("")],
            [part("hello")],
            [part(frame)],
            [part("é" * 16_384)],
            [part(frame)] * 4,
            # One frame, as it came in pieces, and then another one.
            [part("x" * 20_000, False), part("x" * 12_768), part(frame)],
        ]:
            heard, sent = meets(message_of(parts))
            self.assertEqual((heard["text"], sent), ("".join(part.data for part in parts), []))

    def test_a_larger_frame_or_message_ends_the_connection(self):
        for parts in [
            [part("x" * 32_769)],
            [part("é" * 16_385)],
            [part("x" * 20_000, False), part("x" * 12_769)],
            [part("x" * 32_768)] * 4 + [part("x")],
            [part("x" * 40_000), part("x")],
        ]:
            self.assert_ends(parts, 1009)
        self.assertEqual(message_of([part("x" * 40_000)])["text"], "", "it is not kept")

    def test_a_binary_frame_ends_the_connection(self):
        for data in [b"\xff", b"", bytearray(b"abc"), b"x" * 40_000]:
            self.assert_ends([part(data)], 1003)

    def test_a_buffer_is_used_for_one_message_after_the_other(self):
        message = web_sockets.Message(0)
        message.extend(part("x" * 40_000))
        message.clear()
        message.extend(part("hello"))
        self.assertEqual(message.to_message(), {"type": "websocket.receive", "text": "hello", "bytes": None, "too_large": False})


if __name__ == "__main__":
    unittest.main()
