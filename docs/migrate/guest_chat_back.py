"""Django and Pusher: guests' chats, back into your tables. Change the names of tables and columns to yours."""

from back import moment, run


def path(hotel, booking):
    return ["hotels", hotel, "chats", booking, "messages"]


def member(back, hotel):
    """A member of the staff, as whom the chats are read."""
    sql = "SELECT s.user_id FROM staff s JOIN hotels h ON h.id = s.hotel_id WHERE h.slug = ? ORDER BY s.user_id LIMIT 1"
    return back.value(sql, hotel)


def booking_id(back, hotel, booking):
    return back.value("SELECT b.id FROM bookings b JOIN hotels h ON h.id = b.hotel_id WHERE h.slug = ? AND b.number = ?", hotel, booking)


def put_message(back, hotel, booking, one):
    number = booking_id(back, hotel, booking)
    if number is None:
        return back.skip(f"Booking {booking} of {hotel} is not in your database: message {one['id']}")
    row = {
        "booking_id": number, "staff_id": one["author"]["id"] if one["author"]["role"] == "staff" else None,
        "message": one.get("message", ""), "created_at": moment(one["createdAt"]), "read_by_guest": False,
    }
    back.put_numbered("message", one["id"], "room_messages", row, deleted_at=moment(one.get("deletedAt")))


def message(back, fact):
    if fact["conversation"]["kind"] == "guest":
        hotel, booking = fact["conversation"]["hotelSlug"], fact["conversation"]["bookingId"]
        user = member(back, hotel)
        if user is None:
            return back.skip(f"Hotel {hotel} has no staff in your database: message {fact['messageId']}")
        one = back.message(path(hotel, booking), user, fact["seq"])
        if one:
            put_message(back, hotel, booking, one)


def put_marks(back, user, hotel, booking, seq):
    """Marks as read by this member of the staff what comes before the last message that they have read."""
    last = back.message(path(hotel, booking), user, seq)
    booking, at = booking_id(back, hotel, booking), moment(last["createdAt"])
    for (id,) in back.rows("SELECT id FROM room_messages WHERE booking_id = ? AND created_at <= ? ORDER BY id", booking, at):
        back.put("message_reads", {"message_id": id, "user_id": user})


def put_guest_mark(back, hotel, booking, messages):
    """Marks as read what the guest has read: up to their own last message, and with CARILLON_TABLE up to their mark."""
    wrote = [one["seq"] for one in messages if one["author"]["role"] == "guest"]
    seq = max([back.mark(f"CHAT#GUEST#{hotel}#{booking}", f"guest;{hotel};{booking}"), *wrote])
    for one in messages:
        id = back.known("message", one["id"])
        if one["author"]["role"] == "staff" and one["seq"] <= seq and id is not None:
            back.put("room_messages", {"id": id}, read_by_guest=True)


def everything(back):
    for (hotel,) in back.rows("SELECT slug FROM hotels ORDER BY slug"):
        for chat in back.items("chats", ["hotels", hotel, "chats"], limit=50):
            messages = list(back.messages(path(hotel, chat["bookingId"]), member(back, hotel)))
            for one in messages:
                put_message(back, hotel, chat["bookingId"], one)
            put_guest_mark(back, hotel, chat["bookingId"], messages)
            back.connection.commit()
        for (user,) in back.rows("SELECT s.user_id FROM staff s JOIN hotels h ON h.id = s.hotel_id WHERE h.slug = ?", hotel):
            for chat in back.items("chats", ["hotels", hotel, "chats"], user, limit=50):
                seq = chat["lastMessage"]["seq"] - chat["unreadCount"]
                if seq > 0:
                    put_marks(back, user, hotel, chat["bookingId"], seq)
            back.connection.commit()


run({"message.sent": message, "message.deleted": message}, everything)
