"""Express and Pusher, with Sequelize: profiles, parties with their members, open invitations. Change the names of tables and columns to yours."""

from itertools import groupby

from database import parsed, rows, time, write

WITH_PARTY = 99

for user, username, avatar in rows('SELECT id, username, avatar FROM "Users" ORDER BY id'):
    write("profile", userId=user, displayName=username, avatarUrl=avatar)

members = rows(
    """SELECT p.id, p.name, p.settings, p."ownerId", p."createdAt", p."updatedAt", u.id, u.username, u.avatar, m."createdAt"
       FROM "Parties" p JOIN "PartyMembers" m ON m."partyId" = p.id JOIN "Users" u ON u.id = m."userId"
       ORDER BY p.id, CASE WHEN u.id = p."ownerId" THEN 0 ELSE 1 END, m."createdAt", u.id"""
)
for party, group in groupby(members, key=lambda row: row[0]):
    group = list(group)
    people = [{"userId": row[6], "username": row[7], "avatar": row[8], "joinedAt": time(row[9])} for row in group]
    _, name, settings, owner, created_at, updated_at, *_ = group[0]
    write(
        "party", id=party, partyName=name, settings=parsed(settings), ownerId=owner, members=people[:WITH_PARTY],
        createdAt=time(created_at), updatedAt=time(updated_at),
    )
    for person in people[WITH_PARTY:]:
        write("member", partyId=party, **person)

for party, user, name, inviter, username, at in rows(
    """SELECT i."partyId", i."userId", p.name, u.id, u.username, i."createdAt" FROM "PartyInvitations" i
       JOIN "Parties" p ON p.id = i."partyId" JOIN "Users" u ON u.id = i."invitedById"
       WHERE i.status = 'pending' ORDER BY i."createdAt", i."partyId", i."userId" """
):
    by = {"id": inviter, "username": username}
    write("invitation", partyId=party, userId=user, partyName=name, invitedBy=by, invitedAt=time(at))
