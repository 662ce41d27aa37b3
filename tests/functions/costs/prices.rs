//! `tests/prices.toml`: prices with their sources.

use serde::Deserialize;
use toml::value::Datetime;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceList {
    /// Such as `us-east-1`.
    pub(super) region: String,
    pub(super) price: Vec<PriceEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceEntry {
    pub(super) name: String,
    /// US dollars for so many units.
    pub(super) usd: f64,
    pub(super) per: u32,
    pub(super) unit: String,
    /// The provider's page.
    pub(super) page: String,
    /// The public text in which the number was read, and its day.
    pub(super) read_in: String,
    pub(super) date: Datetime,
}

impl PriceList {
    pub(super) fn read() -> Self {
        toml::from_str(include_str!("../../prices.toml")).unwrap()
    }

    /// US dollars for this many units.
    pub(super) fn of(&self, name: &str, units: f64) -> f64 {
        let price = self.price.iter().find(|price| price.name == name);
        let price = price.unwrap_or_else(|| panic!("tests/prices.toml has no price of {name}"));
        price.usd / f64::from(price.per) * units
    }
}
