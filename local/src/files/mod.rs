//! Files of the repository, of the stack and of this machine.

pub(crate) mod journal;
pub(crate) mod page_file;
pub(crate) mod private_file;
pub(crate) mod release;
pub(crate) mod variables;
pub(crate) mod workspace;
