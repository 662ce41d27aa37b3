//! Users in reading rooms.

use shared::contract::id::{BookId, UserId};
use shared::contract::person::Person;
use shared::contract::text::Line;
use shared::contract::time::Millis;
use shared::rooms::observation::{Observation, RoomUser};
use shared::rooms::presence::{self, Entrant};

use crate::World;

/// This user of this book's room.
pub fn user(book: &str, user: &str) -> RoomUser {
    RoomUser { book: BookId::parse(book).unwrap(), user: UserId::parse(user).unwrap() }
}

/// Puts the user into the room, as a webhook that reports it at this time, and delivers the events.
pub async fn join(world: &World, member: &RoomUser, at: Millis) {
    let display_name = Line::cleaned(member.user.as_str(), 128).unwrap();
    let person = Person { user_id: member.user.clone(), display_name, avatar_url: None };
    let (writer, entrant) = (world.app.writer("test"), Entrant { person: &person, book: None });
    let joined = presence::join(&world.app.table, &writer, member, entrant, Observation::ByWebhook(at)).await;
    world.app.deliver(joined.unwrap().pending).await;
}
