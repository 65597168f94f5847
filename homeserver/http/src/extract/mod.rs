//! What a handler takes: a checked ruma request, and who sends it.
//!
//! The order is fixed: rate limit by address, token, guest rule, rate limit by user, then the body.
//! So nobody without a token makes the server read a body of an endpoint that needs one, and a wrong
//! token is reported before wrong JSON.

mod arguments;
mod authed;
mod body;
mod caller;
mod masquerade;
mod parse;
mod public;
mod raw;
pub mod speaks;
mod streamed;
pub mod suspension;
mod token;
mod uia;
pub mod visiting;
mod with;

pub use arguments::Arguments;
pub use authed::{Authed, GuestAllowed, LoggingOut, MaybeAuthed, required};
pub use body::read_body;
pub use caller::{Caller, ClientInfo};
pub use public::Public;
pub use raw::{AsDelete, Raw};
use ruma::api::IncomingRequest;
pub use streamed::{Streamed, StreamedBody};
pub use token::{ServiceToken, access_token};
pub(crate) use token::{percent_decode, presented};
pub use uia::Uia;
pub use with::{Part, With, WithBody, WithFilter, WithHeaders, WithQuery};

/// An extractor that ends in a ruma request; [`crate::Routes::ruma`] reads paths and method from it.
pub trait RumaExtractor: axum::extract::FromRequest<crate::App, Rejection = crate::MatrixError> {
    /// The ruma request type of the endpoint.
    type Request: IncomingRequest;
}
