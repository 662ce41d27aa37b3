//! Child processes: started, watched and ended.

pub(crate) mod children;
pub(crate) mod function_processes;
pub(crate) mod group;
pub(crate) mod standing;
pub(crate) mod step;
pub(crate) mod watchdog;
