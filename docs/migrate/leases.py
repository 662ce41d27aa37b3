"""Next.js and Pusher, with Prisma: profiles, leases, the notary's requests, messages. Change the names of tables and columns to yours."""

from database import rows, time, write

STATUS = {"PENDING": "pending", "ACCEPTED": "accepted", "REJECTED": "refused", "DONE": "done"}


def role(user, client):
    return "client" if user == client else "notary"


for user, name, email in rows('SELECT id, name, email FROM "User" ORDER BY id'):
    write("profile", userId=user, displayName=name, email=email)

for bail, title, client, notary, created_at, updated_at in rows(
    'SELECT id, title, "clientId", "notaryId", "createdAt", "updatedAt" FROM "Bail" ORDER BY id'
):
    write(
        "lease", id=bail, clientId=client, notaryId=notary, title=title, locale="fr", createdAt=time(created_at), updatedAt=time(updated_at)
    )

for id, bail, title, description, status, created_at, updated_at, user, name, client in rows(
    """SELECT r.id, r."bailId", r.title, r.description, r.status, r."createdAt", r."updatedAt", u.id, u.name, b."clientId"
       FROM "NotaryRequest" r JOIN "Bail" b ON b.id = r."bailId" JOIN "User" u ON u.id = r."createdById" ORDER BY r."createdAt", r.id"""
):
    by = {"id": user, "name": name, "role": role(user, client)}
    write(
        "leaseRequest", id=id, bailId=bail, title=title, description=description, status=STATUS[status], createdBy=by,
        createdAt=time(created_at), updatedAt=time(updated_at),
    )

# Messages get their numbers in this order, so it is that of their times.
for id, bail, text, created_at, deleted_at, user, name, client in rows(
    """SELECT m.id, m."bailId", m.content, m."createdAt", m."deletedAt", u.id, u.name, b."clientId"
       FROM "Message" m JOIN "Bail" b ON b.id = m."bailId" JOIN "User" u ON u.id = m."senderId" ORDER BY m."createdAt", m.id"""
):
    conversation = {"type": "lease", "bailId": bail}
    write(
        "message", conversation=conversation, id=id, authorId=user, authorName=name, role=role(user, client),
        text=None if deleted_at else text, createdAt=time(created_at), deletedAt=time(deleted_at),
    )

for bail, user, id in rows('SELECT "bailId", "userId", "lastReadMessageId" FROM "ChatRead" ORDER BY "bailId", "userId"'):
    write("readMark", conversation={"type": "lease", "bailId": bail}, userId=user, messageId=id)
