//! A user: their profile, how others find them, devices, language and quiet hours, and how much they may write.

pub mod budget;
pub mod device;
pub mod find;
mod indexed;
pub mod known_as;
pub mod locale;
pub mod profile;
pub mod profiles;
pub mod quiet_hours;
