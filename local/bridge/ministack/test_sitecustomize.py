"""Tries the changes in ministack without ministack."""

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


class ReservedConcurrency(unittest.TestCase):
    def test_a_version_has_that_of_its_function(self):
        module = types.SimpleNamespace(
            _functions={"books": {"concurrency": 0}, "health": {"concurrency": None}},
            _reserved_concurrency=lambda func, _config: func["concurrency"],
        )
        changes.share_reserved_concurrency(module)
        for name, reserved in [("books", 0), ("health", None), ("gone", 3)]:
            self.assertEqual(module._reserved_concurrency({"concurrency": 3}, {"FunctionName": name}), reserved, name)


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

    def test_a_fact_that_the_bus_took_is_noted_and_no_event_of_others(self):
        noted = []
        changes.note = lambda **what: noted.append(what)
        results = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "InternalFailure"}, {"EventId": "2"}]}
        module = types.SimpleNamespace(_put_events=lambda *_: (200, {}, json.dumps(results).encode()))
        changes.note_facts(module)
        entry = {"Source": "carillon", "DetailType": "kudos.given", "EventBusName": "carillon-dev", "Detail": "{}"}
        module._put_events({"Entries": [entry, entry, {**entry, "Source": "tests"}]})
        self.assertEqual(noted, [{"fact": {"name": "kudos.given", "bus": "carillon-dev", "detail": "{}"}}])


if __name__ == "__main__":
    unittest.main()
