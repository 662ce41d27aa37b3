"""NestJS and Pusher: kudos and notifications, back into your tables. Change the names of tables and columns to yours."""

import json

from back import address, moment, run


def put_kudos(back, id, giver, receiver, session, at):
    row = {"giver_id": giver, "receiver_id": receiver, "session_id": session, "created_at": moment(at)}
    back.put("kudos", {"id": back.own("kudos", id)}, row)


def put_notification(back, user, one):
    row = {
        "user_id": user, "type": one["type"], "title": one["title"], "message": one["message"], "data": json.dumps(one["data"]),
        "created_at": moment(one["createdAt"]),
    }
    own = back.own("notification", one["notificationId"])
    back.put("notifications", {"id": own}, row, read_at=moment(one["readAt"]))
    back.learn("notification", one["notificationId"], own)


def all_of(back, user):
    listed = set()
    for one in back.items("notifications", ["notifications"], user, limit=100):
        put_notification(back, user, one)
        listed.add(one["notificationId"])
    back.drop_deleted("notifications", ("user_id", "created_at"), user, listed)


def kudos_given(back, fact):
    put_kudos(back, fact["kudosId"], fact["giverId"], fact["receiverId"], fact["sessionId"], fact["time"])


def notification(back, fact):
    one = back.get(address("notifications", fact["notificationId"]), fact["userId"])
    if one:
        put_notification(back, fact["userId"], one)


def everything(back):
    for (user,) in back.rows("SELECT id FROM users ORDER BY id"):
        for one in back.items("kudos", ["kudos"], user, limit=100):
            put_kudos(back, one["kudosId"], one["fromUser"]["userId"], user, one["sessionId"], one["createdAt"])
        all_of(back, user)
        back.connection.commit()


run(
    {
        "kudos.given": kudos_given,
        "notification.created": notification,
        "notification.read": notification,
        "notification.all-read": lambda back, fact: all_of(back, fact["userId"]),
    },
    everything,
)
