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
    """A time with its zone. Without one in the database, it counts as UTC. SQLite has text, with Prisma milliseconds since 1970."""
    if value is None:
        return None
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, timezone.utc).isoformat()
    if isinstance(value, str):
        # Sequelize puts a space before the offset.
        value = datetime.fromisoformat(value.replace("Z", "+00:00").replace(" +", "+").replace(" -", "-"))
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).isoformat()


def parsed(value):
    """JSON as an object: PostgreSQL returns it parsed, SQLite as text."""
    return json.loads(value) if isinstance(value, str) else value


def with_text_ids(value, name=""):
    """The same with each id as text: Carillon's ids are texts, and tables may number their rows."""
    if isinstance(value, dict):
        return {name: with_text_ids(of, name) for name, of in value.items()}
    if isinstance(value, list):
        return [with_text_ids(one, name) for one in value]
    is_id = name == "id" or name.endswith("Id")
    return str(value) if is_id and isinstance(value, int) else value


def write(kind, **fields):
    line = {"kind": kind, **{name: value for name, value in fields.items() if value is not None}}
    # Settings and data are the app's own.
    own = {name: line[name] for name in ("settings", "data") if name in line}
    print(json.dumps({**with_text_ids(line), **own}, default=str))
