"""Express and Pusher, with Sequelize: parties with their members, and invitations, back into your tables.

Change the names of tables and columns to yours.
"""

import json
import sys

from back import address, moment, run


def put_party(back, party):
    found = back.get(address("parties", party))
    if found is None:
        return
    fields = {"name": found["partyName"], "settings": json.dumps(found["settings"]), "ownerId": found["ownerId"]}
    back.put("Parties", {"id": party}, {"createdAt": moment(found["createdAt"])}, **fields, updatedAt=moment(found["updatedAt"]))
    for member in found["members"]:
        row = {"createdAt": moment(member["joinedAt"])}
        back.put("PartyMembers", {"partyId": party, "userId": member["userId"]}, row)
    members = {member["userId"] for member in found["members"]}
    for (user,) in back.rows('SELECT "userId" FROM "PartyMembers" WHERE "partyId" = ?', party):
        if str(user) not in members:
            back.delete("PartyMembers", partyId=party, userId=user)


def party(back, fact):
    put_party(back, fact["partyId"])


def ended(back, fact):
    for table in ("PartyInvitations", "PartyMembers"):
        back.delete(table, partyId=fact["partyId"])
    back.delete("Parties", id=fact["partyId"])


def invitation(back, fact, **fields):
    """Of one user to one party, there may be several invitations, one after the other."""
    key = {"partyId": fact["partyId"], "userId": fact["userId"]}
    if not back.is_news(f"invitation {key['partyId']} {key['userId']}", fact):
        return
    if fields:
        back.put("PartyInvitations", key, **fields)
    else:
        back.delete("PartyInvitations", **key)


def invited(back, fact):
    invitation(back, fact, invitedById=fact["invitedBy"], createdAt=moment(fact["time"]), status="pending")


def accepted(back, fact):
    invitation(back, fact, status="accepted")
    party(back, fact)


def everything(back):
    parties = set()
    for (user,) in back.rows('SELECT id FROM "Users" ORDER BY id'):
        for party in [one["partyId"] for one in back.items("parties", ["parties"], userId=user, limit=50)]:
            if party not in parties:
                put_party(back, party)
            parties.add(party)
        for one in back.items("invitations", ["party-invitations"], user, limit=100):
            row = {"invitedById": one["invitedBy"]["id"], "createdAt": moment(one["invitedAt"])}
            back.put("PartyInvitations", {"partyId": one["partyId"], "userId": user}, row, status="pending")
        back.connection.commit()
    for (id,) in back.rows('SELECT id FROM "Parties" ORDER BY id'):
        if str(id) not in parties:
            print(f"Party {id} is not in Carillon: it has ended there, or was not imported", file=sys.stderr)


run(
    {
        "party.created": party,
        "party.updated": party,
        "party.owner-changed": party,
        "party.ended": ended,
        "member.joined": party,
        "member.left": party,
        "member.removed": party,
        "invitation.sent": invited,
        "invitation.accepted": accepted,
        "invitation.declined": lambda back, fact: invitation(back, fact, status="declined"),
        "invitation.withdrawn": invitation,
    },
    everything,
)
