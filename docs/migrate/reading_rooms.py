"""NestJS and Pusher: profiles, books, kudos, notifications. Change the names of tables and columns to yours."""

from database import parsed, rows, time, write

for user, name, image, email in rows("SELECT id, name, image, email FROM users ORDER BY id"):
    write("profile", userId=user, displayName=name, avatarUrl=image, email=email)

for book, title, author, name in rows(
    "SELECT b.id, b.title, b.author_id, u.name FROM books b JOIN users u ON u.id = b.author_id ORDER BY b.id"
):
    write("book", id=book, title=title, authorId=author, authorName=name)

for kudos, giver, receiver, session, title, at in rows(
    """SELECT k.id, k.giver_id, k.receiver_id, k.session_id, b.title, k.created_at FROM kudos k
       JOIN reading_sessions s ON s.id = k.session_id JOIN books b ON b.id = s.book_id ORDER BY k.created_at, k.id"""
):
    write("kudos", id=kudos, giverId=giver, receiverId=receiver, sessionId=session, bookTitle=title, createdAt=time(at))

for id, user, type, title, message, data, at, read_at in rows(
    "SELECT id, user_id, type, title, message, data, created_at, read_at FROM notifications ORDER BY created_at, id"
):
    write(
        "notification", id=id, userId=user, type=type, title=title, body=message, data=parsed(data), createdAt=time(at),
        readAt=time(read_at),
    )
