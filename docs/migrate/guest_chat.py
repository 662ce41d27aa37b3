"""Django and Pusher: a hotel's staff, and its guests' chats; those of guests who have left are closed. Change the names of tables and columns to yours."""

from database import rows, time, write

for hotel, user, name in rows(
    """SELECT h.slug, s.user_id, u.first_name FROM staff s JOIN hotels h ON h.id = s.hotel_id JOIN auth_user u ON u.id = s.user_id
       ORDER BY h.slug, s.user_id"""
):
    write("profile", userId=str(user), displayName=name)
    write("staff", hotelSlug=hotel, userId=str(user))

# Messages get their numbers in this order, so it is that of their times. A guest has no id: the booking says who it is.
marks = {}
for id, hotel, booking, staff, name, text, at, read_by_guest, deleted_at in rows(
    """SELECT m.id, h.slug, b.number, m.staff_id, COALESCE(u.first_name, b.guest_name), m.message, m.created_at, m.read_by_guest, m.deleted_at
       FROM room_messages m JOIN bookings b ON b.id = m.booking_id JOIN hotels h ON h.id = b.hotel_id
       LEFT JOIN auth_user u ON u.id = m.staff_id ORDER BY m.created_at, m.id"""
):
    conversation = {"type": "guest", "hotelSlug": hotel, "bookingId": booking}
    write(
        "message", conversation=conversation, id=id, authorId=None if staff is None else str(staff), authorName=name,
        text=None if deleted_at else text, createdAt=time(at), deletedAt=time(deleted_at),
    )
    if read_by_guest:
        marks[hotel, booking] = {"conversation": conversation, "messageId": id}
for mark in marks.values():
    write("readMark", **mark)

# Each member of the staff has a mark of their own here.
for hotel, booking, user, id in rows(
    """SELECT h.slug, b.number, r.user_id, MAX(r.message_id) FROM message_reads r JOIN room_messages m ON m.id = r.message_id
       JOIN bookings b ON b.id = m.booking_id JOIN hotels h ON h.id = b.hotel_id GROUP BY h.slug, b.number, r.user_id"""
):
    conversation = {"type": "guest", "hotelSlug": hotel, "bookingId": booking}
    write("readMark", conversation=conversation, userId=str(user), messageId=id)

# After the messages. Without this, each chat of earlier years is open in the inbox.
for hotel, booking in rows(
    """SELECT DISTINCT h.slug, b.number FROM bookings b JOIN hotels h ON h.id = b.hotel_id JOIN room_messages m ON m.booking_id = b.id
       WHERE b.checked_out_at IS NOT NULL"""
):
    write("chat", hotelSlug=hotel, bookingId=booking, state="closed")
