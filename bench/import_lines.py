#!/usr/bin/env python3
"""Made-up lines for `cargo local import`: `bench/import_lines.py 100000 > lines.ndjson`. The same number gives the same lines, but for times.

One line in five is a profile, a device or preferences; two are messages, in conversations of forty; one is kudos, one a notification.
"""

import json
import random
import sys
import time
from datetime import datetime, timezone

SHARES = {"profile": 0.1, "device": 0.08, "preferences": 0.02, "kudos": 0.2, "notification": 0.2, "direct": 0.2, "guest": 0.1, "lease": 0.1}
IN_A_CONVERSATION = 40
WORDS = "the book that we read last week was long and the end of it came too soon for me but not for you".split()

lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
chance = random.Random(lines)
began = time.time() - 30 * 24 * 3600
many = {kind: int(lines * share) for kind, share in SHARES.items()}
users = [f"user-{n:08}" for n in range(max(2, many["profile"]))]


def at(n):
    """Moments of the last month, in the order of their numbers."""
    return datetime.fromtimestamp(began + n * 29 * 24 * 3600 / lines, timezone.utc).isoformat(timespec="milliseconds")


def text():
    return " ".join(chance.choices(WORDS, k=chance.randint(3, 30))).capitalize()


def write(kind, **fields):
    print(json.dumps({"kind": kind, **fields}))


def messages(count, conversation_of, authors_of):
    for n in range(count):
        of = n // IN_A_CONVERSATION
        author = chance.choice(authors_of(of))
        write("message", conversation=conversation_of(of), id=n, createdAt=at(n), text=text(), **author)


def two_users(of):
    return users[of % len(users)], users[(of + 1) % len(users)]


for n in range(many["profile"]):
    write("profile", userId=users[n], displayName=f"User {n}", email=f"user-{n}@example.com")
for n in range(many["device"]):
    write("device", userId=users[n % len(users)], token=f"token-{n:0140}", platform="android", registeredAt=at(n))
for n in range(many["preferences"]):
    write("preferences", userId=users[n % len(users)], locale="fr", types={"MESSAGE": {"push": True, "email": False}})
for n in range(many["kudos"]):
    giver, receiver = chance.sample(users, 2)
    write("kudos", id=n, giverId=giver, receiverId=receiver, sessionId=f"session-{n // 7}", bookTitle="The Dispossessed", createdAt=at(n))
for n in range(many["notification"]):
    # Those of a user follow each other, as in an export that is sorted by user.
    user = users[n * len(users) // many["notification"]]
    write("notification", id=n, userId=user, type="POST_COMMENT", data={"postId": f"post-{n}"}, createdAt=at(n))
messages(
    many["direct"],
    lambda of: {"type": "direct", "userIds": sorted(two_users(of))},
    lambda of: [{"authorId": user, "authorName": "A user"} for user in two_users(of)],
)
messages(
    many["guest"],
    lambda of: {"type": "guest", "hotelSlug": f"hotel-{of // 50}", "bookingId": f"BK-{of}"},
    lambda of: [{"authorName": "Grace"}, {"authorId": users[of // 50], "authorName": "Nora"}],
)
messages(
    many["lease"],
    lambda of: {"type": "lease", "bailId": f"bail-{of}"},
    lambda of: [{"authorId": user, "authorName": user, "role": role} for user, role in zip(two_users(of), ("client", "notary"))],
)
