//! E-mail over SMTP: addresses, letters in two languages, and handing them to the mail server.
//!
//! [`Mailer`] speaks to the one server of the configuration. [`letters`] are pure text. This crate
//! decides nothing about who gets a letter, keeps none, and never repeats one by itself.

mod address;
mod error;
pub mod letters;
pub mod limits;
mod mailer;
mod settings;

pub use address::Address;
pub use error::MailError;
pub use letters::{Language, Letter};
pub use mailer::{CalendarPart, Mailer};
pub use settings::{MailSecurity, MailSettings};
