"""Carillon's facts and routes, for the scripts `*_back.py`: they write into your database what users did in Carillon.

`python3 docs/migrate/parties_back.py db.sqlite3 < facts.ndjson` applies facts, one event of EventBridge per line. With FACTS_QUEUE_URL it
takes them from that queue until it is stopped (`pip install boto3`). `--all` reads all that the routes have, with changes that have no
fact. With DATABASE_URL=postgres://… and no file, the database is PostgreSQL (`pip install "psycopg[binary]"`).

CARILLON_URL is the output ApiUrl, CARILLON_SERVICE_TOKEN a token with the role `service`. With CARILLON_TABLE, the output TableName, it also
reads what no route shows, from that table (`pip install boto3`). The same fact twice changes nothing, nor does `--all` when it is called
again.
"""

import argparse
import json
import os
import sys
import time as clock
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, urlencode
from uuid import UUID

from database import time

# Ids of rows that have another one in Carillon, and the newest fact about each thing.
TABLES = (
    "CREATE TABLE IF NOT EXISTS carillon_ids (kind VARCHAR(32), id VARCHAR(255), own_id VARCHAR(255), PRIMARY KEY (kind, id))",
    "CREATE TABLE IF NOT EXISTS carillon_facts (about VARCHAR(255) PRIMARY KEY, at VARCHAR(32))",
)
ATTEMPTS = 8
# The stack's parameter NotificationDays.
NOTIFICATION_DAYS = int(os.environ.get("CARILLON_NOTIFICATION_DAYS", "90"))


class Refused(Exception):
    """A response that another attempt would not change."""


def moment(value):
    """A time as text that SQLite and PostgreSQL take, in UTC."""
    if value is None:
        return None
    utc = datetime.fromisoformat(time(value)).astimezone(timezone.utc)
    return f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03}"


def structure(value):
    """A column of JSON: PostgreSQL returns it parsed, SQLite as text."""
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, (dict, list)):
        raise ValueError("another type")
    return found


def same(old, new):
    """Whether a column has this value already, however the database returns ids, times and JSON."""
    if old is None or new is None:
        return old is new
    if old == new or str(old) == str(new):
        return True
    for read in (moment, structure):
        try:
            return read(old) == read(new)
        except (TypeError, ValueError, AttributeError):
            pass
    return False


def address(*parts, **query):
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


class Back:
    def __init__(self, file):
        self.changed = Counter()
        self.is_sqlite = file is not None
        if self.is_sqlite:
            import sqlite3

            self.connection = sqlite3.connect(file)
        else:
            import psycopg

            self.connection = psycopg.connect(os.environ["DATABASE_URL"], options="-c timezone=UTC")
        for table in TABLES:
            self.execute(table)
        self.connection.commit()

    # The database

    def execute(self, sql, *values):
        return self.connection.execute(sql if self.is_sqlite else sql.replace("?", "%s"), values)

    def rows(self, sql, *values):
        return self.execute(sql, *values).fetchall()

    def value(self, sql, *values):
        """The first column of the first row, or None."""
        found = self.execute(sql, *values).fetchone()
        return found and found[0]

    def change(self, table, sql, *values):
        cursor = self.execute(sql, *values)
        self.changed[table] += cursor.rowcount
        return cursor

    def insert(self, table, row, more=""):
        columns = ", ".join(f'"{name}"' for name in row)
        return self.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(row))}){more}', *row.values())

    def put(self, table, key, first=None, **fields):
        """Writes a row unless it has these fields already. Only a new row gets the columns of `first`."""
        where = " AND ".join(f'"{name}" = ?' for name in key)
        columns = ", ".join(f'"{name}"' for name in fields) or "1"
        found = self.execute(f'SELECT {columns} FROM "{table}" WHERE {where}', *key.values()).fetchone()
        if found is None:
            self.insert(table, {**key, **(first or {}), **fields})
            self.changed[table] += 1
        elif fields and not all(same(old, new) for old, new in zip(found, fields.values())):
            values = ", ".join(f'"{name}" = ?' for name in fields)
            self.change(table, f'UPDATE "{table}" SET {values} WHERE {where}', *fields.values(), *key.values())

    def put_numbered(self, kind, id, table, first, **fields):
        """The same in a table that numbers its rows."""
        own = self.known(kind, id)
        if own is not None:
            return self.put(table, {"id": own}, first, **fields)
        own = self.insert(table, {**first, **fields}, " RETURNING id").fetchone()[0]
        self.changed[table] += 1
        self.learn(kind, id, own)

    def delete(self, table, **key):
        where = " AND ".join(f'"{name}" = ?' for name in key)
        self.change(table, f'DELETE FROM "{table}" WHERE {where}', *key.values())

    @staticmethod
    def skip(reason):
        """Of a row that cannot be in your database."""
        print(f"skipped: {reason}", file=sys.stderr)

    # Ids, and the order of facts

    def learn(self, kind, id, own):
        self.execute("INSERT INTO carillon_ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING", kind, id, str(own))

    def known(self, kind, id):
        return self.value("SELECT own_id FROM carillon_ids WHERE kind = ? AND id = ?", kind, id)

    def own(self, kind, id):
        """The id of a row in your database; of one that was written in Carillon, the UUID in its id there."""
        return self.known(kind, id) or str(UUID(id.replace("-", "")[-32:]))

    def is_news(self, about, fact):
        """Whether no later fact about this was applied. EventBridge and SQS may change the order."""
        upsert = """INSERT INTO carillon_facts VALUES (?, ?) ON CONFLICT (about) DO UPDATE SET at = excluded.at
                    WHERE excluded.at >= carillon_facts.at"""
        return self.execute(upsert, about, fact["time"]).rowcount == 1

    def drop_deleted(self, table, columns, user, listed):
        """Deletes the notifications that a user deleted in Carillon. Expired ones are not there either, so those of the last days stay."""
        of_user, created_at = columns
        known = self.rows(
            f"""SELECT i.id, n.id, n."{created_at}" FROM carillon_ids i JOIN "{table}" n ON CAST(n.id AS VARCHAR(255)) = i.own_id
                WHERE i.kind = 'notification' AND n."{of_user}" = ?""",
            user,
        )
        first = moment((datetime.now(timezone.utc) - timedelta(days=NOTIFICATION_DAYS - 1)).isoformat())
        for id, own, at in known:
            if id not in listed and moment(at) > first and self.get(address("notifications", id), user) is None:
                self.delete(table, id=own)

    # The table

    def stored(self, partition, beginning):
        """Rows of Carillon's table; none without CARILLON_TABLE."""
        if "CARILLON_TABLE" not in os.environ:
            return
        import boto3

        table = boto3.resource("dynamodb").Table(os.environ["CARILLON_TABLE"])
        query = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)", "ConsistentRead": True,
            "ExpressionAttributeValues": {":pk": partition, ":sk": beginning},
        }
        while True:
            page = table.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def mark(self, conversation, user):
        """How far somebody has read a conversation, as far as the table has a mark of theirs."""
        marks = {row["sk"]: int(row.get("seq", 0)) for row in self.stored(conversation, f"READ#{user}")}
        return marks.get(f"READ#{user}", 0)

    # The routes

    def get(self, path, user=None):
        """The body of a response, as this user would get it; None for 404."""
        headers = {"Authorization": f"Bearer {os.environ['CARILLON_SERVICE_TOKEN']}"}
        if user is not None:
            headers["On-Behalf-Of"] = str(user)
        request = urllib.request.Request(os.environ["CARILLON_URL"].rstrip("/") + path, headers=headers)
        for attempt in range(ATTEMPTS):
            wait = 2**attempt
            try:
                with urllib.request.urlopen(request, timeout=35) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                if error.code != 429 and error.code < 500:
                    raise Refused(f"{path}: {error.code} {error.read(500).decode(errors='replace')}") from error
                wait, reason = float(error.headers.get("Retry-After") or wait), str(error.code)
            except OSError as error:
                reason = str(error)
            clock.sleep(min(wait, 30))
        raise Refused(f"{path}: {reason}, {ATTEMPTS} times")

    def items(self, name, path, user=None, **query):
        """All elements of a list, page by page."""
        while True:
            page = self.get(address(*path, **query), user)
            if page is None:
                return
            yield from page[name]
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]

    def messages(self, path, user):
        """All messages of a conversation, oldest first."""
        after = 0
        while True:
            page = self.get(address(*path, after=after, limit=100), user)
            yield from page["messages"] if page else []
            if not page or page["nextCursor"] is None:
                return
            after = page["nextCursor"]

    def message(self, path, user, seq):
        """The message of this number: facts have no text, unless the parameter `Facts` has `text`."""
        page = self.get(address(*path, after=seq - 1, limit=1), user)
        return page["messages"][0] if page and page["messages"] else None


def of_input():
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            yield f"line {number}", json.loads(line), lambda: None


def of_queue(url, until_empty):
    import boto3

    queue = boto3.client("sqs")
    while True:
        wait = 5 if until_empty else 20
        some = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages", [])
        if not some and until_empty:
            return
        for one in some:
            receipt = one["ReceiptHandle"]
            yield one["MessageId"], json.loads(one["Body"]), lambda: queue.delete_message(QueueUrl=url, ReceiptHandle=receipt)


def apply(back, handlers, url, until_empty):
    """Applies facts, each in a transaction; returns how many failed. One that fails stops the input; in a queue it comes again."""
    failed = 0
    for name, event, done in of_queue(url, until_empty) if url else of_input():
        fact = event["detail"]
        try:
            if event["source"] == "carillon" and event["detail-type"] == "user.erased":
                print(f"Erase {fact['userId']} in your database, too", file=sys.stderr)
            elif event["source"] == "carillon" and event["detail-type"] in handlers:
                handlers[event["detail-type"]](back, fact)
            back.connection.commit()
        except Exception as error:
            back.connection.rollback()
            if not url:
                raise SystemExit(f"{name}: {error}") from error
            print(f"{name}: {error}", file=sys.stderr)
            failed += 1
            continue
        done()
    return failed


def run(handlers, everything):
    """The script: `handlers` has a function for each kind of fact, `everything` reads all that the routes have."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", nargs="?", help="a file of SQLite; without it, DATABASE_URL")
    parser.add_argument("--ids", action="append", default=[], help="what `cargo local import` wrote beside the lines; needed once")
    parser.add_argument("--all", action="store_true", help="reads the routes in place of facts")
    parser.add_argument("--until-empty", action="store_true", help="ends once the queue is empty")
    options = parser.parse_args()
    back = Back(options.database)
    for file in options.ids:
        if not os.path.exists(file):
            raise SystemExit(f"There is no {file}: an import writes it where ids change, so leave out --ids if none did")
        with open(file, encoding="utf8") as lines:
            for line in map(json.loads, lines):
                back.learn(line["kind"], line["storedAs"], line["id"])
        back.connection.commit()
    failed = 0
    try:
        if options.all:
            everything(back)
            back.connection.commit()
        else:
            failed = apply(back, handlers, os.environ.get("FACTS_QUEUE_URL"), options.until_empty)
    except KeyboardInterrupt:
        back.connection.rollback()
    except Refused as error:
        raise SystemExit(str(error)) from error
    rows = ", ".join(f"{count} of {table}" for table, count in sorted(back.changed.items()) if count)
    print(f"rows changed: {rows or 'none'}")
    if failed:
        raise SystemExit(f"{failed} facts could not be applied, and are in the queue again: call this again")
