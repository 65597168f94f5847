//! Work that nobody asks for and that keeps the store from growing: done at the start and every hour.

use base::Shutdown;
use delivery::delayed_events::DelayedEventError;
use keys::Keys;
use lianqiao_http::App;
use model::StreamPos;
use rooms::{Rooms, RoomsError};
use store::{Store, StoreError};

use crate::limits::HOUSEKEEPING_INTERVAL;

/// Forgets what has had its time, until the server stops.
pub(crate) async fn run(app: App, shutdown: Shutdown) {
    let mut facts_forgotten_to = StreamPos::ZERO;
    while !shutdown.is_triggered() {
        match forget_facts(&app.store, &mut facts_forgotten_to, &shutdown).await {
            Ok(0) => {}
            Ok(forgotten) => {
                tracing::info!(forgotten, "forgot facts of the stream that every reader has passed")
            }
            Err(error) => tracing::warn!(%error, "cannot forget facts of the stream; will try again"),
        }
        forget_keys(&app.keys).await;
        match forget_transactions(&app.rooms, &shutdown).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot old transaction ids"),
            Err(error) => tracing::warn!(%error, "cannot forget old transaction ids; will try again"),
        }
        if let Err(error) = forget_of_rooms(&app.rooms, &shutdown).await {
            tracing::warn!(%error, "cannot forget what was sticky or redacted long ago; will try again");
        }
        match forget_delayed_events(&app, &shutdown).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot delayed events that ended long ago"),
            Err(error) => tracing::warn!(%error, "cannot forget old delayed events; will try again"),
        }
        if let Err(error) = forget_administration(&app, &shutdown).await {
            tracing::warn!(%error, "cannot forget expired tokens, old proofs of addresses and old tasks; will try again");
        }
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(HOUSEKEEPING_INTERVAL) => {}
        }
    }
}

/// What a crash left behind of queues and backups whose owners are gone.
async fn forget_keys(keys: &Keys) {
    match keys.forget_leftovers().await {
        Ok(0) => {}
        Ok(queues) => tracing::info!(queues, "deleted the queues of devices that are gone"),
        Err(error) => {
            tracing::warn!(%error, "cannot delete the queues of devices that are gone; will try again")
        }
    }
    match keys.delete_dropped_backups().await {
        Ok(0) => {}
        Ok(backups) => tracing::info!(backups, "finished the deletion of key backups"),
        Err(error) => tracing::warn!(%error, "cannot finish the deletion of key backups; will try again"),
    }
}

/// One page after the other up to the slowest reader.
async fn forget_facts(
    store: &Store,
    forgotten_to: &mut StreamPos,
    shutdown: &Shutdown,
) -> Result<usize, StoreError> {
    let readers: Vec<&str> = [
        delivery::push::STREAM_READER,
        delivery::appservices::STREAM_READER,
        federation::sender::STREAM_READER,
        federation::device_lists::STREAM_READER,
        rooms::REMOVAL_READER,
    ]
    .into_iter()
    .chain(search::STREAM_READERS)
    .collect();
    let mut total = 0;
    while !shutdown.is_triggered() {
        match streams::forget_facts(store, &readers, forgotten_to).await? {
            0 => break,
            forgotten => total += forgotten,
        }
    }
    Ok(total)
}

/// One page after the other, so that a day's worth never fills one batch or holds up the stop.
async fn forget_transactions(rooms: &Rooms, shutdown: &Shutdown) -> Result<usize, RoomsError> {
    let mut total = 0;
    while !shutdown.is_triggered() {
        match rooms.forget_old_transactions().await? {
            0 => break,
            forgotten => total += forgotten,
        }
    }
    Ok(total)
}

/// Sticky events whose time is over, and what redacted events said, one page after the other.
async fn forget_of_rooms(rooms: &Rooms, shutdown: &Shutdown) -> Result<(), RoomsError> {
    while !shutdown.is_triggered() && rooms.forget_sticky_events().await? > 0 {}
    while !shutdown.is_triggered() && rooms.forget_redacted_content().await? > 0 {}
    Ok(())
}

async fn forget_delayed_events(app: &App, shutdown: &Shutdown) -> Result<usize, DelayedEventError> {
    let mut total = 0;
    while !shutdown.is_triggered() {
        match app.delayed_events.forget_old().await? {
            0 => break,
            forgotten => total += forgotten,
        }
    }
    Ok(total)
}

/// Expired OpenID and login tokens, proofs of addresses and links of first logins that nobody used, sign-ons that nobody finished, logouts that
/// identity providers told, and tasks that ended long ago.
async fn forget_administration(app: &App, shutdown: &Shutdown) -> Result<(), StoreError> {
    while !shutdown.is_triggered() && app.accounts.forget_expired_openid_tokens().await? > 0 {}
    app.accounts.forget_address_proofs().await?;
    app.accounts.forget_first_logins().await?;
    while !shutdown.is_triggered() && app.accounts.forget_sign_ons().await? > 0 {}
    while !shutdown.is_triggered() && app.accounts.forget_login_tokens().await? > 0 {}
    while !shutdown.is_triggered() && app.accounts.forget_provider_logouts().await? > 0 {}
    let mut next = app.administration.forget_old_tasks(None).await?;
    while let (Some(_), false) = (&next, shutdown.is_triggered()) {
        next = app.administration.forget_old_tasks(next).await?;
    }
    Ok(())
}
