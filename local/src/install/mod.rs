//! Installs and builds: checks the prerequisites, installs tools, builds the functions.

pub(crate) mod functions;
pub(crate) mod prerequisites;
pub(crate) mod tools;
