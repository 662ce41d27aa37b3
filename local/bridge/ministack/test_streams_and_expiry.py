"""Tries what is changed in ministack's streams and its expiry, without ministack."""

import contextvars
import sys
import threading
import time
import types
import unittest

import expiry
import stream_shards
from faults import Faults

MAPPING = {"UUID": "m", "EventSourceArn": "arn:aws:dynamodb:r:1:table/t/stream/2026"}
QUEUE = {"UUID": "q", "EventSourceArn": "arn:aws:sqs:r:1:queue"}


def setUpModule():
    names = ("_request_account_id", "_request_region")
    responses = types.SimpleNamespace(**{name: contextvars.ContextVar(name, default=None) for name in names})
    sys.modules["ministack.core.responses"] = responses


def tearDownModule():
    del sys.modules["ministack.core.responses"]


def record(user, n):
    return {"eventID": f"{user}-{n}", "dynamodb": {"Keys": {"pk": {"S": f"USER#{user}"}, "sk": {"S": "PROFILE"}}}}


class Lambda:
    """Reads a stream as ministack does: `poll` is one look for new records. A shard fails on the records in `fails`."""

    def __init__(self, records, faults):
        self.records = records
        self.fails = set()
        self._dynamodb_stream_positions, self._esm_backoff_until = {"m": 0}, {}
        self._dynamodb_stream_positions_lock = threading.Lock()
        self.delivered = []
        self.batches = []
        dynamodb = types.SimpleNamespace(
            stream_start_position=lambda _: 0, stream_end_position=lambda _: len(self.records)
        )
        stream_shards.disturb_streams(self, faults, lambda: dynamodb)

    def _iter_all_esms(self):
        yield "1", "r", QUEUE
        yield "1", "r", MAPPING

    def _apply_filter_criteria(self, records, mapping):
        return records

    def poll(self, batch_size=7):
        for _, _, mapping in self._iter_all_esms():
            if mapping["UUID"] == "q" or self._esm_backoff_until.get(mapping["UUID"], 0) > time.time():
                continue
            place = self._dynamodb_stream_positions[mapping["UUID"]]
            read = self.records[place : place + batch_size]
            batch = [each["eventID"] for each in self._apply_filter_criteria(read, mapping)]
            self.batches.append(batch)
            if not self.fails & set(batch):
                self.delivered += batch
                self._dynamodb_stream_positions[mapping["UUID"]] = place + len(read)

    def poll_to_the_end(self):
        places = self._dynamodb_stream_positions
        for _ in range(2000):
            self.poll()
            if all(place == len(self.records) for name, place in places.items() if len(places) == 1 or name != "m"):
                return
            time.sleep(0.0002)
        raise AssertionError(f"the end was not reached: {places}")


def of_user(user, ids):
    return [id for id in ids if id.startswith(f"{user}-")]


class Streams(unittest.TestCase):
    USERS = [f"u{n}" for n in range(12)]

    def stream(self, asked, changes=8):
        records = [record(user, n) for n in range(changes) for user in self.USERS]
        faults = Faults()
        faults.set({"stream": asked, "seed": 5} if asked is not None else {})
        return Lambda(records, faults), faults

    def test_without_the_fault_the_stream_is_one_sequence(self):
        stream, _ = self.stream(None)
        stream.poll_to_the_end()
        self.assertEqual(stream.delivered, [each["eventID"] for each in stream.records])

    def test_shards_are_delivered_in_any_order_and_each_item_in_its_own(self):
        stream, faults = self.stream({"late": 0.7, "lateMs": 2})
        stream.poll_to_the_end()
        self.assertNotEqual(stream.delivered, [each["eventID"] for each in stream.records])
        self.assertGreater(faults.counts["late"], 0)
        for user in self.USERS:
            self.assertEqual(of_user(user, stream.delivered), [f"{user}-{n}" for n in range(8)])

    def test_records_are_repeated_with_all_that_follow_them(self):
        stream, faults = self.stream({"repeats": 0.6})
        stream.poll_to_the_end()
        self.assertGreater(faults.counts["repeats"], 0)
        self.assertGreater(len(stream.delivered), len(stream.records))
        self.assertEqual(set(stream.delivered), {each["eventID"] for each in stream.records})
        for user in self.USERS:
            # Back to an earlier change, and from there on in order.
            numbers = [int(id.split("-")[1]) for id in of_user(user, stream.delivered)]
            self.assertTrue(all(later <= earlier + 1 for earlier, later in zip(numbers, numbers[1:])), numbers)
            self.assertEqual(numbers[-1], 7)

    def test_a_shard_that_fails_holds_no_other_up(self):
        stream, _ = self.stream({})
        poison = stream.records[0]["eventID"]
        stream.fails = {poison}
        for _ in range(40):
            stream.poll()
        shard = stream_shards.shard_of(stream.records[0])
        others = {each["eventID"] for each in stream.records if stream_shards.shard_of(each) != shard}
        self.assertEqual(set(stream.delivered), others)
        stream.fails = set()
        stream.poll_to_the_end()
        self.assertEqual(set(stream.delivered), {each["eventID"] for each in stream.records})

    def test_when_the_fault_ends_nothing_is_lost(self):
        stream, faults = self.stream({"repeats": 0.5, "late": 0.5, "lateMs": 3})
        for _ in range(5):
            stream.poll()
        faults.set({})
        stream.poll_to_the_end()
        self.assertEqual(stream._dynamodb_stream_positions, {"m": len(stream.records)})
        self.assertEqual(stream._esm_backoff_until, {})
        self.assertEqual(set(stream.delivered), {each["eventID"] for each in stream.records})
        for user in self.USERS:
            self.assertEqual(of_user(user, stream.delivered)[-1], f"{user}-7")

    def test_mappings_of_queues_stay_as_they_are(self):
        stream, _ = self.stream({})
        mappings = [mapping for _, _, mapping in stream._iter_all_esms()]
        self.assertEqual(mappings[0], QUEUE)
        self.assertEqual(sorted(mapping["UUID"] for mapping in mappings[1:]), ["m#0", "m#1", "m#2", "m#3"])


class Scoped(dict):
    def all_items(self):
        return [(("1", "r", name), value) for name, value in self.items()]

    def get_scoped(self, account, region, name, default=None):
        return self.get(name, default)


class Table:
    """The part of ministack's DynamoDB that is changed."""

    def __init__(self, rows):
        self._lock = threading.Lock()
        self._ttl_settings = Scoped(t={"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}, gone={"TimeToLiveStatus": "ENABLED"})
        self._tables = Scoped(t={"items": {"p": dict(rows)}})
        self._stream_records = {}

    def _remove_item(self, table, pk, sk):
        return table["items"][pk].pop(sk)

    def _emit_stream_event(self, table, event, old, new):
        self._stream_records.setdefault(table, []).append({"eventName": event, "dynamodb": {"OldImage": old}})

    def rows(self):
        return sorted(self._tables["t"]["items"]["p"])


class Expiry(unittest.TestCase):
    def setUp(self):
        numbers = {"past": 999, "now": 1000, "later": 1001}
        rows = {name: {"expires_at": {"N": str(at)}} for name, at in numbers.items()}
        self.module = Table({**rows, "text": {"expires_at": {"S": "1"}}, "none": {}})
        expiry.keep_expired_rows(self.module)

    def test_rows_past_their_expiry_stay(self):
        table = self.module._tables["t"]
        reaper = threading.Thread(target=lambda: self.module._remove_item(table, "p", "past"), name=expiry.REAPER)
        reaper.start()
        reaper.join()
        self.assertEqual(self.module.rows(), ["later", "none", "now", "past", "text"])
        self.module._remove_item(table, "p", "past")
        self.assertEqual(self.module.rows(), ["later", "none", "now", "text"])

    def test_on_request_they_are_deleted_and_the_stream_names_dynamodb(self):
        self.assertEqual(expiry.delete_expired_rows(self.module, now=1000), 2)
        self.assertEqual(self.module.rows(), ["later", "none", "text"])
        records = self.module._stream_records["t"]
        self.assertEqual([each["eventName"] for each in records], ["REMOVE"] * 2)
        for each in records:
            self.assertEqual(each["userIdentity"], {"type": "Service", "principalId": "dynamodb.amazonaws.com"})
        self.assertEqual(expiry.delete_expired_rows(self.module, now=1000), 0)


if __name__ == "__main__":
    unittest.main()
