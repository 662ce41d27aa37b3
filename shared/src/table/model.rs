//! The meaning of updates and conditions in plain Rust, compared with an embedded DynamoDB that gets their expressions. It refuses
//! expressions outside of DynamoDB's grammar: a surplus comma, an unknown or unused placeholder, a reserved word.

use std::sync::LazyLock;

use dynoxide::{Database, DynoxideError};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::expression::{begins_with, between};
use super::{Action, AttributeValue, Condition, Item, Key, Update};
use super::{absent, contains, eq, exists, gt, le, lt, ne, number, string, text, unchanged};

/// Attributes by the kind of their values, and entries of the attribute `map`. Some names are reserved words.
const NUMBERS: [&str; 3] = ["seq", "expires_at", "count"];
const TEXTS: [&str; 3] = ["name", "first_answer", "status"];
const ENTRIES: [&str; 3] = ["7", "ws", "user"];

static KEY: LazyLock<Key> = LazyLock::new(|| Key { pk: "p".to_owned(), sk: "s".to_owned() });

/// A kind of step or of condition, an attribute of its kind, a text and a number.
type Part = (u8, usize, String, i64);

fn parts(kinds: u8, most: usize) -> impl Strategy<Value = Vec<Part>> {
    vec((0..kinds, 0..3_usize, "[a-c]{1,2}", -3..9_i64), 0..most)
}

/// A row with some of the attributes.
fn row() -> impl Strategy<Value = Item> {
    let named = |names: [&str; 3], values: Vec<AttributeValue>| names.map(str::to_owned).into_iter().zip(values);
    let numbers = || vec((-3..9_i64).prop_map(number), 0..4);
    (numbers(), vec("[a-c]{1,2}".prop_map(string), 0..4), numbers()).prop_map(move |(numbers, texts, entries)| {
        let mut row: Item = named(NUMBERS, numbers).chain(named(TEXTS, texts)).chain(KEY.item()).collect();
        row.insert("map".to_owned(), AttributeValue::M(named(ENTRIES, entries).collect()));
        row.insert("list".to_owned(), AttributeValue::L(vec![string("a"), string("b")]));
        row.insert("fixed_at".to_owned(), number(5));
        row
    })
}

fn number_in(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Adds a step to an update, and does it to the row.
fn step(update: Update, row: &mut Item, (kind, n, word, value): Part) -> Update {
    let (name, count, entry) = (TEXTS[n], NUMBERS[n], ("map", ENTRIES[n]));
    let (update, after) = match kind {
        0 => (update.set(name, &word), Some(string(&word))),
        1 => (update.set_default(name, &word), Some(row.get(name).cloned().unwrap_or_else(|| string(&word)))),
        2 => (update.remove(name), None),
        3 => (update.copy(count, "fixed_at"), Some(number(5))),
        4 => (update.replace(count, Some(value)), Some(number(value))),
        5 => (update.add(count, value), Some(number(number_in(row, count).unwrap_or(0) + value))),
        6 => (update.set(entry, value), Some(number(value))),
        7 => (update.add(entry, value), Some(number(number_in(entries(row), entry.1).unwrap_or(0) + value))),
        _ => (update.remove(entry), None),
    };
    let (item, name) = match kind {
        0..3 => (row, name),
        3..6 => (row, count),
        _ => (entries(row), entry.1),
    };
    match after {
        Some(after) => item.insert(name.to_owned(), after),
        None => item.remove(name),
    };
    update
}

fn entries(row: &mut Item) -> &mut Item {
    match row.get_mut("map") {
        Some(AttributeValue::M(entries)) => entries,
        _ => unreachable!("each row has the map"),
    }
}

/// A condition, and whether the row meets it.
fn condition(row: &mut Item, (kind, n, word, value): Part) -> (Condition, bool) {
    let (name, count) = (TEXTS[n], NUMBERS[n]);
    let is = |holds: fn(i64, i64) -> bool| number_in(row, count).is_some_and(|number| holds(number, value));
    let found = row.get(name).and_then(text);
    match kind {
        0 => (eq(count, value), is(|number, value| number == value)),
        1 => (ne(count, value), !is(|number, value| number == value)),
        2 => (lt(count, value), is(|number, value| number < value)),
        3 => (le(count, value), is(|number, value| number <= value)),
        4 => (gt(count, value), is(|number, value| number > value)),
        5 => (between(count, value, value + 2), is(|number, value| (value..=value + 2).contains(&number))),
        6 => (begins_with(name, &word), found.is_some_and(|found| found.starts_with(&word))),
        7 => (unchanged(name, Some(&word)), found == Some(&word)),
        8 => (unchanged(name, None::<&str>), found.is_none()),
        9 => (exists(name), found.is_some()),
        10 => (absent(("map", ENTRIES[n])), !entries(row).contains_key(ENTRIES[n])),
        _ => (contains("list", &word), word == "a" || word == "b"),
    }
}

/// Conditions in one, with parentheses on either side.
fn combined((one, holds): (Condition, bool), (other, other_holds): (Condition, bool), how: i64) -> (Condition, bool) {
    match how.rem_euclid(4) {
        0 => (one.and(other), holds && other_holds),
        1 => (other.and(one), holds && other_holds),
        2 => (one.or(other), holds || other_holds),
        _ => (other.or(one), holds || other_holds),
    }
}

fn wire(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(wire).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": wire_item(map) }),
        other => panic!("no row here holds {other:?}"),
    }
}

fn wire_item(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), wire(value))).collect::<Map<_, _>>().into()
}

fn request<T: DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
}

static DATABASE: LazyLock<Database> = LazyLock::new(|| {
    let database = Database::memory().unwrap();
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let keys = json!([{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }]);
    let attributes = [attribute("pk"), attribute("sk")];
    let table = json!({ "TableName": "table", "KeySchema": keys, "AttributeDefinitions": attributes, "BillingMode": "PAY_PER_REQUEST" });
    database.create_table(request(table)).unwrap();
    database
});

/// The row after an update of this row, or `None` if the condition failed.
fn updated(row: &Item, update: Update) -> Option<Value> {
    DATABASE.put_item(request(json!({ "TableName": "table", "Item": wire_item(row) }))).unwrap();
    let expressions = Action::from(update).expressions();
    let mut update = json!({ "TableName": "table", "Key": wire_item(&KEY.item()), "ReturnValues": "ALL_NEW" });
    let mut set = |name: &str, value: Option<Value>| value.into_iter().for_each(|value| update[name] = value);
    set("UpdateExpression", expressions.update.map(Value::from));
    set("ConditionExpression", expressions.condition.map(Value::from));
    set("ExpressionAttributeNames", expressions.names.map(|names| json!(names)));
    set("ExpressionAttributeValues", expressions.values.map(|values| wire_item(&values)));
    match DATABASE.update_item(request(update.clone())) {
        Ok(response) => Some(serde_json::to_value(response.attributes).unwrap()),
        Err(DynoxideError::ConditionalCheckFailedException(..)) => None,
        Err(error) => panic!("{error}: {update}"),
    }
}

proptest! {
    #[test]
    fn an_update_does_what_it_says_if_its_condition_holds(row in row(), steps in parts(9, 8), conditions in parts(12, 5)) {
        let (mut update, mut after, mut targets) = (Update::new(&KEY), row.clone(), Vec::new());
        for part in steps {
            // An update changes each attribute once.
            let target = (part.0 / 3, part.1);
            if !targets.contains(&target) {
                targets.push(target);
                update = step(update, &mut after, part);
            }
        }
        let conditions = conditions.into_iter().map(|part| (part.3, condition(&mut row.clone(), part)));
        let all = conditions.reduce(|(_, one), (how, other)| (how, combined(one, other, how)));
        let holds = all.as_ref().is_none_or(|(_, (_, holds))| *holds);
        let update = all.into_iter().fold(update, |update, (_, (condition, _))| update.when(condition));
        prop_assert_eq!(updated(&row, update), holds.then(|| wire_item(&after)));
    }
}

#[test]
fn placeholders_are_short_shared_and_only_where_they_are_needed() {
    let update = Update::new(&KEY).set("seq", 7_i64).set("expires_at", 7_i64).remove("name").add("seen_by", 1);
    let expressions = Action::from(update.when(absent("pk").or(eq("name", "b"))).when(eq("seq", 1_i64))).expressions();
    assert_eq!(expressions.update.unwrap(), "SET #0 = :0, expires_at = :0 REMOVE #1 ADD seen_by :1");
    assert_eq!(expressions.condition.unwrap(), "(attribute_not_exists(pk) OR #1 = :2) AND #0 = :1");
    assert_eq!((expressions.names.unwrap().len(), expressions.values.unwrap().len()), (2, 3));
}
