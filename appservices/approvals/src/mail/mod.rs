//! People who are asked and whom their chat with the bot does not reach: they have no account, or refuse the chat. A card of theirs
//! on another platform is the next way to them, then a letter to the address of the staff list.
//!
//! A letter has a link for each answer. A link opens a page, which changes nothing, because programs follow links; the button on
//! it decides, by the same law as a tap in a chat. Whom nothing reaches an administrator decides for.
//! Read `surfaces.rs`, then `asking.rs`, `post.rs`, `pages.rs` and `deciding.rs`.

mod asking;
mod deciding;
mod link;
mod notes;
mod pages;
mod post;
mod sheet;
mod surfaces;
mod written;

pub(crate) use self::{
    asking::{LETTER_TIMER, UNREACHED_TIMER},
    link::MailLink,
    notes::notes,
    post::MailRow,
};
pub use self::{
    pages::{PATHS, Pages, ROOT},
    post::Post,
};
