//! What the stack runs on: the programs that must be there, the tools that are installed, the functions that are built.

pub(crate) mod functions;
pub(crate) mod prerequisites;
pub(crate) mod tools;
