"""Tries the faults, and the requests that ask for them."""

import asyncio
import json
import unittest

from controls import Controls
from faults import Faults, Unknown


def request(controls, method, path, body=b"", scheme="http"):
    """The response: a status and JSON; or "passed on"."""
    sent = []
    parts = [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.request", "body": body[3:]}]

    async def receive():
        return parts.pop(0)

    async def send(message):
        sent.append(message)

    async def app(*_):
        sent.append("passed on")

    asyncio.run(controls.with_controls(app)({"type": scheme, "method": method, "path": path}, receive, send))
    return sent[0] if sent == ["passed on"] else (sent[0]["status"], json.loads(sent[1]["body"]))


class Requests(unittest.TestCase):
    def setUp(self):
        self.faults = Faults()
        self.controls = Controls(self.faults)

    def test_faults_are_set_shown_and_ended(self):
        asked = {"openingMs": 1500, "stream": {"repeats": 0.5}}
        stream = {"repeats": 0.5, "late": 0, "lateMs": 0}
        shown = {"faults": {"openingMs": 1500, "stream": stream}, "counts": {}}
        self.assertEqual(request(self.controls, "PUT", "/_carillon/faults", json.dumps(asked).encode()), (200, shown))
        self.assertEqual(self.faults.opening_seconds(), 1.5)
        shown["counts"] = {"openings": 1}
        self.assertEqual(request(self.controls, "GET", "/_carillon/faults"), (200, shown))
        self.assertEqual(request(self.controls, "PUT", "/_carillon/faults", b"{}"), (200, {**shown, "faults": {}}))
        self.assertEqual((self.faults.opening_seconds(), self.faults.frame_seconds(), self.faults.stream), (0, 0, None))

    def test_a_request_that_is_wrong_changes_nothing_and_is_answered_with_what_to_send(self):
        self.faults.set({"framesMs": 5})
        for body, word in [
            (b"", "JSON"),
            (b"[]", "an object"),
            (b'{"frames": 1}', "there is no 'frames'"),
            (b'{"framesMs": -1}', "from 0 to 10000"),
            (b'{"framesMs": true}', "a number"),
            (b'{"stream": {"late": 2}}', "from 0 to 1"),
            (b'{"stream": {"batches": 2}}', "repeats, late, lateMs"),
            (b'{"posts": {"refused": 2}}', "from 0 to 1"),
            (b'{"posts": {"lost": 1}}', "refused, heldMs"),
            (b" " * 5000, "4 KB"),
        ]:
            status, answer = request(self.controls, "PUT", "/_carillon/faults", body)
            self.assertEqual(status, 400, body)
            self.assertIn(word, answer["message"])
        self.assertEqual(self.faults.asked, {"framesMs": 5})

    def test_rows_are_deleted_on_request_and_other_requests_are_passed_on(self):
        self.controls.expire = lambda: 3
        self.assertEqual(request(self.controls, "POST", "/_carillon/expire"), (200, {"deleted": 3}))
        self.assertEqual(request(self.controls, "POST", "/_carillon/faults")[0], 404)
        self.assertEqual(request(self.controls, "GET", "/_carillon/other")[0], 404)
        self.assertEqual(request(self.controls, "POST", "/_aws/other"), "passed on")
        self.assertEqual(request(self.controls, "GET", "/_carillon/faults", scheme="websocket"), "passed on")


class Draws(unittest.TestCase):
    def test_a_seed_draws_the_same_again(self):
        def draws(seed):
            faults = Faults()
            faults.set({"framesMs": 100, "seed": seed})
            return [faults.frame_seconds() for _ in range(20)]

        self.assertEqual(draws(1), draws(1))
        self.assertNotEqual(draws(1), draws(2))
        self.assertTrue(all(0 <= seconds <= 0.1 for seconds in draws(1)))

    def test_nothing_else_is_a_fault(self):
        for wanted in [{"seed": "x"}, None, {"stream": None}, {"openingMs": 10_001}]:
            self.assertRaises(Unknown, Faults().set, wanted)


if __name__ == "__main__":
    unittest.main()
