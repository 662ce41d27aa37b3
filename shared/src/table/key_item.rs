//! Keys as items of the AWS SDK. `contract` does without the SDK, so that the build of `cargo local` need not wait for it.

use super::{Item, Key, string, text};

/// A key as the SDK has it.
pub trait KeyItem: Sized {
    /// The key as an item with two attributes.
    #[must_use]
    fn item(&self) -> Item;

    /// The key of an item, if it has one.
    #[must_use]
    fn of(item: &Item) -> Option<Self>;
}

impl KeyItem for Key {
    fn item(&self) -> Item {
        [("pk".to_owned(), string(&*self.pk)), ("sk".to_owned(), string(&*self.sk))].into()
    }

    fn of(item: &Item) -> Option<Self> {
        let part = |name: &str| item.get(name).and_then(text).map(str::to_owned);
        Some(Self { pk: part("pk")?, sk: part("sk")? })
    }
}
