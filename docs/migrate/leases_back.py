"""Next.js and Pusher, with Prisma: a lease's messages and requests, back into your tables.

Change the names of tables and columns to yours.
"""

from back import address, moment, run

STATUS = {"pending": "PENDING", "accepted": "ACCEPTED", "refused": "REJECTED", "done": "DONE"}


def client(back, bail):
    """The client of a lease, as whom it is read."""
    return back.value('SELECT "clientId" FROM "Bail" WHERE id = ?', bail)


def put_message(back, bail, one):
    row = {"bailId": bail, "senderId": one["author"]["id"], "content": one.get("content", ""), "createdAt": moment(one["createdAt"])}
    back.put("Message", {"id": back.own("message", one["id"])}, row, deletedAt=moment(one.get("deletedAt")))


def put_request(back, bail, one):
    row = {
        "bailId": bail, "title": one["title"], "description": one["description"], "createdById": one["createdBy"]["id"],
        "createdAt": moment(one["createdAt"]),
    }
    fields = {"status": STATUS[one["status"]], "updatedAt": moment(one["updatedAt"])}
    back.put_numbered("leaseRequest", one["id"], "NotaryRequest", row, **fields)


def message(back, fact):
    if fact["conversation"]["kind"] == "lease":
        bail = fact["conversation"]["bailId"]
        user = client(back, bail)
        if user is None:
            return back.skip(f"Lease {bail} is not in your database: message {fact['messageId']}")
        one = back.message(["leases", bail, "messages"], user, fact["seq"])
        if one:
            put_message(back, bail, one)


def request(back, fact):
    bail = fact["bailId"]
    user = client(back, bail)
    if user is None:
        return back.skip(f"Lease {bail} is not in your database: request {fact['requestId']}")
    for one in back.items("requests", ["leases", bail, "requests"], user, limit=100):
        if one["id"] == fact["requestId"]:
            return put_request(back, bail, one)


def put_mark(back, bail, user):
    seq = back.get(address("leases", bail), user)["readSeq"]
    if seq > 0:
        last = back.message(["leases", bail, "messages"], user, seq)
        back.put("ChatRead", {"bailId": bail, "userId": user}, lastReadMessageId=back.own("message", last["id"]))


def everything(back):
    for bail, client_id, notary_id in back.rows('SELECT id, "clientId", "notaryId" FROM "Bail" ORDER BY id'):
        if back.get(address("leases", bail), client_id) is None:
            continue
        for one in back.messages(["leases", bail, "messages"], client_id):
            put_message(back, bail, one)
        for one in back.items("requests", ["leases", bail, "requests"], client_id, limit=100):
            put_request(back, bail, one)
        others = back.get(address("leases", bail), client_id).get("participants", [])
        for user in dict.fromkeys([client_id, notary_id, *(other["userId"] for other in others)]):
            if back.value('SELECT 1 FROM "User" WHERE id = ?', user):
                put_mark(back, bail, user)
            else:
                back.skip(f"User {user} is not in your database: how far they have read {bail}")
        back.connection.commit()


run({"message.sent": message, "message.deleted": message, "lease-request.created": request, "lease-request.updated": request}, everything)
