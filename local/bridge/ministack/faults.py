"""Faults that are rare on AWS. Here they happen on request: tests and `cargo local chaos` ask for them.

`PUT /_carillon/faults` with a JSON object replaces what is asked for, and `{}` ends it. `GET` shows it, and how often each
happened.

| name | what happens while it is set |
|---|---|
| `openingMs` | a WebSocket opens so many milliseconds after the function of `$connect` has let it in |
| `framesMs` | each frame of a WebSocket waits a random time, up to this: frames of one connection overtake each other |
| `posts` | of posts to WebSockets, the share `refused` gets 429, each after `heldMs` milliseconds; so late are all others, too |
| `stream` | the table's stream has several shards, see `stream_shards.py` |
| `seed` | of all that is random here |
"""

import asyncio
import collections
import random

# The longest delay that may be asked for, in milliseconds. Functions time out later.
MAX_MS = 10_000


class Unknown(ValueError):
    """A request for faults that there are not. Says what to send."""


class Faults:
    """The faults that are asked for, and how often they happened."""

    def __init__(self):
        self.counts = collections.Counter()
        self.set({})

    def set(self, wanted):
        """Replaces all faults. Changes nothing for a request that it refuses, with `Unknown`."""
        checked = check(wanted)
        self.random = random.Random(checked.get("seed"))
        self.asked = checked

    @property
    def stream(self):
        """How the stream is disturbed, or `None`."""
        return self.asked.get("stream")

    def opening_seconds(self):
        return self._note("openings", self.asked.get("openingMs", 0) / 1000)

    def frame_seconds(self):
        return self._note("frames", self.random.uniform(0, self.asked.get("framesMs", 0)) / 1000)

    async def post(self):
        """Lets a post to a WebSocket wait; returns whether it is refused. That is decided first, so it holds after the fault's end."""
        posts = self.asked.get("posts")
        if posts is None:
            return False
        refused = self.happens("refusedPosts", posts["refused"])
        await asyncio.sleep(self._note("heldPosts", posts["heldMs"] / 1000))
        return refused

    def happens(self, what, share):
        """Whether something that happens with this probability does. Counts it."""
        return bool(self._note(what, self.random.random() < share))

    def shown(self):
        return {"faults": self.asked, "counts": dict(self.counts)}

    def _note(self, what, value):
        if value:
            self.counts[what] += 1
        return value


def check(wanted):
    """The faults of a request."""
    rules = {"openingMs": milliseconds, "framesMs": milliseconds, "posts": posts, "stream": stream, "seed": seed}
    return object_of(wanted, rules, "The faults")


def posts(value):
    return {"refused": 0, "heldMs": 0, **object_of(value, {"refused": share, "heldMs": milliseconds}, "posts")}


def stream(value):
    checked = object_of(value, {"repeats": share, "late": share, "lateMs": milliseconds}, "stream")
    return {"repeats": 0, "late": 0, "lateMs": 0, **checked}


def object_of(value, rules, what):
    if not isinstance(value, dict):
        raise Unknown(f"{what} must be an object")
    for name in value:
        if name not in rules:
            raise Unknown(f"{what} may have {', '.join(rules)}; there is no {name!r}")
    return {name: rules[name](value[name]) for name in value}


def milliseconds(value):
    return number(value, 0, MAX_MS)


def share(value):
    return number(value, 0, 1)


def seed(value):
    return number(value, 0, 2**64)


def number(value, least, most):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Unknown(f"{value!r} must be a number from {least} to {most}")
    return value
