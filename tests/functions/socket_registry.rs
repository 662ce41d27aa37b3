//! The registry of WebSocket connections, under many connections at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use proptest::prelude::*;
use shared::contract::id::UserId;
use shared::contract::sockets::{Address, ConnectionId, Framing, Names, Namespace};
use shared::contract::text::Line;
use shared::contract::time::Millis;
use shared::outbox::WriteContext;
use shared::sockets::{self, Arrival, Entering, NotEntered, Socket};
use shared::table::Key;
use tests::World;

const NAMESPACE: Namespace = Namespace::Dashboard;

fn socket(connection: &str, user: &str) -> Socket {
    let address = Address {
        connection: ConnectionId::parse(connection).unwrap(),
        stage: NAMESPACE,
        framing: Framing::Json,
        names: Names::Both,
        since: Millis::now(),
        token_expires: Millis::now().plus_seconds(3600),
    };
    Socket::new(address, UserId::parse(user).unwrap(), Line::cleaned(user, 128).unwrap())
}

async fn enter(world: &World, connection: &str, user: &str) -> Result<(), NotEntered> {
    let writer = WriteContext::without_delivery("r");
    let socket = socket(connection, user);
    let (arrival, greeting) = (Arrival::Handshake, Vec::new());
    let entering = Entering { socket: &socket, arrival, namespace: NAMESPACE, greeting };
    sockets::enter(&world.app.table, &writer, entering, Millis::now()).await.map(drop)
}

async fn leave(world: &World, connection: &str) {
    let writer = WriteContext::without_delivery("r");
    let connection = ConnectionId::parse(connection).unwrap();
    sockets::disconnect(&world.app.table, &writer, &connection, Millis::now()).await.unwrap();
}

async fn of_user(world: &World, user: &str) -> BTreeSet<String> {
    let user = UserId::parse(user).unwrap();
    let found = sockets::of_user(&world.app.table, NAMESPACE, &user, Millis::now()).await.unwrap();
    found.into_iter().map(|target| target.address.connection.to_string()).collect()
}

async fn count(world: &World) -> usize {
    sockets::count(&world.app.table, NAMESPACE, Millis::now()).await.unwrap()
}

/// Takes places of the namespace by rows as connections write them, without going through each handshake.
pub(crate) async fn fill(world: &World, places: std::ops::Range<u16>) {
    let expires = Millis::now().plus_seconds(3600);
    let row = |slot: u16| {
        let key = Key::socket_place(NAMESPACE, slot);
        serde_json::json!({
            "pk": key.pk, "sk": key.sk, "slot": slot, "namespace": "dashboard", "user": format!("filler-{slot}"),
            "token_expires": expires.0, "channels": [], "expires_at": expires.seconds(), "connection": format!("f{slot}"),
            "stage": "dashboard", "framing": "json", "names": "both", "since": Millis::now().0,
        })
    };
    world.table.put_rows(&places.map(row).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn of_50_connects_of_a_user_at_once_exactly_5_are_let_in() {
    let world = World::new().await;
    let names: Vec<String> = (0..50).map(|n| format!("c{n}")).collect();
    let outcomes = join_all(names.iter().map(|name| enter(&world, name, "ada"))).await;
    let admitted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(admitted, 5);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(NotEntered::TooManyOfUser))), "{outcomes:?}");
    assert_eq!((of_user(&world, "ada").await.len(), count(&world).await), (5, 5));
    // A refused connection has left no trace.
    let sockets = world.table.rows().await.into_keys().filter(|(pk, _)| pk.starts_with("SOCKET#")).count();
    assert_eq!(sockets, 5);
}

#[tokio::test]
async fn of_50_connects_at_once_as_many_are_let_in_as_there_are_places() {
    let world = World::new().await;
    fill(&world, 0..980).await;
    let names: Vec<String> = (0..50).map(|n| format!("c{n}")).collect();
    let users: Vec<String> = (0..50).map(|n| format!("u{n}")).collect();
    let outcomes = join_all(names.iter().zip(&users).map(|(name, user)| enter(&world, name, user))).await;
    let full = outcomes.iter().filter(|outcome| matches!(outcome, Err(NotEntered::Full))).count();
    assert_eq!((full, count(&world).await), (30, 1_000), "{outcomes:?}");
    leave(&world, &names[outcomes.iter().position(Result::is_ok).unwrap()]).await;
    assert_eq!(count(&world).await, 999);
    enter(&world, "late", "late").await.unwrap();
    assert!(matches!(enter(&world, "later", "later").await, Err(NotEntered::Full)));
}

#[tokio::test]
async fn a_connection_that_leaves_twice_gives_its_place_back_once() {
    let world = World::new().await;
    enter(&world, "c1", "ada").await.unwrap();
    enter(&world, "c2", "ada").await.unwrap();
    join_all((0..4).map(|_| leave(&world, "c1"))).await;
    assert_eq!(of_user(&world, "ada").await, BTreeSet::from(["c2".to_owned()]));
    assert_eq!(count(&world).await, 1);
}

/// The clients' actions in a wave, all at once.
#[derive(Debug, Clone, Copy)]
enum Act {
    Connect(u8, u8),
    Disconnect(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![(0_u8..30, 0_u8..3).prop_map(|(c, u)| Act::Connect(c, u)), (0_u8..30).prop_map(Act::Disconnect)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn after_waves_of_connects_and_ends_the_rows_agree_and_no_limit_is_passed(
        waves in proptest::collection::vec(proptest::collection::vec(act(), 1..12), 1..4)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = &World::new().await;
            for wave in waves {
                join_all(wave.into_iter().map(|act| async move {
                    match act {
                        Act::Connect(connection, user) => {
                            // A connection is one user's, and is made once.
                            let name = format!("c{connection}-{user}");
                            drop(enter(world, &name, &format!("u{user}")).await);
                        }
                        Act::Disconnect(connection) => {
                            for user in 0..3 {
                                leave(world, &format!("c{connection}-{user}")).await;
                            }
                        }
                    }
                })).await;
            }
            let rows = world.table.rows().await;
            let connections: BTreeSet<String> = rows.keys()
                .filter_map(|(pk, _)| pk.strip_prefix("SOCKET#").map(str::to_owned)).collect();
            let places: Vec<String> = rows.iter()
                .filter(|((pk, _), _)| pk.starts_with("SOCKETS#"))
                .map(|(_, row)| row["connection"].as_str().unwrap().to_owned()).collect();
            let mut of_users = BTreeSet::new();
            for user in 0..3 {
                let of_user = of_user(world, &format!("u{user}")).await;
                assert!(of_user.len() <= sockets::MAX_OF_USER, "{of_user:?}");
                of_users.extend(of_user);
            }
            assert_eq!(places.len(), connections.len());
            assert_eq!(places.into_iter().collect::<BTreeSet<_>>(), connections);
            assert_eq!(of_users, connections);
        });
    }
}
