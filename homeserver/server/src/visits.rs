//! The end of visits: visitors leave when their time is over.

use base::Shutdown;
use lianqiao_http::App;

use crate::limits::VISITS_INTERVAL;

/// Looks until the server stops. What a crash interrupts is due again at the next start.
pub(crate) async fn run(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        match app.flows.end_due_visits(&shutdown).await {
            Ok(0) => {}
            Ok(visits) => tracing::info!(visits, "visits are over"),
            Err(error) => tracing::warn!(%error, "cannot end visits; will try again"),
        }
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(VISITS_INTERVAL) => {}
        }
    }
}
