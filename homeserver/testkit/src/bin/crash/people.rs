//! Who is at work while the server dies: each remembers what was acknowledged to it.

mod builder;
mod delayer;
mod follower;
mod joiner;
mod keeper;
mod newcomer;
mod purger;
mod pushed;
mod reader;
mod sender;

use std::time::Duration;

pub use builder::Builder;
pub use delayer::Delayer;
pub use follower::Follower;
pub use joiner::Joiner;
pub use keeper::Keeper;
pub use newcomer::Newcomer;
pub use purger::Purger;
pub use pushed::Pushed;
pub use reader::Reader;
pub use sender::Sender;

use crate::history::History;

/// The pause of those who would otherwise ask for more than the server can do after its return.
const PACE: Duration = Duration::from_millis(20);

/// Someone who writes until the server is gone, and after its return checks what it kept.
#[async_trait::async_trait]
pub trait Person: Send {
    /// Works until a request is not acknowledged; returns why.
    async fn works(&mut self) -> String;

    /// Settles what was in doubt, by asking again as a client would.
    async fn settles(&mut self) -> Result<(), String>;

    /// Compares what the server has with what it acknowledged.
    async fn checks(&mut self, history: &History) -> Result<(), String>;

    /// How many writes were acknowledged to this person so far.
    fn acknowledged(&self) -> usize;
}
