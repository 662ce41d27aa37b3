"""Rows of a database, and lines for `cargo local import`.

`python3 docs/migrate/parties.py db.sqlite3 > lines.ndjson` reads a file of SQLite. With DATABASE_URL=postgres://… and no file, it reads
PostgreSQL (`pip install "psycopg[binary]"`).
"""

import json
import os
import sys
from datetime import datetime, timezone


def rows(query):
    """The rows of a query, in its order. A large table does not have to fit into the memory."""
    if len(sys.argv) > 1:
        import sqlite3

        with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True) as connection:
            yield from connection.execute(query)
        return
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor("lines") as cursor:
        yield from cursor.execute(query)


def time(value):
    """A time with its zone. Without one in the database, it counts as UTC."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat()


def parsed(value):
    """JSON as an object: PostgreSQL returns it parsed, SQLite as text."""
    return json.loads(value) if isinstance(value, str) else value


def write(kind, **fields):
    print(json.dumps({"kind": kind, **{name: value for name, value in fields.items() if value is not None}}, default=str))
