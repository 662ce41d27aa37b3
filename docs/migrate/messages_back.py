"""NestJS, Socket.IO and FCM, with TypeORM: direct messages, notifications, devices and preferences, back into your tables.

Change the names of tables and columns to yours. A new device's token is in no route: have your server store it, too.
"""

import hashlib
import json
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
    back.put("notifications", {"id": back.own("notification", one["notificationId"])}, row, readAt=moment(one["readAt"]))


def notifications(back, user):
    for one in back.items("notifications", ["notifications"], user, limit=100):
        put_notification(back, user, one)


def notification(back, fact):
    one = back.get(address("notifications", fact["notificationId"]), fact["userId"])
    if one:
        put_notification(back, fact["userId"], one)


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


def everything(back):
    users = [str(user) for (user,) in back.rows("SELECT id FROM users ORDER BY id")]
    for user in users:
        for one in back.items("conversations", ["conversations"], user, limit=50):
            if one["kind"] == "direct":
                other = one["user"]["userId"]
                # Of two users who are both here, the first one's list is enough.
                if other not in users or user < other:
                    for message in back.messages(["messages", other], user):
                        put_message(back, message)
        notifications(back, user)
        back.connection.commit()
    for user in users:
        for one in back.items("conversations", ["conversations"], user, limit=50):
            if one["kind"] == "direct" and one["readSeq"] > 0:
                put_mark(back, user, one["user"]["userId"], one["readSeq"])
        preferences(back, user)
        back.connection.commit()


run(
    {
        "message.sent": message,
        "message.deleted": message,
        "notification.created": notification,
        "notification.read": notification,
        "notification.all-read": lambda back, fact: notifications(back, fact["userId"]),
        "device.forgotten": device_forgotten,
        "email.turned-off": lambda back, fact: preferences(back, fact["userId"]),
        "email.turned-on": lambda back, fact: preferences(back, fact["userId"]),
    },
    everything,
)
