"""Tries the changes in ministack without ministack."""

import asyncio
import importlib.util
import json
import pathlib
import tempfile
import types
import unittest

# By its path: some systems have a `sitecustomize` of their own, which is imported by now.
SPEC = importlib.util.spec_from_file_location("changes", pathlib.Path(__file__).parent / "sitecustomize.py")
changes = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(changes)


class Secrets(unittest.TestCase):
    def test_a_process_is_given_the_secrets_that_ministack_does_not_have(self):
        configured = {"JWT_SECRET": "kept by cargo local: JWT_SECRET", "NONE": "", "AWS_REGION": "us-east-1"}
        module = types.SimpleNamespace(_provided_worker_env=lambda config, *_: config)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "secrets.json"
            path.write_text(json.dumps({"kept by cargo local: JWT_SECRET": "the secret", "": ""}))
            changes.give_processes_their_secrets(module, path)
            given = module._provided_worker_env(configured, "code", 1)
        self.assertEqual(given, {**configured, "JWT_SECRET": "the secret"})
        self.assertEqual(configured["JWT_SECRET"], "kept by cargo local: JWT_SECRET", "what ministack shows")


class Traffic(unittest.TestCase):
    def test_a_registered_device_is_noted_with_its_user_and_nothing_else_is(self):
        noted = []
        changes.note = lambda **what: noted.append(what)
        module = types.SimpleNamespace(_emit_stream_event=lambda *_: "emitted")
        changes.note_what_rows_owe(module)
        row = {"pk": {"S": "USER#ben"}, "sk": {"S": "DEVICE#1"}, "token": {"S": "phone"}}
        self.assertEqual(module._emit_stream_event("t", "INSERT", None, row), "emitted")
        module._emit_stream_event("t", "REMOVE", row, None)
        module._emit_stream_event("t", "INSERT", None, {"pk": {"S": "USER#ben"}, "sk": {"S": "PROFILE"}})
        self.assertEqual(noted, [{"registered": {"token": "phone", "user": "ben"}}])


def meets(frame):
    """Returns the message that ministack gets for a frame, and the messages that the client gets."""
    sent = []

    async def receive():
        return {"type": "websocket.receive", **frame}

    async def send(message):
        sent.append(message)

    return asyncio.run(changes.as_api_gateway(receive, send)()), sent


class Frames(unittest.TestCase):
    def test_text_of_up_to_32_kb_is_passed_on(self):
        for text in ["", "hello", "x" * 32_768, "é" * 16_384]:
            self.assertEqual(meets({"text": text}), ({"type": "websocket.receive", "text": text}, []))

    def test_a_binary_frame_or_a_larger_one_ends_the_connection(self):
        large = [{"text": "x" * 32_769}, {"text": "é" * 16_385}]
        for code, frames in [(1003, [{"bytes": b"\xff"}, {"bytes": b"", "text": None}]), (1009, large)]:
            for frame in frames:
                heard, sent = meets(frame)
                self.assertEqual(heard, {"type": "websocket.disconnect", "code": code})
                self.assertEqual(sent, [{"type": "websocket.close", "code": code}])


if __name__ == "__main__":
    unittest.main()
