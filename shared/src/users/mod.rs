//! A user: their profile, devices, language and quiet hours, and how much they may write.

pub mod budget;
pub mod device;
pub mod locale;
pub mod profile;
pub mod quiet_hours;
