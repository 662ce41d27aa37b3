//! What updates and conditions mean, in plain Rust, compared with an embedded DynamoDB that gets their expressions. It also
//! refuses whatever is not in DynamoDB's grammar: a surplus comma, a placeholder that is unknown or unused, a reserved word.

use std::sync::LazyLock;

use dynoxide::{Database, DynoxideError};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::expression::{begins_with, between};
use super::*;

/// Attributes by the kind of their values: half of the names are reserved words.
const NUMBERS: [&str; 3] = ["seq", "expires_at", "count"];
const TEXTS: [&str; 4] = ["name", "status", "first_answer", "author"];
const ENTRIES: [&str; 3] = ["7", "ws", "user"];

/// A map, a list, and an attribute that is always there.
fn row(numbers: [Option<i64>; 3], texts: [Option<String>; 4], entries: [Option<i64>; 3]) -> Item {
    let texts = TEXTS.iter().zip(texts).filter_map(|(name, text)| Some(((*name).to_owned(), string(text?))));
    let of = |names: [&str; 3], values: [Option<i64>; 3]| -> Item {
        names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), number(value?)))).collect()
    };
    let mut row: Item = texts.chain(of(NUMBERS, numbers)).collect();
    row.insert("map".to_owned(), AttributeValue::M(of(ENTRIES, entries)));
    row.insert("list".to_owned(), ["a", "b"].map(str::to_owned)[..].into_value());
    row.insert("fixed_at".to_owned(), number(5));
    row.extend(KEY.item());
    row
}

static KEY: LazyLock<Key> = LazyLock::new(|| Key { pk: "p".to_owned(), sk: "s".to_owned() });

/// A step of an update, and what it makes of a row.
#[derive(Debug, Clone)]
enum Step {
    SetText(usize, String),
    SetDefault(usize, String),
    Replace(usize, Option<String>),
    Remove(usize),
    Copy(usize),
    SetNumber(usize, i64),
    Add(usize, i64),
    SetEntry(usize, i64),
    AddEntry(usize, i64),
    RemoveEntry(usize),
}

impl Step {
    /// The attribute, of which an update changes each once.
    fn target(&self) -> (u8, usize) {
        match *self {
            Self::SetText(n, _) | Self::SetDefault(n, _) | Self::Replace(n, _) | Self::Remove(n) => (0, n),
            Self::SetNumber(n, _) | Self::Add(n, _) | Self::Copy(n) => (1, n),
            Self::SetEntry(n, _) | Self::AddEntry(n, _) | Self::RemoveEntry(n) => (2, n),
        }
    }

    fn build(&self, update: Update) -> Update {
        match self.clone() {
            Self::SetText(n, text) => update.set(TEXTS[n], text),
            Self::SetDefault(n, text) => update.set_default(TEXTS[n], text),
            Self::Replace(n, text) => update.replace(TEXTS[n], text),
            Self::Remove(n) => update.remove(TEXTS[n]),
            Self::Copy(n) => update.copy(NUMBERS[n], "fixed_at"),
            Self::SetNumber(n, value) => update.set(NUMBERS[n], value),
            Self::Add(n, value) => update.add(NUMBERS[n], value),
            Self::SetEntry(n, value) => update.set(("map", ENTRIES[n]), value),
            Self::AddEntry(n, value) => update.add(("map", ENTRIES[n]), value),
            Self::RemoveEntry(n) => update.remove(("map", ENTRIES[n])),
        }
    }

    fn apply(&self, row: &mut Item) {
        let sum = |item: &Item, name: &str, value: i64| number(number_in(item, name).unwrap_or(0) + value);
        let (kind, n) = self.target();
        let (item, name) = match kind {
            0 => (row, TEXTS[n]),
            1 => (row, NUMBERS[n]),
            _ => match row.get_mut("map") {
                Some(AttributeValue::M(map)) => (map, ENTRIES[n]),
                _ => unreachable!("a row has a map"),
            },
        };
        let value = match self {
            Self::SetDefault(_, text) => Some(item.get(name).cloned().unwrap_or_else(|| string(text))),
            Self::SetText(_, text) => Some(string(text)),
            Self::Replace(_, text) => text.as_ref().map(string),
            Self::Remove(_) | Self::RemoveEntry(_) => None,
            Self::Copy(_) => Some(number(5)),
            Self::SetNumber(_, value) | Self::SetEntry(_, value) => Some(number(*value)),
            Self::Add(_, value) | Self::AddEntry(_, value) => Some(sum(item, name, *value)),
        };
        match value {
            Some(value) => item.insert(name.to_owned(), value),
            None => item.remove(name),
        };
    }
}

fn number_in(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A condition, and whether it holds.
#[derive(Debug, Clone)]
enum Claim {
    Number(usize, u8, i64),
    Between(usize, i64, i64),
    Text(usize, String),
    Prefix(usize, String),
    Unchanged(usize, Option<String>),
    There(usize),
    EntryAbsent(usize),
    Contains(String),
    Both(Box<Claim>, Box<Claim>),
    Either(Box<Claim>, Box<Claim>),
}

impl Claim {
    fn build(&self) -> Condition {
        match self.clone() {
            Self::Number(n, 0, value) => eq(NUMBERS[n], value),
            Self::Number(n, 1, value) => ne(NUMBERS[n], value),
            Self::Number(n, 2, value) => lt(NUMBERS[n], value),
            Self::Number(n, 3, value) => le(NUMBERS[n], value),
            Self::Number(n, _, value) => gt(NUMBERS[n], value),
            Self::Between(n, from, to) => between(NUMBERS[n], from, to),
            Self::Text(n, text) => eq(TEXTS[n], text),
            Self::Prefix(n, text) => begins_with(TEXTS[n], text),
            Self::Unchanged(n, text) => unchanged(TEXTS[n], text),
            Self::There(n) => exists(TEXTS[n]),
            Self::EntryAbsent(n) => absent(("map", ENTRIES[n])),
            Self::Contains(text) => contains("list", text),
            Self::Both(one, other) => one.build().and(other.build()),
            Self::Either(one, other) => one.build().or(other.build()),
        }
    }

    fn holds(&self, row: &Item) -> bool {
        let number = |n: usize| number_in(row, NUMBERS[n]);
        let text = |n: usize| row.get(TEXTS[n]).and_then(text);
        match self {
            Self::Number(n, 0, value) => number(*n) == Some(*value),
            Self::Number(n, 1, value) => number(*n) != Some(*value),
            Self::Number(n, 2, value) => number(*n).is_some_and(|number| number < *value),
            Self::Number(n, 3, value) => number(*n).is_some_and(|number| number <= *value),
            Self::Number(n, _, value) => number(*n).is_some_and(|number| number > *value),
            Self::Between(n, from, to) => number(*n).is_some_and(|number| (*from..=*to).contains(&number)),
            Self::Text(n, wanted) => text(*n) == Some(wanted),
            Self::Prefix(n, prefix) => text(*n).is_some_and(|text| text.starts_with(prefix)),
            Self::Unchanged(n, seen) => text(*n) == seen.as_deref(),
            Self::There(n) => text(*n).is_some(),
            Self::EntryAbsent(n) => match row.get("map") {
                Some(AttributeValue::M(map)) => !map.contains_key(ENTRIES[*n]),
                _ => true,
            },
            Self::Contains(text) => text == "a" || text == "b",
            Self::Both(one, other) => one.holds(row) && other.holds(row),
            Self::Either(one, other) => one.holds(row) || other.holds(row),
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-c]{1,2}"
}

fn step() -> impl Strategy<Value = Step> {
    let values = (0..4_usize, 0..3_usize, word(), -3..9_i64, 0..10_u8);
    values.prop_map(|(t, n, text, value, kind)| match kind {
        0 => Step::SetText(t, text),
        1 => Step::SetDefault(t, text),
        2 => Step::Replace(t, (value > 0).then_some(text)),
        3 => Step::Remove(t),
        4 => Step::Copy(n),
        5 => Step::SetNumber(n, value),
        6 => Step::Add(n, value),
        7 => Step::SetEntry(n, value),
        8 => Step::AddEntry(n, value),
        _ => Step::RemoveEntry(n),
    })
}

fn claim() -> impl Strategy<Value = Claim> {
    let values = (0..4_usize, 0..3_usize, word(), -3..9_i64, 0..12_u8);
    let leaf = values.prop_map(|(t, n, text, value, kind)| match kind {
        0 => Claim::Between(n, value, value + 2),
        1 => Claim::Text(t, text),
        2 => Claim::Prefix(t, text),
        3 => Claim::Unchanged(t, (value > 0).then_some(text)),
        4 => Claim::There(t),
        5 => Claim::EntryAbsent(n),
        6 => Claim::Contains(text),
        operator => Claim::Number(n, operator - 7, value),
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, any::<bool>()).prop_map(|(one, other, both)| {
            if both { Claim::Both(one.into(), other.into()) } else { Claim::Either(one.into(), other.into()) }
        })
    })
}

fn rows() -> impl Strategy<Value = Item> {
    let numbers = || proptest::array::uniform3(proptest::option::of(-3..9_i64));
    (numbers(), proptest::array::uniform4(proptest::option::of(word())), numbers())
        .prop_map(|(numbers, texts, entries)| row(numbers, texts, entries))
}

static DATABASE: LazyLock<Database> = LazyLock::new(|| {
    let database = Database::memory().unwrap();
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let table = json!({
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("pk"), attribute("sk")],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }],
    });
    database.create_table(request(table)).unwrap();
    database
});

fn request<T: DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
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
    item.iter().map(|(name, value)| (name.clone(), wire(value))).collect::<serde_json::Map<_, _>>().into()
}

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
    fn an_update_does_what_it_says_if_its_conditions_hold(
        row in rows(), steps in proptest::collection::vec(step(), 0..8), claims in proptest::collection::vec(claim(), 0..3),
    ) {
        let mut update = Update::new(&KEY);
        let (mut after, mut targets) = (row.clone(), Vec::new());
        for step in steps {
            if !targets.contains(&step.target()) {
                targets.push(step.target());
                update = step.build(update);
                step.apply(&mut after);
            }
        }
        update = claims.iter().fold(update, |update, claim| update.when(claim.build()));
        let holds = claims.iter().all(|claim| claim.holds(&row));
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
