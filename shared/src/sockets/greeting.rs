//! The first messages to a connection in a namespace. Its place owes them, and has the connection itself, which the outbox therefore
//! does not repeat ([`OfRow`]): with it in each entry, the row would be over 1 KB, and cost twice as much to write.

use super::row::{PlaceRow, Socket};
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::outbox::{Audience, Committed, Delivery, Emit, OfRow, Outbox, Say, Target, WriteContext};
use crate::table::{Item, Key, read};

/// The name of a message to the connection that has the place.
const OWN: &str = "own";

/// A place that a connection takes, with the greeting that it owes.
pub(super) fn place(
    socket: &Socket,
    (namespace, slot): (Namespace, u16),
    greeting: &[Say],
    writer: &WriteContext,
    now: Millis,
) -> Committed {
    let target = Target { user: socket.user.clone(), slot, namespace, address: socket.address.clone() };
    let outbox = Outbox::new(greeting.iter().map(|say| to(&target, say.clone())), writer, now);
    let outbox = outbox.shortened(|delivery| match delivery {
        Delivery::Socket(emit) if emit.to == Audience::Connection(target.clone()) => {
            Some(OfRow { say: Some(emit.say.clone()), ..OfRow::named(OWN) })
        }
        _ => None,
    });
    Committed::new(Key::socket_place(namespace, slot), outbox)
}

fn to(target: &Target, say: Say) -> Delivery {
    Emit::to_connection(target, say).into()
}

/// Builds the deliveries that the row of a place has by name.
pub(crate) fn make_whole(committed: &mut Committed, row: &Item) {
    if !committed.has_short() {
        return;
    }
    let target = read::<PlaceRow>(row.clone()).ok().map(PlaceRow::into_target);
    committed.make_whole(|short| {
        let (target, say) = (target.as_ref()?, short.say.clone().filter(|_| short.name == OWN)?);
        Some(to(target, say))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::id::UserId;
    use crate::contract::sockets::{Address, ConnectionId, Framing, Names, Outgoing};
    use crate::contract::text::Line;

    #[test]
    fn a_place_has_its_greeting_without_the_connection() {
        let now = Millis(1_790_000_000_123);
        let address = Address {
            connection: ConnectionId::parse("JKJaXmPLvHcESHA=").unwrap(),
            stage: Namespace::SocketIo,
            framing: Framing::SocketIo,
            names: Names::Both,
            since: now,
            token_expires: now.plus_seconds(3600),
        };
        let user = UserId::parse("8ec5a54b-5b7c-4b6e-9d3b-0b1f1f6e2a11").unwrap();
        let socket = Socket::new(address, user, Line::cleaned("Ada Lovelace", 128).unwrap());
        let writer = WriteContext { delivers: true, posts: true, ..WriteContext::without_delivery("r") };
        let greeting = [Say::Other(Outgoing::Joined { namespace: Namespace::Ws }), Say::ContactsOnline];
        let committed = place(&socket, (Namespace::Ws, 7), &greeting, &writer, now);
        let row = committed.item(&PlaceRow::new(&socket, Namespace::Ws, 7)).unwrap();
        let mut read = Committed::of_row(&row).unwrap();
        assert!(read.has_short() && !read.text().contains("JKJa"), "{}", read.text());
        make_whole(&mut read, &row);
        assert_eq!(read, committed);
        assert!(read.outbox.entries.iter().all(|entry| entry.delivery.ends_with_its_row()));
    }
}
