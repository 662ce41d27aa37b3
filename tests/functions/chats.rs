//! Conversations: numbers have no gaps, even if writers, readers and repeated requests overlap and processes are killed.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::Config;
use shared::chats::{self, Author, Conversation, Message, NewMessage, Range, Seq};
use shared::contract::chats::Role;
use shared::contract::id::{BookingId, HotelSlug, UserId};
use shared::contract::text::Line;
use shared::erasure::{self, MessageCursor};
use shared::hotels;
use shared::http::idempotency::{Cause, IdempotencyKey};
use shared::outbox::WriteContext;
use shared::{ApiError, App};
use tests::{Fault, Hold, World};
use tokio::runtime::Runtime;

fn hotel() -> HotelSlug {
    HotelSlug::parse("killarney").unwrap()
}

fn booking() -> BookingId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    BookingId::parse(format!("BK-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

fn message(author: &str, text: &str, key: Option<&str>) -> NewMessage {
    let author =
        Author { id: UserId::parse(author).unwrap(), name: Line::cleaned(author, 128).unwrap(), role: Role::Guest };
    let key = key.map(|id| IdempotencyKey::of_cause(Cause::Event { source: author.id.as_str(), id }));
    NewMessage {
        author,
        others: Vec::new(),
        text: chats::message_text(text, "message").unwrap(),
        attachments: None,
        key,
    }
}

/// Posts without delivering: as a process that is killed right after its response.
async fn post(app: &App, booking: &BookingId, new: NewMessage) -> Result<(Message, bool), ApiError> {
    let owes = |message: &Message| hotels::message_created(&hotel(), booking, message, false);
    let conversation = Conversation::guest(&hotel(), booking);
    let done = chats::post(&app.table, &WriteContext::without_delivery("r"), &conversation, new, owes).await?;
    Ok((done.result, done.is_replay))
}

async fn all(app: &App, booking: &BookingId) -> Vec<Message> {
    let conversation = Conversation::guest(&hotel(), booking);
    chats::page(&app.table, &conversation, Range::After(Seq::NONE), 100).await.unwrap().messages
}

/// A writer's plan: its messages, each with how long its process lives in each attempt, in milliseconds. After the last of
/// these, it lives.
type Lives = Vec<Vec<u8>>;

fn crowd() -> impl Strategy<Value = Vec<Lives>> {
    let writer = prop::collection::vec(prop::collection::vec(0_u8..12, 0..3), 1..3);
    let many = prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u8..30, 0..2), 1..2), 32);
    prop_oneof![100 => prop::collection::vec(writer, 1..5), 1 => many]
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
static WORLD: LazyLock<World> = LazyLock::new(|| RUNTIME.block_on(World::new()));

/// Writes a message until somebody says that it is written, however often the process is killed before.
async fn insist(app: &App, booking: &BookingId, author: &str, text: &str, lives: &[u8]) -> Seq {
    for life in lives {
        let new = message(author, text, Some(text));
        if let Ok(Ok((message, _))) =
            tokio::time::timeout(Duration::from_millis((*life).into()), post(app, booking, new)).await
        {
            return message.seq;
        }
    }
    loop {
        match post(app, booking, message(author, text, Some(text))).await {
            Ok((message, _)) => return message.seq,
            Err(error) => assert_eq!(error.status(), 503, "{error}"),
        }
    }
}

/// Reads on after the last number that it knows, until it has this many.
async fn follow(app: &App, booking: &BookingId, limit: u8, until: u64) -> Vec<u64> {
    let conversation = Conversation::guest(&hotel(), booking);
    let mut seen: Vec<u64> = Vec::new();
    while seen.len() < usize::try_from(until).unwrap() {
        let last = Seq(seen.last().copied().unwrap_or_default());
        let page = chats::page(&app.table, &conversation, Range::After(last), limit).await.unwrap();
        seen.extend(page.messages.iter().map(|message| message.seq.0));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    seen
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 20, failure_persistence: None, ..Config::default() })]

    #[test]
    fn however_many_write_at_once_and_die_each_message_has_one_number_and_each_reader_sees_it_once(
        crowd in crowd(), limits in prop::collection::vec(1_u8..8, 2)
    ) {
        let (app, booking) = (&WORLD.app, booking());
        let total = crowd.iter().map(Vec::len).sum::<usize>() as u64;
        let write = async |writer: usize, lives: &Lives| {
            let mut written = Vec::new();
            for (n, lives) in lives.iter().enumerate() {
                let (author, text) = (format!("{booking}-w{writer}"), format!("{writer}.{n}"));
                written.push((insist(app, &booking, &author, &text, lives).await, text));
            }
            written
        };
        let (written, followed, rows) = RUNTIME.block_on(async {
            let writers = join_all(crowd.iter().enumerate().map(|(writer, lives)| write(writer, lives)));
            let readers = join_all(limits.iter().map(|limit| follow(app, &booking, *limit, total)));
            let (written, followed) = tokio::join!(writers, readers);
            (written, followed, all(app, &booking).await)
        });
        let text = |message: &Message| message.text.as_ref().unwrap().as_str().to_owned();
        let stored: BTreeMap<_, _> = rows.iter().map(|message| (message.seq, text(message))).collect();
        let told: BTreeMap<_, _> = written.into_iter().flatten().collect();
        prop_assert_eq!(&stored, &told, "what the writers were told is what is there");
        let numbers: Vec<u64> = (1..=total).collect();
        prop_assert_eq!(rows.iter().map(|message| message.seq.0).collect::<Vec<_>>(), numbers.clone());
        for seen in followed {
            prop_assert_eq!(&seen, &numbers);
        }
    }
}

#[tokio::test]
async fn each_message_of_a_killed_writer_owes_its_events() {
    let world = World::new().await;
    let booking = booking();
    for text in ["one", "two"] {
        post(&world.app, &booking, message("ada", text, None)).await.unwrap();
    }
    let owed = tests::consumer::owed(&world).await;
    let count = |kind: &str| owed.iter().filter(|owed| owed["kind"] == kind).count();
    assert_eq!((count("pusher"), count("wake")), (4, 2));
}

#[tokio::test]
async fn a_repeat_while_the_first_is_under_way_gets_the_same_message() {
    let world = World::new().await;
    let (booking, hold) = (booking(), Hold::default());
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let first = post(&world.app, &booking, message("ada", "hello", Some("k")));
    let repeat = hold.meanwhile(post(&world.app, &booking, message("ada", "hello", Some("k"))));
    let (first, repeat) = tokio::join!(first, repeat);
    let ((first, _), (repeat, _)) = (first.unwrap(), repeat.unwrap());
    assert_eq!(first, repeat);
    assert_eq!(all(&world.app, &booking).await, [first]);
}

#[tokio::test]
async fn a_response_that_is_lost_on_the_way_writes_nothing_twice() {
    let world = World::new().await;
    let booking = booking();
    world.table.inject("TransactWriteItems", &[Fault::ResponseLost]);
    let (message, _) = post(&world.app, &booking, message("ada", "hello", None)).await.unwrap();
    assert_eq!(all(&world.app, &booking).await, [message]);
}

#[tokio::test]
async fn a_conversation_that_too_many_write_to_says_when_to_try_again() {
    let world = World::new().await;
    world.table.inject("TransactWriteItems", &vec![Fault::Conflict; 20]);
    let error = post(&world.app, &booking(), message("ada", "hello", None)).await.unwrap_err();
    assert_eq!((error.status().as_u16(), error.retry_after().is_some()), (503, true));
}

/// Erases an author's messages, call by call; returns how many.
async fn erase(app: &App, author: &UserId) -> usize {
    let (writer, mut erased, mut cursor) = (WriteContext::without_delivery("r"), 0, None);
    loop {
        let done = erasure::erase_messages(&app.table, &writer, author, cursor.as_ref()).await.unwrap().result;
        erased += done.erased;
        let Some(next) = done.next_cursor else { return erased };
        cursor = Some(MessageCursor::parse(&next).unwrap());
    }
}

proptest! {
    #![proptest_config(Config { cases: cases().min(60), max_shrink_iters: 20, failure_persistence: None, ..Config::default() })]

    /// No index has the messages themselves: an author's read mark leads to their conversation, and the head stands in for the mark.
    #[test]
    fn an_erasure_finds_all_messages_however_it_overlaps_with_their_author_and_others(
        pauses in prop::collection::vec(0_u64..12, 1..7), others in 0_usize..10, begins in prop::collection::vec(0_u64..25, 1..4)
    ) {
        let (app, booking) = (&WORLD.app, booking());
        let ada = UserId::parse(format!("{booking}-ada")).unwrap();
        RUNTIME.block_on(async {
            for n in 0..others {
                insist(app, &booking, &format!("{booking}-w{n}"), "before", &[]).await;
            }
            let writes = async {
                for (n, pause) in pauses.iter().enumerate() {
                    insist(app, &booking, ada.as_str(), &n.to_string(), &[]).await;
                    tokio::time::sleep(Duration::from_millis(*pause)).await;
                }
            };
            let erases = async {
                for pause in begins {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    erase(app, &ada).await;
                }
            };
            tokio::join!(writes, erases);
            erase(app, &ada).await;
            let messages = all(app, &booking).await;
            prop_assert_eq!(messages.len(), pauses.len() + others);
            prop_assert!(messages.iter().all(|message| message.author.as_ref() != Some(&ada)), "{:?}", messages);
            let key = (format!("CHAT#GUEST#killarney#{booking}"), "HEAD".to_owned());
            let head = &WORLD.table.every_row().await[&key];
            prop_assert!(!serde_json::to_string(head).unwrap().contains(ada.as_str()), "{:?}", head);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_limit_is_exact_over_many_processes_whether_it_is_in_the_head_or_in_a_row_of_its_own() {
    let world = World::new().await;
    let booking = booking();
    let guest = hotels::guest_id(&hotel(), &booking).unwrap();
    for author in [guest.as_str(), "ada"] {
        let began = std::time::Instant::now();
        let process = async |process: usize| {
            let mut written = 0;
            for n in 0..6 {
                let sent = post(&world.app, &booking, message(author, &format!("{process}.{n}"), None)).await;
                match sent.map_err(|error| error.status().as_u16()) {
                    Ok(_) => written += 1,
                    Err(refused) => assert_eq!(refused, 429),
                }
            }
            written
        };
        let written: u64 = join_all((0..6).map(process)).await.into_iter().sum();
        let most = 30 + began.elapsed().as_secs() / 2;
        assert!((30..=most).contains(&written), "{author}: {written}");
    }
    let rows = world.table.every_row().await;
    assert!(rows.contains_key(&("USER#ada".to_owned(), "LIMIT#messages".to_owned())));
    assert!(!rows.contains_key(&(format!("USER#{guest}"), "LIMIT#messages".to_owned())));
}
