//! People who log in at an app with their account here: codes, tokens, and what they allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::State;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// How long a code is good.
const CODE_LIFE_MS: u64 = 5 * 60_000;
/// How long a token of a person is good.
pub(crate) const ACCESS_LIFE_MS: u64 = 2 * 60 * 60_000;
/// How long a new pair can be had for a refresh token.
pub(crate) const REFRESH_LIFE_MS: u64 = 7 * 24 * 60 * 60_000;
/// How long after somebody agreed they have to agree anew.
const CONSENT_LIFE_MS: u64 = 365 * 24 * 60 * 60_000;
/// Without this scope there is no refresh token.
pub(crate) const OFFLINE: &str = "offline_access";

/// What a person allowed an app.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) app: String,
    pub(crate) person: String,
    pub(crate) scopes: BTreeSet<String>,
    /// When they agreed.
    pub(crate) consented_ms: u64,
}

/// Something that stands for a grant until it is used or over.
#[derive(Clone, Debug)]
struct Paper {
    grant: Grant,
    until_ms: u64,
    is_used: bool,
    is_revoked: bool,
}

/// What has to be shown with a code by whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// `S256` or `plain`.
    pub(crate) method: String,
    pub(crate) value: String,
}

/// A pair of tokens.
pub(crate) struct Pair {
    pub(crate) access: String,
    /// Only where it was asked for and the app may have one.
    pub(crate) refresh: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Logins {
    /// Who sits before the login page, and whether they agree.
    pub(crate) at_the_page: Option<(String, bool)>,
    codes: BTreeMap<String, (Paper, Option<Challenge>)>,
    accesses: BTreeMap<String, Paper>,
    refreshes: BTreeMap<String, Paper>,
}

impl State {
    /// The code of somebody who agreed.
    pub(crate) fn login_code(
        &mut self,
        app: &str,
        person: &str,
        scopes: BTreeSet<String>,
        challenge: Option<Challenge>,
    ) -> Result<String, Refusal> {
        if self.logins.codes.len() >= RECORDS_MAX {
            return Err(Refusal::code(20_072));
        }
        let now_ms = self.stage.now_ms();
        let grant = Grant { app: app.to_owned(), person: person.to_owned(), scopes, consented_ms: now_ms };
        let code = self.stage.chance.id("", 64);
        let paper = Paper { grant, until_ms: now_ms + CODE_LIFE_MS, is_used: false, is_revoked: false };
        self.logins.codes.insert(code.clone(), (paper, challenge));
        Ok(code)
    }

    /// What a code stands for, once; `shows` says whether the one who brings it shows what it asks for.
    pub(crate) fn redeem_code(
        &mut self,
        app: &str,
        code: &str,
        shows: impl Fn(&Challenge) -> bool,
    ) -> Result<Grant, Refusal> {
        let now_ms = self.stage.now_ms();
        let known = self.logins.codes.get_mut(code).filter(|(paper, _)| !paper.is_used);
        let (paper, challenge) = known.ok_or(Refusal::code(20_003))?;
        match () {
            () if paper.grant.app != app => Err(Refusal::code(20_024)),
            () if paper.until_ms <= now_ms => Err(Refusal::code(20_004)),
            () if challenge.as_ref().is_some_and(|challenge| !shows(challenge)) => Err(Refusal::code(20_049)),
            () => {
                paper.is_used = true;
                Ok(paper.grant.clone())
            }
        }
    }

    /// What a refresh token stands for, once.
    pub(crate) fn redeem_refresh(&mut self, app: &str, token: &str) -> Result<Grant, Refusal> {
        let now_ms = self.stage.now_ms();
        let may = self.apps.get(app).is_some_and(|app| app.may(OFFLINE));
        let paper = self.logins.refreshes.get_mut(token).ok_or(Refusal::code(20_026))?;
        let is_old = paper.grant.consented_ms + CONSENT_LIFE_MS <= now_ms;
        match () {
            () if paper.grant.app != app => Err(Refusal::code(20_024)),
            () if !may => Err(Refusal::code(20_074)),
            () if paper.is_revoked => Err(Refusal::code(20_064)),
            () if paper.is_used => Err(Refusal::code(20_073)),
            () if is_old || paper.until_ms <= now_ms => Err(Refusal::code(20_037)),
            () => {
                paper.is_used = true;
                Ok(paper.grant.clone())
            }
        }
    }

    /// New tokens for what was allowed; the old access token lives on.
    pub(crate) fn login_pair(&mut self, grant: Grant) -> Result<Pair, Refusal> {
        let now_ms = self.stage.now_ms();
        self.logins.accesses.retain(|_, paper| paper.until_ms > now_ms);
        if self.logins.accesses.len().max(self.logins.refreshes.len()) >= RECORDS_MAX {
            return Err(Refusal::code(20_072));
        }
        let (scopes, access) = (grant.scopes.clone(), self.stage.chance.id("eyJ", 60));
        let is_offline =
            scopes.contains(OFFLINE) && self.apps.get(&grant.app).is_some_and(|app| app.may(OFFLINE));
        let paper = |until_ms| Paper { grant: grant.clone(), until_ms, is_used: false, is_revoked: false };
        self.logins.accesses.insert(access.clone(), paper(now_ms + ACCESS_LIFE_MS));
        let refresh = is_offline.then(|| self.stage.chance.id("eyJ", 60));
        if let Some(refresh) = &refresh {
            self.logins.refreshes.insert(refresh.clone(), paper(now_ms + REFRESH_LIFE_MS));
        }
        Ok(Pair { access, refresh, scopes })
    }

    /// Whose token this is, and of which app.
    pub(crate) fn logged_in(&self, token: &str) -> Result<&Grant, Refusal> {
        let now_ms = self.stage.now_ms();
        let paper = self.logins.accesses.get(token).filter(|paper| paper.until_ms > now_ms);
        paper.map(|paper| &paper.grant).ok_or(Refusal::code(20_005))
    }

    /// A person takes back what they allowed an app, which is told.
    pub(crate) fn revoke_login(&mut self, app: &str, person: &str) {
        let is_theirs = |paper: &Paper| paper.grant.app == app && paper.grant.person == person;
        self.logins.accesses.retain(|_, paper| !is_theirs(paper));
        for paper in self.logins.refreshes.values_mut().filter(|paper| is_theirs(paper)) {
            paper.is_revoked = true;
        }
        let mut body = self.ids(app, person);
        body["revoke_token_type"] = "refresh_token".into();
        body["revoke_reason"] = json!("the user took it back");
        self.emit(app, "auth.user_access_token.revoked_v4", body);
    }
}
