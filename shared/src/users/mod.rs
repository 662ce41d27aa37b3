//! What is stored of a user: their profile, their devices, their language and their quiet hours; and how much they may write.

pub mod budget;
pub mod device;
pub mod locale;
pub mod profile;
pub mod quiet_hours;
