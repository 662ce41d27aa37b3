//! DynamoDB's expression language. No other file writes it (`tests/functions/expressions.rs`).
//!
//! This file makes the placeholders for names and values, the commas and the parentheses. A name that cannot be a reserved word
//! is written as it is, because a placeholder takes more bytes.
//!
//! The crate `dynamodb-expression` does the same. It is a beta of 10,000 lines that brings six further crates and value types of
//! its own, and it builds no items of transactions.

use std::borrow::Borrow;
use std::borrow::Cow;
use std::collections::HashMap;

use super::{AttributeValue, IntoValue, number};

/// An attribute, or an entry of a map that is an attribute: `"seq"`, or `("namespaces", "ws")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    attribute: Cow<'static, str>,
    entry: Option<String>,
}

impl From<&'static str> for Path {
    fn from(attribute: &'static str) -> Self {
        Self { attribute: attribute.into(), entry: None }
    }
}

impl From<String> for Path {
    fn from(attribute: String) -> Self {
        Self { attribute: attribute.into(), entry: None }
    }
}

impl<T: Into<String>> From<(&'static str, T)> for Path {
    fn from((attribute, entry): (&'static str, T)) -> Self {
        Self { attribute: attribute.into(), entry: Some(entry.into()) }
    }
}

/// A condition on the present row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Compare(Path, &'static str, AttributeValue),
    Between(Path, [AttributeValue; 2]),
    Call(&'static str, Path, Option<AttributeValue>),
    Both(Box<[Condition; 2]>),
    Either(Box<[Condition; 2]>),
}

pub(crate) fn eq(path: impl Into<Path>, value: impl IntoValue) -> Condition {
    Condition::Compare(path.into(), "=", value.into_value())
}

/// Also holds where the attribute is absent.
pub(crate) fn ne(path: impl Into<Path>, value: impl IntoValue) -> Condition {
    Condition::Compare(path.into(), "<>", value.into_value())
}

pub(crate) fn lt(path: impl Into<Path>, value: impl IntoValue) -> Condition {
    Condition::Compare(path.into(), "<", value.into_value())
}

pub(crate) fn le(path: impl Into<Path>, value: impl IntoValue) -> Condition {
    Condition::Compare(path.into(), "<=", value.into_value())
}

pub(crate) fn gt(path: impl Into<Path>, value: impl IntoValue) -> Condition {
    Condition::Compare(path.into(), ">", value.into_value())
}

pub(super) fn between(path: impl Into<Path>, from: impl IntoValue, to: impl IntoValue) -> Condition {
    Condition::Between(path.into(), [from.into_value(), to.into_value()])
}

/// `exists("pk")` holds if there is a row.
pub(crate) fn exists(path: impl Into<Path>) -> Condition {
    Condition::Call("attribute_exists", path.into(), None)
}

/// `absent("pk")` holds if there is no row.
pub(crate) fn absent(path: impl Into<Path>) -> Condition {
    Condition::Call("attribute_not_exists", path.into(), None)
}

/// Whether a list or a set has this element.
pub(crate) fn contains(path: impl Into<Path>, element: impl IntoValue) -> Condition {
    Condition::Call("contains", path.into(), Some(element.into_value()))
}

pub(super) fn begins_with(path: impl Into<Path>, prefix: impl IntoValue) -> Condition {
    Condition::Call("begins_with", path.into(), Some(prefix.into_value()))
}

/// Holds while the attribute is as it was read: with this value, or absent.
pub(crate) fn unchanged(path: impl Into<Path>, seen: Option<impl IntoValue>) -> Condition {
    match seen {
        Some(seen) => eq(path, seen),
        None => absent(path),
    }
}

impl Condition {
    pub(crate) fn and(self, other: Self) -> Self {
        Self::Both(Box::new([self, other]))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self::Either(Box::new([self, other]))
    }

    /// Both, if there is an earlier one.
    pub(super) fn after(self, earlier: Option<Self>) -> Option<Self> {
        Some(match earlier {
            Some(earlier) => earlier.and(self),
            None => self,
        })
    }

    pub(super) fn text(&self, placeholders: &mut Placeholders) -> String {
        match self {
            Self::Compare(path, operator, value) => {
                format!("{} {operator} {}", placeholders.path(path), placeholders.value(value))
            }
            Self::Between(path, [from, to]) => {
                let (path, from) = (placeholders.path(path), placeholders.value(from));
                format!("{path} BETWEEN {from} AND {}", placeholders.value(to))
            }
            Self::Call(function, path, None) => format!("{function}({})", placeholders.path(path)),
            Self::Call(function, path, Some(value)) => {
                format!("{function}({}, {})", placeholders.path(path), placeholders.value(value))
            }
            Self::Both(both) => {
                let part = |part: &Self| match part {
                    Self::Either(_) => format!("({})", part.text(placeholders)),
                    other => other.text(placeholders),
                };
                both.each_ref().map(part).join(" AND ")
            }
            Self::Either(either) => either.each_ref().map(|part| part.text(placeholders)).join(" OR "),
        }
    }
}

/// The changes of an update.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) set: Vec<(Path, Operand)>,
    pub(super) remove: Vec<Path>,
    pub(super) add: Vec<(Path, AttributeValue)>,
}

/// The new value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Value(AttributeValue),
    /// The value that it has, or else this one.
    Default(AttributeValue),
    /// The number that it has, or else 0, and this one added.
    Sum(AttributeValue),
    /// The value of another attribute.
    Copy(Path),
}

impl Changes {
    /// Adds to a number; one that is absent counts as 0.
    pub(super) fn add(&mut self, path: Path, value: AttributeValue) {
        match path.entry {
            None => self.add.push((path, value)),
            // ADD is for attributes alone, not for entries of maps (DynamoDB API reference, UpdateItem).
            Some(_) => self.set.push((path, Operand::Sum(value))),
        }
    }

    /// `None` if the update changes no attribute.
    pub(super) fn text(&self, placeholders: &mut Placeholders) -> Option<String> {
        let set = self.set.iter().map(|(path, operand)| {
            let path = placeholders.path(path);
            let to = match operand {
                Operand::Value(value) => placeholders.value(value),
                Operand::Default(value) => format!("if_not_exists({path}, {})", placeholders.value(value)),
                Operand::Sum(value) => {
                    let zero = placeholders.value(&number(0));
                    format!("if_not_exists({path}, {zero}) + {}", placeholders.value(value))
                }
                Operand::Copy(other) => placeholders.path(other),
            };
            format!("{path} = {to}")
        });
        let set: Vec<_> = set.collect();
        let remove: Vec<_> = self.remove.iter().map(|path| placeholders.path(path)).collect();
        let add =
            self.add.iter().map(|(path, value)| format!("{} {}", placeholders.path(path), placeholders.value(value)));
        let clauses = [("SET", set), ("REMOVE", remove), ("ADD", add.collect())];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<_> = clauses.map(|(name, parts)| format!("{name} {}", parts.join(", "))).collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }
}

/// The names and values that the placeholders of one request's expressions stand for.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Placeholders {
    pub(super) fn projection(&mut self, attributes: &[&'static str]) -> Option<String> {
        let names: Vec<_> = attributes.iter().map(|name| self.path(&Path::from(*name))).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    fn path(&mut self, path: &Path) -> String {
        let attribute = self.name(&path.attribute);
        match &path.entry {
            Some(entry) => format!("{attribute}.{}", self.name(entry)),
            None => attribute,
        }
    }

    fn name(&mut self, name: &str) -> String {
        if is_plain(name) { name.to_owned() } else { format!("#{}", place(&mut self.names, name)) }
    }

    fn value(&mut self, value: &AttributeValue) -> String {
        format!(":{}", place(&mut self.values, value))
    }

    /// The names and the values; `None` instead of an empty map, which DynamoDB refuses.
    pub(super) fn into_maps(self) -> (Numbered<String>, Numbered<AttributeValue>) {
        (numbered('#', self.names), numbered(':', self.values))
    }
}

/// The names or the values of an expression, as aws-sdk-dynamodb takes them.
type Numbered<T> = Option<HashMap<String, T>>;

/// The index of an element, which is added if it is new.
fn place<T: Borrow<E>, E: PartialEq + ToOwned<Owned = T> + ?Sized>(list: &mut Vec<T>, element: &E) -> usize {
    list.iter().position(|known| known.borrow() == element).unwrap_or_else(|| {
        list.push(element.to_owned());
        list.len() - 1
    })
}

fn numbered<T>(sign: char, list: Vec<T>) -> Numbered<T> {
    let is_empty = list.is_empty();
    let map = list.into_iter().enumerate().map(|(n, element)| (format!("{sign}{n}"), element)).collect();
    (!is_empty).then_some(map)
}

/// Whether a name needs no placeholder: no reserved word of DynamoDB has an underscore or a digit, or is `pk` or `sk`
/// (DynamoDB Developer Guide, "Reserved words").
fn is_plain(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_unreserved = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    matches!(name, "pk" | "sk")
        || name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(is_word)
            && name.bytes().any(is_unreserved)
}
