//! Reading rooms: the author of a book, its readers, and kudos among them.

pub mod book;
pub mod kudos;
pub mod kudos_received;
pub mod observation;
pub mod occupants;
pub mod presence;
pub mod reconcile;
pub mod webhook;
