//! The wire: Matrix requests in, one domain call, Matrix responses out.
//!
//! This crate owns everything that is HTTP about the homeserver: paths, tokens, bodies, error codes,
//! limits. It never decides who may see what (the domain crates do) and never touches the store.
//! A handler is one file under [`client`], named as the endpoint; it takes an extractor of
//! [`extract`] and answers an [`Answer`] or a [`MatrixError`]. Paths come from ruma's metadata by
//! [`Routes`], so that no path is written twice. Read [`router`] to see what surrounds a handler.

pub mod admin;
mod answer;
mod app;
mod assemble;
mod behind_people;
pub mod client;
mod client_address;
mod edge;
pub mod errors;
pub mod extract;
mod fallback;
pub mod federation;
mod first_administrator;
mod first_login;
pub mod limits;
mod neighbours;
mod page;
mod rate_limits;
pub mod rendezvous;
mod router;
mod routes;
mod settings;
mod visit;

pub use answer::{Answer, JsonBytes};
pub use app::{App, AppParts};
pub use client_address::{AddressRange, AddressRangeError, Peer};
pub use edge::{REQUEST_ID, request_id};
pub use errors::MatrixError;
pub use extract::{Authed, Caller, ClientInfo, GuestAllowed, MaybeAuthed, Public, WithBody};
pub use first_administrator::FIRST_ADMINISTRATOR_PATH;
pub use neighbours::Neighbours;
pub use rate_limits::{Action, Rate, RateLimitSettings, RateLimits};
pub use router::{Site, federation_router, router};
pub use routes::Routes;
pub use settings::HttpSettings;
