"""Keeps rows past their expiry, as DynamoDB does for days.

Gap: ministack deletes them within a minute, and says nothing of it in the stream. DynamoDB deletes them "within a few days",
and until then reads return them (Developer Guide, "Using time to live (TTL) in DynamoDB" and "Working with expired items").
So here they stay until `POST /_carillon/expire` asks for what DynamoDB does in the end: each is deleted with a record in the
stream that names DynamoDB as the one who did it ("DynamoDB Streams and Time to Live": `userIdentity`).
"""

import threading
import time

from request_scope import request_scope

# The thread by which ministack deletes them.
REAPER = "dynamodb-ttl-reaper"
DYNAMODB = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def keep_expired_rows(module):
    remove = module._remove_item

    def remove_item(*args, **kwargs):
        return None if threading.current_thread().name == REAPER else remove(*args, **kwargs)

    module._remove_item = remove_item


def delete_expired_rows(module, now=None):
    """Deletes the rows past their expiry, of every table that has one; returns how many there were."""
    now = time.time() if now is None else now
    deleted = 0
    with module._lock:
        for (account, region, name), setting in list(module._ttl_settings.all_items()):
            table = module._tables.get_scoped(account, region, name)
            if table is None or setting.get("TimeToLiveStatus") != "ENABLED":
                continue
            with request_scope(account, region):
                for pk, sk in expired(table, setting["AttributeName"], now):
                    row = module._remove_item(table, pk, sk)
                    tell_stream(module, name, row)
                    deleted += 1
    return deleted


def expired(table, attribute, now):
    """The keys of the rows past their expiry. Only a number is one ("Working with expired items")."""
    return [
        (pk, sk)
        for pk, rows in table["items"].items()
        for sk, row in rows.items()
        if "N" in row.get(attribute, {}) and float(row[attribute]["N"]) <= now
    ]


def tell_stream(module, table, row):
    before = newest_record(module, table)
    module._emit_stream_event(table, "REMOVE", row, None)
    record = newest_record(module, table)
    if record is not before:
        record["userIdentity"] = DYNAMODB


def newest_record(module, table):
    records = module._stream_records.get(table)
    return records[-1] if records else None
