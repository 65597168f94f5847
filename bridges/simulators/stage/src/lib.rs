//! What every simulator of a platform stands on.
//!
//! Owns what simulating is, whatever is simulated: clock and chance from a seed, faults by name, rates, the schedule of
//! deliveries with tries, copies, delays and losses, connections and who waits for their answers, posts that stay on this
//! machine, the control port, the page on which people read and write, and the process. Never reads or writes a word of a
//! platform's protocol: simulator and connector stand on nothing common, so that they can disagree.

mod chance;
mod commands;
mod control;
mod delivery;
mod faults;
mod hub;
mod limits;
pub mod mishap;
mod order;
mod page;
mod play;
mod post;
pub mod process;
pub mod query;
mod rates;
mod running;
mod shown;
mod socket;
mod stage;
pub mod trial;

pub use chance::Chance;
pub use commands::{Said, Words};
pub use delivery::{Begun, Deliver, Queue, Retries, Tried, Waiting, call_back, queue};
pub use faults::{Fault, FaultSpec, Faults};
pub use hub::{Connection, Hub, Underway};
pub use order::Order;
pub use page::Page;
pub use play::{Ending, Play, Refused};
pub use post::{Post, ask};
pub use running::{Opening, Port, Running};
/// What commands answer.
pub use serde_json::Value;
pub use shown::{
    App, Attachment, Button, Chat, Field, Message, Overview, Person, Reaction, fields, messages,
};
pub use socket::{Socket, gone, upgrade};
pub use stage::{Label, Now, Stage};
