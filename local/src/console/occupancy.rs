//! Connections, channels and members where the functions serve channels themselves, as the table has them now.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{RawQuery, State};
use contract::socket_id::SocketId;
use contract::sockets::ConnectionId;
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::services::aws::{Aws, Row, text};
use crate::state::settings::PusherServer;

/// Channels, and connections, of a page.
const PAGE: usize = 25;
/// Names that are shown of one channel's members or of one connection's channels.
const NAMES: usize = 20;

/// The pages that are asked for, counted from 0, and words that each entry must have.
#[derive(Default)]
struct Asked {
    words: Vec<String>,
    channels: usize,
    connections: usize,
}

/// A page of the channels that have subscribers, and one of the open connections: `?find=…&channels=0&connections=0`.
pub(super) async fn show(State(console): State<Console>, RawQuery(query): RawQuery) -> Answer<Json<Value>> {
    let state = console.state()?;
    if state.pusher.server != PusherServer::Gateway {
        return Err(Failure::gone("This stack's channels are those of a Pusher server, which knows who is connected"));
    }
    let of_connections = json!({
        "ConsistentRead": true,
        "FilterExpression": "begins_with(pk, :connection)",
        "ExpressionAttributeValues": { ":connection": { "S": CONNECTION } },
    });
    let rows = Aws::of(&state).scan(of_connections).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(Json(Occupancy::of(&rows, now).pages(&Asked::read(query.as_deref().unwrap_or_default()))))
}

/// How the keys of a connection's rows begin: its own, and those of its subscriptions.
const CONNECTION: &str = "CONNECTION#";
const SUBSCRIPTION: &str = "SUBSCRIPTION#";

impl Asked {
    /// Ignores other parameters, and pages that are not numbers: only the console's own page asks.
    fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "find" => asked.words = value.to_lowercase().split_whitespace().map(str::to_owned).collect(),
                "channels" => asked.channels = value.parse().unwrap_or_default(),
                "connections" => asked.connections = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        asked
    }

    /// Whether each word is in one of the entry's names, ids, members and users.
    fn fits(&self, shown: &Value) -> bool {
        let own = ["name", "id", "socketId", "user"].into_iter().filter_map(|field| shown.get(field)?.as_str());
        let listed = ["members", "channels"].into_iter().filter_map(|field| shown.get(field)?.as_array()).flatten();
        let texts: Vec<_> = own.chain(listed.filter_map(name_of)).map(str::to_lowercase).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }

    /// The page of this number, or the last one. Of each entry's list `of`, the first names are shown, those that were looked for before
    /// others, and `more` counts the rest.
    fn page(&self, all: Vec<Value>, number: usize, of: &str) -> Value {
        let (total, pages) = (all.len(), all.len().div_ceil(PAGE).max(1));
        let number = number.min(pages - 1);
        let mut shown: Vec<_> = all.into_iter().skip(number * PAGE).take(PAGE).collect();
        for entry in &mut shown {
            let mut more = 0;
            if let Some(names) = entry.get_mut(of).and_then(Value::as_array_mut) {
                names.sort_by_cached_key(|name| {
                    let name = name_of(name).unwrap_or_default().to_lowercase();
                    !self.words.iter().any(|word| name.contains(word))
                });
                more = names.len().saturating_sub(NAMES);
                names.truncate(NAMES);
            }
            entry["more"] = json!(more);
        }
        json!({ "total": total, "page": number, "pages": pages, "first": number * PAGE, "shown": shown })
    }
}

/// The name of a channel, or the id of a member.
fn name_of(listed: &Value) -> Option<&str> {
    listed.as_str().or_else(|| listed.get("id")?.as_str())
}

/// An open connection.
#[derive(Default)]
struct Connection {
    /// In milliseconds since 1970.
    since: u64,
    /// The user who signed in on it, or else its member in a presence channel.
    user: Option<String>,
    channels: Vec<String>,
}

/// A channel with subscribers.
#[derive(Default)]
struct Channel {
    connections: usize,
    /// Of a presence channel: by how many connections each member is there.
    members: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Occupancy {
    /// The oldest first.
    connections: Vec<(String, Connection)>,
    channels: BTreeMap<String, Channel>,
}

impl Occupancy {
    /// `now` is in seconds since 1970.
    fn of(rows: &[Row], now: u64) -> Self {
        let mut open: BTreeMap<&str, Connection> = BTreeMap::new();
        let is_live = |row: &&Row| number(row, "expires_at").is_some_and(|expiry| expiry > now);
        let keyed = |row: &'_ Row| -> Option<(String, String)> {
            let id = text(row, "pk")?.strip_prefix(CONNECTION)?;
            Some((id.to_owned(), text(row, "sk")?.to_owned()))
        };
        let live: Vec<_> = rows.iter().filter(is_live).filter_map(|row| Some((keyed(row)?, row))).collect();
        for ((id, _), row) in live.iter().filter(|((_, sk), row)| sk == "CONNECTION" && !row.contains_key("ended")) {
            let (since, user) = (number(row, "since").unwrap_or_default(), text(row, "user").map(str::to_owned));
            open.insert(id, Connection { since, user, channels: Vec::new() });
        }
        let mut channels: BTreeMap<String, Channel> = BTreeMap::new();
        for ((id, sk), row) in &live {
            let is_on = row.get("on").and_then(|on| on.get("BOOL")?.as_bool()) == Some(true);
            let (Some(name), Some(connection), true) =
                (sk.strip_prefix(SUBSCRIPTION), open.get_mut(id.as_str()), is_on)
            else {
                continue;
            };
            connection.channels.push(name.to_owned());
            let channel = channels.entry(name.to_owned()).or_default();
            channel.connections += 1;
            if let Some(member) = text(row, "member") {
                *channel.members.entry(member.to_owned()).or_default() += 1;
                connection.user.get_or_insert_with(|| member.to_owned());
            }
        }
        let mut connections: Vec<_> = open.into_iter().map(|(id, connection)| (id.to_owned(), connection)).collect();
        connections.sort_by_key(|(_, connection)| connection.since);
        Self { connections, channels }
    }

    fn pages(&self, asked: &Asked) -> Value {
        let channels = self.channels.iter().map(|(name, channel)| {
            let members =
                channel.members.iter().map(|(id, connections)| json!({ "id": id, "connections": connections }));
            json!({ "name": name, "connections": channel.connections, "members": members.collect::<Vec<_>>() })
        });
        let connections = self.connections.iter().map(|(id, Connection { since, user, channels })| {
            let socket = ConnectionId::parse(id.as_str()).ok().map(|id| SocketId::of(&id).as_str().to_owned());
            json!({ "id": id, "socketId": socket, "since": since, "user": user, "channels": channels })
        });
        json!({
            "channels": asked.page(channels.filter(|shown| asked.fits(shown)).collect(), asked.channels, "members"),
            "connections": asked.page(connections.filter(|shown| asked.fits(shown)).collect(), asked.connections, "channels"),
        })
    }
}

fn number(row: &Row, name: &str) -> Option<u64> {
    row.get(name)?.get("N")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000;

    fn connection(id: &str, since: u64, user: Option<&str>) -> Row {
        let mut row = json!({ "pk": { "S": format!("CONNECTION#{id}") }, "sk": { "S": "CONNECTION" },
            "since": { "N": since.to_string() }, "expires_at": { "N": "2000" } });
        if let Some(user) = user {
            row["user"] = json!({ "S": user });
        }
        row.as_object().unwrap().clone()
    }

    fn subscription(id: &str, channel: &str, member: Option<&str>) -> Row {
        let mut row = json!({ "pk": { "S": format!("CONNECTION#{id}") }, "sk": { "S": format!("SUBSCRIPTION#{channel}") },
            "on": { "BOOL": true }, "expires_at": { "N": "2000" } });
        if let Some(member) = member {
            row["member"] = json!({ "S": member });
        }
        row.as_object().unwrap().clone()
    }

    fn with(mut row: Row, name: &str, value: Value) -> Row {
        row.insert(name.to_owned(), value);
        row
    }

    fn pages(rows: &[Row], query: &str) -> Value {
        Occupancy::of(rows, NOW).pages(&Asked::read(query))
    }

    fn names(page: &Value, key: &str) -> Vec<String> {
        let shown = page["shown"].as_array().unwrap().iter();
        shown.map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_channel_has_its_open_connections_and_its_members() {
        let rows = [
            connection("b", 20, None),
            connection("a", 30, Some("ada")),
            with(connection("gone", 10, None), "ended", json!({ "N": "40" })),
            with(connection("old", 10, None), "expires_at", json!({ "N": "1000" })),
            subscription("a", "news", None),
            subscription("b", "news", None),
            subscription("b", "presence-room-b", Some("ben")),
            subscription("gone", "presence-room-b", Some("eve")),
            subscription("old", "news", None),
            with(subscription("a", "left", None), "on", json!({ "BOOL": false })),
        ];
        let found = pages(&rows, "");
        assert_eq!(names(&found["channels"], "name"), ["news", "presence-room-b"]);
        assert_eq!(found["channels"]["shown"][0]["connections"], 2);
        assert_eq!(found["channels"]["shown"][1]["members"], json!([{ "id": "ben", "connections": 1 }]));
        assert_eq!(names(&found["connections"], "id"), ["b", "a"], "the oldest first");
        assert_eq!(names(&found["connections"], "user"), ["ben", "ada"]);
        assert_eq!(found["connections"]["shown"][0]["channels"], json!(["news", "presence-room-b"]));
        assert_eq!(found["connections"]["shown"][1]["socketId"], "1.64");
        let of_ben = pages(&rows, "find=BEN");
        assert_eq!(
            (names(&of_ben["channels"], "name"), names(&of_ben["connections"], "id")),
            (vec!["presence-room-b".to_owned()], vec!["b".to_owned()])
        );
    }

    #[test]
    fn only_names_ids_members_and_users_are_searched() {
        let rows = [
            connection("a", 30, Some("ada")),
            subscription("a", "news", None),
            subscription("a", "presence-room-b", Some("ada")),
        ];
        let found = |query: &str| {
            let found = pages(&rows, &format!("find={query}"));
            (names(&found["channels"], "name").len(), names(&found["connections"], "id").len())
        };
        for (query, expected) in [
            ("members", (0, 0)),
            ("connections", (0, 0)),
            ("null", (0, 0)),
            ("30", (0, 0)),
            ("news", (1, 1)),
            ("ada", (1, 1)),
            ("1.64", (0, 1)),
            ("room+ADA", (1, 1)),
            ("news+ada", (0, 1)),
            ("", (2, 1)),
        ] {
            assert_eq!(found(query), expected, "{query}");
        }
    }

    #[test]
    fn a_page_has_twenty_five_and_there_is_always_one() {
        let rows: Vec<_> = (0..120)
            .flat_map(|n| {
                let id = format!("c{n:03}");
                [
                    connection(&id, n, None),
                    subscription(&id, "news", None),
                    subscription(&id, &format!("n-{n:03}"), None),
                ]
            })
            .collect();
        let found = pages(&rows, "channels=4&connections=1");
        let (channels, connections) = (&found["channels"], &found["connections"]);
        assert_eq!((&channels["total"], &channels["pages"], &channels["first"]), (&json!(121), &json!(5), &json!(100)));
        assert_eq!((names(channels, "name").len(), names(connections, "id")[0].as_str()), (21, "c025"));
        assert_eq!(pages(&rows, "connections=9")["connections"]["page"], 4, "the last one");
        assert_eq!(pages(&[], "channels=x&other=1")["channels"]["pages"], 1);
        let many: Vec<_> = (0..25).map(|n| subscription("a", &format!("n-{n:02}"), None)).collect();
        let found = pages(&[&[connection("a", 1, None)], &many[..]].concat(), "");
        let one = &found["connections"]["shown"][0];
        assert_eq!((one["channels"].as_array().unwrap().len(), &one["more"]), (20, &json!(5)));
        let found = pages(&[&[connection("a", 1, None)], &many[..]].concat(), "find=n-24");
        assert_eq!(found["connections"]["shown"][0]["channels"][0], "n-24", "what was looked for is shown");
    }
}
