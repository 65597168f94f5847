//! What a test has happen at the homeserver: faults, absences, what people's clients do.

use serde_json::Value;

use super::{Double, Fault, absences::Absence};
use crate::wire::Call;

impl Double {
    /// The next requests go wrong like this, in this order.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().faults.extend(faults.into_iter().map(Some));
    }

    /// After so many more requests one goes wrong like this.
    pub fn fails_behind(&self, requests: usize, fault: Fault) {
        let mut state = self.0.lock();
        state.faults.extend(std::iter::repeat_n(None, requests));
        state.faults.push_back(Some(fault));
    }

    /// From now on nobody of another server can be asked into a room; with no absence they can again.
    pub fn loses(&self, server: &str, absence: Option<Absence>) {
        let mut state = self.0.lock();
        match absence {
            Some(absence) => state.away.insert(server.to_owned(), absence),
            None => state.away.remove(server),
        };
    }

    /// Nobody has an account of this name.
    pub fn lacks(&self, user: &str) {
        self.0.lock().absent.insert(user.to_owned());
    }

    /// Somebody has entered their account.
    pub fn has_entered(&self, account: &str) {
        self.0.lock().first_logins.entered.insert(account.to_owned());
    }

    /// Somebody is an administrator of the server: no service's word changes their account.
    pub fn is_administrator(&self, account: &str) {
        self.0.lock().first_logins.administrators.insert(account.to_owned());
    }

    /// What is said next of somebody is not done, and to be said again.
    pub fn leaves_unfinished(&self, account: &str) {
        self.0.lock().first_logins.unfinished.insert(account.to_owned());
    }

    /// From now on no room of this kind of ours can be made.
    pub fn makes_no_rooms_of(&self, kind: &str) {
        self.0.lock().unmade.insert(kind.to_owned());
    }

    /// From now on the homeserver lets in nobody from outside.
    pub fn lets_no_visitors_in(&self) {
        self.0.lock().first_logins.is_closed = true;
    }

    /// A client of somebody writes account data.
    pub fn sets_account_data(&self, user: &str, kind: &str, content: Value) {
        self.0.lock().account_data.insert((user.to_owned(), kind.to_owned()), content);
    }

    /// From now on the server of somebody elsewhere says that they are busy then, and free otherwise.
    pub fn is_busy_elsewhere(&self, user: &str, busy: Value) {
        self.0.lock().availability.insert(user.to_owned(), busy);
    }

    /// From now on other bytes stand where files were uploaded.
    pub fn spoils_files(&self) {
        for bytes in self.0.lock().files.values_mut() {
            *bytes = bytes.iter().map(|byte| byte ^ 1).collect();
        }
    }

    /// Files of more bytes than this are refused.
    pub fn takes_files_of(&self, bytes_max: usize) {
        self.0.lock().file_bytes_max = Some(bytes_max);
    }

    /// Does what a person's client would ask for.
    ///
    /// # Panics
    /// Where the homeserver refuses.
    pub fn does(&self, user: &str, call: Call) -> Value {
        let mut state = self.0.lock();
        state.users.entry(user.to_owned()).or_default();
        match state.answer(user, &call) {
            Ok(answer) => answer,
            Err(error) => panic!("{user} is refused {call:?}: {error}"),
        }
    }
}
