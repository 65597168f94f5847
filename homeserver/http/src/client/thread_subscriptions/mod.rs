//! Following threads (MSC4306), and what changed of that (MSC4308).

use crate::Routes;

pub mod changes;
pub mod subscription;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(subscription::get)
        .ruma(subscription::subscribe)
        .ruma(subscription::unsubscribe)
        .ruma(changes::handler)
}
