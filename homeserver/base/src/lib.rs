//! Clock, randomness, shutdown, background threads and tracing: what every part may use and no part may bypass.
//!
//! Time and chance are arguments everywhere else. This crate owns the real ones and their fakes; it never
//! knows anything of Matrix.

mod background;
mod clock;
mod random;
mod shutdown;
pub mod telemetry;

pub use background::{Background, in_background};
pub use clock::Clock;
pub use random::Rng;
pub use shutdown::Shutdown;
pub use telemetry::{LogFormat, TelemetryError};
