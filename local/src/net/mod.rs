//! Ports, origins and connections: who may ask, and how requests are passed on.

pub(crate) mod guard;
pub(crate) mod origin;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod relay;
pub(crate) mod tunnel;
