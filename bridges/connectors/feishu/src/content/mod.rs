//! What people say, from the platform's forms and into them. Pure functions: nobody is asked, nothing is kept.

mod cut;
mod markdown;
pub mod mentions;
mod post_received;
pub mod post_sent;
pub mod received;
mod text_received;
