//! The sessions under way: whose they are, for what, and what was completed in them. Memory only and bounded.

use std::collections::{HashMap, VecDeque};

use base::Rng;
use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId, api::client::uiaa::AuthType};
use sha2::{Digest, Sha256};

use super::{Confirmation, Earned, Operation, Turn, UiaError};
use crate::{
    Accounts,
    limits::{UIA_SESSION_MS, UIA_SESSIONS_MAX},
};

const SESSION_ID_LENGTH: usize = 24;

struct UiaSession {
    owner: Option<OwnedUserId>,
    operation: [u8; 32],
    operation_name: &'static str,
    completed: Vec<AuthType>,
    earned: Earned,
    expires_ms: u64,
}

/// The sessions under way.
pub(crate) struct UiaSessions {
    /// Makes the hash of an operation worthless outside this process: it may cover a new password.
    key: [u8; 32],
    sessions: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<String, UiaSession>,
    oldest_first: VecDeque<String>,
}

impl Sessions {
    fn drop_expired(&mut self, now_ms: u64) {
        while let Some(id) = self.oldest_first.front() {
            let gone = self.by_id.get(id).is_none_or(|session| session.expires_ms <= now_ms);
            if !gone && self.by_id.len() < UIA_SESSIONS_MAX {
                break;
            }
            if let Some(id) = self.oldest_first.pop_front() {
                self.by_id.remove(&id);
            }
        }
    }
}

impl UiaSessions {
    pub fn new(rng: &Rng) -> Self {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Self { key, sessions: Mutex::default() }
    }

    pub fn pending_uses(&self, token: &str, now_ms: u64) -> u64 {
        let sessions = self.sessions.lock();
        let uses = sessions.by_id.values().filter(|session| {
            session.expires_ms > now_ms && session.earned.registration_token.as_deref() == Some(token)
        });
        u64::try_from(uses.count()).unwrap_or(u64::MAX)
    }

    pub(super) fn digest(&self, operation: &Operation) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(&operation.parts);
        digest.finalize().into()
    }
}

impl Accounts {
    /// The session the client named, or a new one when it named none; nothing when it is unknown.
    pub(super) fn join_or_begin(
        &self,
        owner: Option<&UserId>,
        operation: [u8; 32],
        name: &'static str,
        given: Option<&str>,
    ) -> Result<Option<String>, UiaError> {
        let Some(given) = given else { return Ok(Some(self.begin(owner, operation, name))) };
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        let Some(session) = sessions.by_id.get(given) else { return Ok(None) };
        if session.owner.as_deref() != owner || session.operation != operation {
            return Err(UiaError::OperationChanged);
        }
        Ok(Some(given.to_owned()))
    }

    pub(super) fn begin(
        &self,
        owner: Option<&UserId>,
        operation: [u8; 32],
        operation_name: &'static str,
    ) -> String {
        let id = self.0.rng.string(SESSION_ID_LENGTH);
        let now_ms = self.0.clock.now_ms();
        let session = UiaSession {
            owner: owner.map(ToOwned::to_owned),
            operation,
            operation_name,
            completed: Vec::new(),
            earned: Earned::default(),
            expires_ms: now_ms.saturating_add(UIA_SESSION_MS),
        };
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(now_ms);
        sessions.by_id.insert(id.clone(), session);
        sessions.oldest_first.push_back(id.clone());
        id
    }

    /// The session in which its user can confirm something by signing on; none when there is no such.
    pub fn confirmation(&self, session: &str) -> Option<Confirmation> {
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        let session = sessions.by_id.get(session)?;
        Some(Confirmation { user: session.owner.clone()?, operation: session.operation_name })
    }

    /// Notes that this user has signed on for a session of theirs; whether there is such a session.
    pub fn confirm_by_sign_on(&self, session: &str, user: &UserId) -> bool {
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        match sessions.by_id.get_mut(session) {
            Some(session) if session.owner.as_deref() == Some(user) => {
                if !session.completed.contains(&AuthType::Sso) {
                    session.completed.push(AuthType::Sso);
                }
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn is_passed(&self, turn: &Turn<'_>, stage: &AuthType) -> bool {
        let sessions = self.0.uia.sessions.lock();
        sessions.by_id.get(&turn.session).is_some_and(|session| session.completed.contains(stage))
    }

    pub(super) fn shown_token(&self, turn: &Turn<'_>) -> Option<String> {
        let sessions = self.0.uia.sessions.lock();
        sessions.by_id.get(&turn.session).and_then(|session| session.earned.registration_token.clone())
    }

    pub(super) fn pass(&self, turn: &Turn<'_>, stage: AuthType, earned: Earned) {
        let mut sessions = self.0.uia.sessions.lock();
        if let Some(session) = sessions.by_id.get_mut(&turn.session) {
            if !session.completed.contains(&stage) {
                session.completed.push(stage);
            }
            if earned.registration_token.is_some() {
                session.earned.registration_token = earned.registration_token;
            }
            if earned.address.is_some() {
                session.earned.address = earned.address;
            }
        }
    }

    /// Ends the session if one of its flows is complete; the answer carries what it earned.
    pub(super) fn finish(&self, turn: &Turn<'_>) -> Option<Earned> {
        let mut sessions = self.0.uia.sessions.lock();
        let completed = &sessions.by_id.get(&turn.session)?.completed;
        let is_complete = turn.flows.iter().any(|flow| flow.iter().all(|stage| completed.contains(stage)));
        if !is_complete {
            return None;
        }
        sessions.by_id.remove(&turn.session).map(|session| session.earned)
    }

    /// The stages that were completed in the session of a turn.
    pub(super) fn completed(&self, turn: &Turn<'_>) -> Vec<AuthType> {
        let sessions = self.0.uia.sessions.lock();
        sessions.by_id.get(&turn.session).map(|session| session.completed.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
impl Accounts {
    pub(crate) fn uia_sessions(&self) -> usize {
        self.0.uia.sessions.lock().by_id.len()
    }
}
