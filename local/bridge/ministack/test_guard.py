"""Tries the guard, by itself and before an application and a handler."""

import asyncio
import http.client
import http.server
import json
import pathlib
import threading
import unittest

import guard

CASES = json.loads((pathlib.Path(__file__).parent / "guard-cases.json").read_text())
EXPECTED = {None: None, "name": guard.NAME, "page": guard.PAGE}


async def emulator(scope, receive, send):
    """Answers everything as ministack does."""
    headers = [(b"Access-Control-Allow-Origin", b"*"), (b"x-amzn-requestid", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})


def ask(app, kind, headers):
    """The messages that an ASGI application sends for a request with these headers."""
    sent = []

    async def send(message):
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(app({"type": kind, "headers": pairs}, None, send))
    return sent


class Guard(unittest.TestCase):
    def test_programs_pass_and_pages_of_elsewhere_do_not(self):
        for case in CASES:
            with self.subTest(case):
                self.assertEqual(guard.refusal(case["headers"].get), EXPECTED[case.get("refused")])

    def test_a_refused_request_does_not_reach_the_application(self):
        for case in CASES:
            with self.subTest(case):
                start = ask(guard.guarded(emulator), "http", case["headers"])[0]
                self.assertEqual(start["status"], 403 if case.get("refused") else 200)

    def test_no_response_lets_pages_of_elsewhere_read_it(self):
        start = ask(guard.guarded(emulator), "http", {"host": "localhost:4566"})[0]
        self.assertEqual(start["headers"], [(b"x-amzn-requestid", b"1")])

    def test_the_application_learns_which_page_asked_the_front_door(self):
        begun = []

        async def app(scope, receive, send):
            begun.append(dict(scope["headers"]))

        ask(guard.guarded(app), "http", {"host": "localhost:4566", "X-Carillon-Origin": "https://a.example"})
        self.assertEqual(begun, [{b"host": b"localhost:4566", b"origin": b"https://a.example"}])

    def test_a_handshake_of_a_page_is_closed(self):
        headers = {"host": "localhost:4566", "origin": "https://evil.example"}
        self.assertEqual(ask(guard.guarded(emulator), "websocket", headers), [{"type": "websocket.close", "code": 1008}])

    def test_the_applications_own_life_goes_on(self):
        begun = []

        async def app(scope, receive, send):
            begun.append(scope["type"])

        asyncio.run(guard.guarded(app)({"type": "lifespan"}, None, None))
        self.assertEqual(begun, ["lifespan"])

    def test_handlers_of_http_server_refuse_too(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        guard.guard_handlers(Handler)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for headers, status in [({}, 204), ({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 403)]:
            connection = http.client.HTTPConnection(*server.server_address)
            connection.request("GET", "/", headers=headers)
            self.assertEqual(connection.getresponse().status, status, headers)
            connection.close()


if __name__ == "__main__":
    unittest.main()
