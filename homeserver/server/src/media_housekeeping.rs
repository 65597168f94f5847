//! Media that have had their time, removed at the start and every hour.

use base::Shutdown;
use media::{Media, Swept};

use crate::limits::HOUSEKEEPING_INTERVAL;

/// Removes what has had its time, until the server stops.
pub(crate) async fn run(media: Media, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        match media.sweep(|| shutdown.is_triggered()).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(Swept { expired, previews, evicted, unused, contents }) => {
                tracing::info!(
                    expired,
                    previews,
                    evicted,
                    unused,
                    contents,
                    "removed media that had their time"
                );
            }
            Err(error) => tracing::warn!(%error, "cannot remove old media; will try again"),
        }
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(HOUSEKEEPING_INTERVAL) => {}
        }
    }
}
