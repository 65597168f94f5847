//! Sends delayed events for as long as the server runs.

use base::Shutdown;
use delivery::delayed_events::SendLimit;
use lianqiao_http::{Action, App};
use ruma::UserId;

/// Delayed events count like any others of their user.
struct Limit(App);

impl SendLimit for Limit {
    fn count(&self, user: &UserId, is_state: bool) -> Result<(), u64> {
        self.0.limits.wait_ms(user, if is_state { Action::State } else { Action::Message })
    }
}

/// Sends what is due, until the server stops.
pub(crate) async fn run(app: App, shutdown: Shutdown) {
    let delayed_events = app.delayed_events.clone();
    delayed_events.run(&Limit(app), shutdown).await;
}
