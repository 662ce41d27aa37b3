"""Delivers a table's stream as AWS may, while the fault `stream` asks for it.

Gap: ministack reads a stream as one sequence and gives each batch to the function once, unless the function fails. On AWS a
stream has a shard for each partition of the table. Each is read by itself: its batches are repeated when the function fails
on them, and other shards go on meanwhile. Only changes of one item keep their order. A poller may also lose its place, and
then repeats what it has delivered ("DynamoDB Streams and Lambda triggers"; Lambda developer guide, "How Lambda processes
records from stream and queue-based event sources": each event at least once).

So while the fault is set, each mapping of a stream stands for several, one per shard. They have a place and a backoff of
their own, both kept by ministack. Before a shard's next batch

- it goes back by some records that it has delivered, with the probability `repeats`,
- it waits for up to `lateMs`, with the probability `late`.

When the fault ends, the mapping goes on at the place of its slowest shard. The records that other shards have delivered beyond
it come again.
"""

import json
import time
import zlib

from request_scope import request_scope

SHARDS = 4
# How many records a shard goes back at most.
MOST_REPEATED = 20
# Marks a mapping that stands for one shard.
SHARD = "carillonShard"


def shard_of(record):
    """By the partition key, which comes first."""
    partition_key = next(iter(record["dynamodb"]["Keys"].values()))
    return zlib.crc32(json.dumps(partition_key, sort_keys=True).encode()) % SHARDS


def is_of_table(mapping):
    source = mapping.get("EventSourceArn", "")
    return ":dynamodb:" in source and "/stream/" in source


class Stream:
    """The shards of one mapping. `places` and `backoffs` are ministack's, by the id of a mapping."""

    def __init__(self, mapping, faults, module):
        self.id = mapping["UUID"]
        self.faults = faults
        self.places, self.backoffs = module._dynamodb_stream_positions, module._esm_backoff_until
        self.ids = [f"{self.id}#{shard}" for shard in range(SHARDS)]
        self.first = self.places[self.id]
        for shard in self.ids:
            self.places[shard] = self.first
        # How far each shard has come, and the place at which it was disturbed last.
        self.furthest = {shard: self.first for shard in self.ids}
        self.disturbed = {}

    def of_shards(self, mapping):
        """The mappings that stand for this one, in a random order."""
        shards = [{**mapping, "UUID": self.ids[shard], SHARD: shard} for shard in range(SHARDS)]
        self.faults.random.shuffle(shards)
        return shards

    def disturb(self, asked, horizon, end, now):
        """Before a look for new records: sends some shards back, and lets some wait. `horizon` is the oldest record's place."""
        for shard in self.ids:
            place = self.places[shard]
            if place > self.furthest[shard]:
                self.furthest[shard] = place
                if self.faults.happens("repeats", asked["repeats"]):
                    back = self.faults.random.randint(1, MOST_REPEATED)
                    self.places[shard] = place = max(place - back, self.first, horizon)
            if place < end and self.disturbed.get(shard) != place:
                self.disturbed[shard] = place
                if self.faults.happens("late", asked["late"]):
                    wait = self.faults.random.uniform(0, asked["lateMs"]) / 1000
                    self.backoffs[shard] = max(self.backoffs.get(shard, 0), now + wait)

    def end(self):
        """One sequence again, from the slowest shard on."""
        self.places[self.id] = min(self.places.pop(shard, self.first) for shard in self.ids)
        for shard in self.ids:
            self.backoffs.pop(shard, None)


def disturb_streams(module, faults, dynamodb):
    """Changes ministack's Lambda. `dynamodb` returns its module of DynamoDB. Only the poller's thread calls what is changed here."""
    streams = {}
    mappings, filtered = module._iter_all_esms, module._apply_filter_criteria

    def oldest_and_end(mapping):
        table = mapping["EventSourceArn"].split("/stream/")[0].split("/")[-1]
        return dynamodb().stream_start_position(table), dynamodb().stream_end_position(table)

    def with_shards(account, region, mapping):
        key = (account, region, mapping["UUID"])
        asked = faults.stream
        with request_scope(account, region), module._dynamodb_stream_positions_lock:
            if asked is None or mapping["UUID"] not in module._dynamodb_stream_positions:
                if key in streams:
                    streams.pop(key).end()
                return [mapping]
            if key not in streams:
                streams[key] = Stream(mapping, faults, module)
            streams[key].disturb(asked, *oldest_and_end(mapping), time.time())
            return streams[key].of_shards(mapping)

    def all_mappings():
        for account, region, mapping in mappings():
            of_mapping = with_shards(account, region, mapping) if is_of_table(mapping) else [mapping]
            for each in of_mapping:
                yield account, region, each

    def of_shard(records, mapping):
        if SHARD in mapping:
            records = [record for record in records if shard_of(record) == mapping[SHARD]]
        return filtered(records, mapping)

    module._iter_all_esms, module._apply_filter_criteria = all_mappings, of_shard
