//! Prices, from `tests/prices.toml`, which has their sources.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::setup;

/// US dollars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices {
    /// A million requests to an HTTP API.
    pub(crate) http_api: f64,
    /// A million invocations.
    pub(crate) invocations: f64,
    /// A GB-second of Lambda on arm64; billed by the millisecond.
    pub(crate) gb_second: f64,
    /// A million read or write request units.
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// A month of Pusher's plan Startup, with a million messages a day.
    pub(crate) pusher_month: f64,
}

#[derive(Deserialize)]
struct PriceFile {
    price: Vec<Price>,
}

#[derive(Deserialize)]
struct Price {
    name: String,
    usd: f64,
    per: f64,
}

impl Prices {
    pub(crate) fn read() -> Result<Self> {
        let path = setup::workspace()?.join("tests/prices.toml");
        let text = std::fs::read_to_string(path).context("tests/prices.toml is not there")?;
        let PriceFile { price } = toml::from_str(&text).context("tests/prices.toml cannot be read")?;
        let of = |name: &str, units: f64| {
            let found = price.iter().find(|price| price.name == name);
            found
                .map(|price| price.usd / price.per * units)
                .with_context(|| format!("tests/prices.toml has no price of {name}"))
        };
        Ok(Self {
            http_api: of("http_api_requests", 1e6)?,
            invocations: of("lambda_requests", 1e6)?,
            gb_second: of("lambda_gb_seconds", 1.0)?,
            read_units: of("read_units", 1e6)?,
            write_units: of("write_units", 1e6)?,
            pusher_month: of("pusher_startup", 1.0)?,
        })
    }
}
