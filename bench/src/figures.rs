//! The figures of each system for each piece of work.

use crate::measure::{Measured, Sample};
use crate::statistics::Spread;
use crate::system::System;
use crate::work::Work;

/// Selects one figure of a sample.
pub(crate) type Figure = fn(&Sample) -> f64;

/// One system's figures for one piece of work.
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) system: System,
    pub(crate) samples: Vec<Sample>,
    pub(crate) zip: f64,
    pub(crate) instructions: Option<f64>,
}

impl Row {
    pub(crate) fn new(work: &Work, system: System, seen: &Measured, zip: f64, instructions: Option<f64>) -> Self {
        let samples = seen.samples.get(&system).cloned().unwrap_or_default();
        Self { work: work.title(), system, samples, zip, instructions }
    }

    /// A figure over all rounds.
    pub(crate) fn spread(&self, figure: Figure) -> Spread {
        Spread::of(self.samples.iter().map(figure))
    }

    /// The ratio of this system's figure to another's, round by round.
    pub(crate) fn ratio(&self, to: &Self, figure: Figure) -> Spread {
        Spread::of(self.samples.iter().zip(&to.samples).map(|(ours, theirs)| figure(ours) / figure(theirs)))
    }
}

/// `median (low to high)`.
pub(crate) fn spread(spread: Spread, digits: usize) -> String {
    let Spread { low, median, high } = spread;
    format!("{median:.digits$} ({low:.digits$} to {high:.digits$})")
}
