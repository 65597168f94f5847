//! A world of actors around a real server, for tests that speak from outside.
//!
//! Owns the means of a scenario: a [`World`] starts a server, a [`User`] is a client that speaks HTTP and
//! nothing else, an [`Answer`] is what came back. Never looks inside the server, so a scenario survives a
//! rewrite of everything behind the wire.
//!
//! ```no_run
//! # async fn scenario() {
//! use testkit::World;
//! let w = World::start().await;
//! let [alice, mallory] = w.users(["alice", "mallory"]).await;
//! let room = alice.creates_room_with([&mallory]).await;
//! alice.bans(&mallory, &room).await.ok();
//! mallory.joins(&room).await.fails_with("M_FORBIDDEN");
//! # }
//! ```
#![expect(
    clippy::expect_used,
    reason = "this crate is test code: a broken expectation has to stop the test where it happens"
)]

mod answer;
mod authority;
mod bridge;
mod browser;
mod federated;
mod gateway;
mod identity_provider;
pub mod limits;
mod mailbox;
mod peer;
mod ports;
mod process;
mod signing;
mod user;
mod world;

pub use answer::Answer;
pub use authority::Authority;
pub use bridge::{Bridge, Received};
pub use browser::{Browser, Page, login_token};
pub use federated::Neighbourhood;
pub use gateway::Gateway;
pub use identity_provider::{CLIENT_ID, CLIENT_SECRET, Fault, IdentityProvider};
pub use mailbox::{Mailbox, Protection, ReceivedLetter};
pub use peer::{Peer, PeerRoom};
pub use ports::free_port;
pub use process::{ServerProcess, TEST_SERVER_NAME, config_text, lianqiao_binary};
pub use signing::{SigningKey, key_document};
pub use user::{
    User,
    media::{Content, mxc_path},
    segment,
};
pub use world::{World, until_waiting};
