//! Long polls and the sessions behind them: a poll learns that its session has ended in the moment in which that is
//! durable, before anybody hears of what else the commit changed. It never asks what a token is worth: that is
//! [`Accounts::authenticate`].

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::Batch;
use tokio::sync::SetOnce;

use crate::{Accounts, AuthError, Session, limits::SESSION_LOOKS_MAX};

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// Logged out, or with its device or its account: the token is void.
    LoggedOut,
    /// The account was locked.
    Locked,
}

impl From<SessionEnd> for AuthError {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::LoggedOut => Self::Unknown,
            SessionEnd::Locked => Self::Locked,
        }
    }
}

struct Watched {
    device: Option<OwnedDeviceId>,
    end: SetOnce<SessionEnd>,
}

/// The long polls that wait, by user. As many as there are requests.
#[derive(Default)]
pub(crate) struct Endings(Mutex<HashMap<OwnedUserId, Vec<Arc<Watched>>>>);

impl Endings {
    fn watch(&self, user: &UserId, watched: Arc<Watched>) {
        self.0.lock().entry(user.to_owned()).or_default().push(watched);
    }

    /// Ends the polls of a user, or of one device of the user. Their tokens may have been refreshed meanwhile, so they
    /// are told by the device.
    fn end(&self, user: &UserId, device: Option<&DeviceId>, how: SessionEnd) {
        for watched in self.0.lock().get(user).into_iter().flatten() {
            if device.is_none_or(|device| watched.device.as_deref() == Some(device)) {
                // Whoever ended before stays ended as it was.
                drop(watched.end.set(how));
            }
        }
    }
}

/// A long poll's eye on its session. Dropping it ends the watch.
pub struct SessionWatch {
    accounts: Accounts,
    user: OwnedUserId,
    watched: Arc<Watched>,
}

impl SessionWatch {
    /// Waits until the session ends: by log-out, by the end of its device or account, by a lock. Returns what a
    /// request of it would then be told. A token that merely expires is noticed by its next request.
    pub async fn ended(&self) -> AuthError {
        (*self.watched.end.wait().await).into()
    }

    /// Whether the session still lives. Whoever saw what the commit that ended it changed is told that it ended.
    ///
    /// # Errors
    /// What [`SessionWatch::ended`] returns.
    pub fn check(&self) -> Result<(), AuthError> {
        self.watched.end.get().map_or(Ok(()), |end| Err((*end).into()))
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut users = self.accounts.0.endings.0.lock();
        if let Some(watched) = users.get_mut(&self.user) {
            watched.retain(|other| !Arc::ptr_eq(other, &self.watched));
            if watched.is_empty() {
                users.remove(&self.user);
            }
        }
    }
}

impl Accounts {
    /// Watches a session, for long polls, which must not outlive it.
    ///
    /// # Errors
    /// What a request of the session would be told when it has ended already.
    pub async fn watch_session(&self, session: &Session) -> Result<SessionWatch, AuthError> {
        let watched = Arc::new(Watched { device: session.device.clone(), end: SetOnce::new() });
        self.0.endings.watch(&session.user, Arc::clone(&watched));
        let watch = SessionWatch { accounts: self.clone(), user: session.user.clone(), watched };
        for _ in 0..SESSION_LOOKS_MAX {
            let seen = self.0.store.frontier();
            self.check_session(session).await?;
            if self.0.sessions.has_all_changes(seen) {
                break;
            }
            // A session ended just before this one was watched, and readers do not see it yet.
            tokio::task::yield_now().await;
        }
        Ok(watch)
    }

    /// Ends the polls of a user, or of one device of the user, when the batch is durable.
    pub(crate) fn end_polls_on_commit(
        &self,
        batch: &mut Batch,
        user: &UserId,
        device: Option<&DeviceId>,
        how: SessionEnd,
    ) {
        let accounts = self.clone();
        let (user, device) = (user.to_owned(), device.map(ToOwned::to_owned));
        batch.on_commit(move |_| accounts.0.endings.end(&user, device.as_deref(), how));
    }
}
