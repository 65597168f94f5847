//! `/sync`: what is new for a client, waiting for it if need be.

use std::future::Future;

use accounts::Session;

use crate::{App, MatrixError, Routes};

mod query;
mod sliding_body;
mod sliding_stable;
mod sliding_unstable;
mod sync_events;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(sync_events::handler)
        .ruma_waiting(sliding_unstable::handler)
        .ruma_waiting(sliding_stable::handler)
}

/// A long poll, ended with 401 as soon as its session ends: a device that was logged out, locked or closed
/// hears of it now and not after the time-out, and hears nothing else any more. Give `answer` in a box: it would lie
/// in this future twice otherwise, once as it came and once as it is waited for.
pub(crate) async fn while_session_lives<T>(
    app: &App,
    session: &Session,
    answer: impl Future<Output = Result<T, MatrixError>>,
) -> Result<T, MatrixError> {
    let watch = Box::pin(app.accounts.watch_session(session)).await?;
    let answer = tokio::select! {
        biased;
        end = watch.ended() => return Err(end.into()),
        answer = answer => answer,
    };
    // The session may have ended while the answer was put together, and the answer may tell of that.
    watch.check()?;
    answer
}
