"""NestJS, Socket.IO and FCM, with TypeORM: profiles, devices, preferences, notifications, direct messages.

Change the names of tables and columns to yours.
"""

from database import parsed, rows, time, write

for user, name, avatar, email in rows('SELECT id, name, "avatarUrl", email FROM users ORDER BY id'):
    write("profile", userId=user, displayName=name, avatarUrl=avatar, email=email)

for user, token, platform, at in rows('SELECT "userId", token, platform, "updatedAt" FROM device_tokens ORDER BY "updatedAt" DESC'):
    write("device", userId=user, token=token, platform=platform, registeredAt=time(at))

for user, locale, push, email in rows('SELECT "userId", locale, push, email FROM notification_settings ORDER BY "userId"'):
    write("preferences", userId=user, locale=locale, types={"MESSAGE": {"push": bool(push), "email": bool(email)}})

for id, user, type, title, body, data, at, read_at in rows(
    'SELECT id, "userId", type, title, body, data, "createdAt", "readAt" FROM notifications ORDER BY "createdAt", id'
):
    write(
        "notification", id=id, userId=user, type=type, title=title, body=body, data=parsed(data), createdAt=time(at), readAt=time(read_at)
    )

# Messages get their numbers in this order, so it is that of their times. A reader's mark is the last message that they have read.
marks = {}
for id, sender, receiver, name, content, at, read_at in rows(
    """SELECT m.id, m."senderId", m."receiverId", u.name, m.content, m."createdAt", m."readAt"
       FROM messages m JOIN users u ON u.id = m."senderId" ORDER BY m."createdAt", m.id"""
):
    conversation = {"type": "direct", "userIds": sorted([sender, receiver])}
    write("message", conversation=conversation, id=id, authorId=sender, authorName=name, text=content, createdAt=time(at))
    if read_at:
        marks[sender, receiver] = {"conversation": conversation, "userId": receiver, "messageId": id}
for mark in marks.values():
    write("readMark", **mark)
