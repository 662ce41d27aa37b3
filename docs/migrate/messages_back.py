"""NestJS, Socket.IO and FCM, with TypeORM: direct messages, notifications, devices and preferences, back into your tables.

Change the names of tables and columns to yours. With CARILLON_TABLE, new devices come back, too: no route shows a whole token.
"""

import hashlib
import json
import time
from datetime import datetime, timezone

from back import address, moment, run


def put_message(back, one):
    key = {"id": back.own("message", one["id"])}
    if one.get("deletedAt") or one["senderId"] is None:
        return back.delete("messages", **key)
    # A message may be an attachment alone, or ciphertext.
    content = one["content"] or ""
    content = content if isinstance(content, str) else json.dumps(content)
    row = {"senderId": one["senderId"], "receiverId": one["receiverId"], "content": content, "createdAt": moment(one["createdAt"])}
    back.put("messages", key, {**row, "readAt": None})


def put_mark(back, user, other, seq):
    """`user` has read the messages of `other` up to this number. The time of reading is not known."""
    last = back.message(["messages", other], user, seq)
    back.change(
        "messages",
        """UPDATE messages SET "readAt" = ? WHERE "senderId" = ? AND "receiverId" = ? AND "readAt" IS NULL AND "createdAt" <= ?""",
        moment(datetime.now(timezone.utc)), other, user, moment(last["createdAt"]),
    )


def message(back, fact):
    if fact["conversation"]["kind"] == "direct":
        user, other = fact["conversation"]["userIds"]
        one = back.message(["messages", other], user, fact["seq"])
        if one:
            put_message(back, one)


def put_notification(back, user, one):
    row = {
        "userId": user, "type": one["type"], "title": one["title"], "body": one["message"], "data": json.dumps(one["data"]),
        "createdAt": moment(one["createdAt"]),
    }
    own = back.own("notification", one["notificationId"])
    back.put("notifications", {"id": own}, row, readAt=moment(one["readAt"]))
    back.learn("notification", one["notificationId"], own)


def notifications(back, user):
    listed = set()
    for one in back.items("notifications", ["notifications"], user, limit=100):
        put_notification(back, user, one)
        listed.add(one["notificationId"])
    back.drop_deleted("notifications", ("userId", "createdAt"), user, listed)


def notification(back, fact):
    one = back.get(address("notifications", fact["notificationId"]), fact["userId"])
    if one:
        put_notification(back, fact["userId"], one)


def devices(back, user, id=""):
    """The devices of a user, or the one of this id. A phone that changes hands has one owner."""
    for row in back.stored(f"USER#{user}", f"DEVICE#{id}"):
        if row["expires_at"] > time.time():
            token, at = row["token"], datetime.fromtimestamp(int(row["registered_at"]) / 1000, timezone.utc)
            back.change("device_tokens", 'DELETE FROM device_tokens WHERE token = ? AND "userId" <> ?', token, user)
            key = {"userId": user, "token": token}
            back.put("device_tokens", key, {"updatedAt": moment(at.isoformat())}, platform=row.get("platform"))


def device_forgotten(back, fact):
    """The id of a device is a hash of its token."""
    for (token,) in back.rows('SELECT token FROM device_tokens WHERE "userId" = ?', fact["userId"]):
        if hashlib.sha256(token.encode()).hexdigest()[:32] == fact["deviceId"]:
            back.delete("device_tokens", userId=fact["userId"], token=token)


def preferences(back, user):
    if not back.value('SELECT 1 FROM notification_settings WHERE "userId" = ?', user):
        return
    found = back.get(address("notifications", "preferences"), user)
    push, email = found["types"]["MESSAGE"]["push"], found["types"]["MESSAGE"]["email"]
    back.put("notification_settings", {"userId": user}, locale=found["locale"], push=push, email=email)


def conversations(back, user):
    """How far a user has read each of their conversations. The route lists 500; your table has the others once their facts were applied."""
    found = {}
    for one in back.items("conversations", ["conversations"], user, limit=50):
        if one["kind"] == "direct":
            found[one["user"]["userId"]] = one["readSeq"]
    sql = 'SELECT "receiverId" FROM messages WHERE "senderId" = ? UNION SELECT "senderId" FROM messages WHERE "receiverId" = ?'
    for other in [str(other) for (other,) in back.rows(sql, user, user)]:
        if other not in found:
            found[other] = back.mark("CHAT#DIRECT#" + "#".join(sorted([user, other])), user)
    return found


def everything(back):
    users = [str(user) for (user,) in back.rows("SELECT id FROM users ORDER BY id")]
    # The number of each author's last message: they have read up to it.
    wrote = {}
    for user in users:
        for other in conversations(back, user):
            # Of two users who are both here, the first one's list is enough.
            if other not in users or user < other:
                for message in back.messages(["messages", other], user):
                    put_message(back, message)
                    wrote[message["senderId"], message["receiverId"]] = message["seq"]
        notifications(back, user)
        devices(back, user)
        back.connection.commit()
    for user in users:
        for other, seq in conversations(back, user).items():
            seq = max(seq, wrote.get((user, other), 0))
            if seq > 0:
                put_mark(back, user, other, seq)
        preferences(back, user)
        back.connection.commit()


run(
    {
        "message.sent": message,
        "message.deleted": message,
        "notification.created": notification,
        "notification.read": notification,
        "notification.all-read": lambda back, fact: notifications(back, fact["userId"]),
        "device.registered": lambda back, fact: devices(back, fact["userId"], fact["deviceId"]),
        "device.forgotten": device_forgotten,
        "email.turned-off": lambda back, fact: preferences(back, fact["userId"]),
        "email.turned-on": lambda back, fact: preferences(back, fact["userId"]),
    },
    everything,
)
