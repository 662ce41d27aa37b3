//! Reading rooms: whose book it is, who is reading it, and kudos among readers.

pub mod book;
pub mod kudos;
pub mod observation;
pub mod presence;
pub mod reconcile;
pub mod webhook;
