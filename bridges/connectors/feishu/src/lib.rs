//! The way between Feishu (or Lark, by another base address) and our bridges.
//!
//! One [`Feishu`] is one self-built app: it holds the app's long connection or answers its webhook, turns events into
//! arrivals, and does what the core asks. It holds no queue, knows nothing of Matrix, and reads the platform by the
//! platform's own pages. Read next: `connector.rs`, then `socket/` for how events come, `events/` and `content/` for
//! what they become, `client/` for how the platform is asked.

mod client;
mod failure;
mod ids;
pub mod limits;
mod settings;
mod socket;

pub use self::settings::{FeishuSettings, Mode, Secret};
