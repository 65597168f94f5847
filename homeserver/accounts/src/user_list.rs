//! The list of accounts as an administrator wants it: filtered, ordered, paged.
//!
//! It looks at every account row, up to a bound; that is fine for a page that people open now and then,
//! and nothing else uses it.

use std::cmp::Ordering;

use ruma::{OwnedUserId, UserId};
use store::StoreError;

use crate::{
    Accounts, UserSummary,
    limits::{USERS_LISTED_SCAN_MAX, USERS_PAGE},
    tables::PROFILES,
};

/// By what a list of accounts is ordered; equal ones by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserOrder {
    /// By user id.
    #[default]
    Name,
    /// Guests last.
    Guest,
    /// Administrators last.
    Admin,
    /// Closed accounts last.
    Deactivated,
    /// Locked accounts last.
    Locked,
    /// Suspended accounts last.
    Suspended,
    /// Oldest first.
    Created,
}

/// Which accounts are wanted, in which order. Flags that are absent do not matter.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Text that the user id must contain, in any case.
    pub user_id: Option<String>,
    /// Text that localpart or display name must contain, in any case.
    pub name: Option<String>,
    /// Whether guests are wanted.
    pub guests: Option<bool>,
    /// Whether closed accounts are wanted.
    pub deactivated: Option<bool>,
    /// Only administrators, or only others.
    pub admin: Option<bool>,
    /// Whether locked accounts are wanted.
    pub locked: Option<bool>,
    /// The order.
    pub order: UserOrder,
    /// The other way round.
    pub backwards: bool,
    /// How many to pass over.
    pub from: usize,
    /// How many to return.
    pub limit: usize,
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// The accounts.
    pub users: Vec<UserSummary>,
    /// How many match in all.
    pub total: usize,
}

impl Accounts {
    /// One account as the list shows it.
    pub async fn summary(&self, user: &UserId) -> Result<Option<UserSummary>, StoreError> {
        let row = self.user_row(user).await?;
        Ok(row.map(|row| UserSummary {
            user: user.to_owned(),
            status: (&row).into(),
            created_ms: row.created_ms,
        }))
    }

    /// Accounts by query. At most [`USERS_LISTED_SCAN_MAX`] accounts are looked at.
    pub async fn list_users(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        let mut found = Vec::new();
        let (mut after, mut seen): (Option<OwnedUserId>, usize) = (None, 0);
        while seen < USERS_LISTED_SCAN_MAX {
            let page = self.users(after.as_deref(), USERS_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.user.clone());
            seen += page.len();
            let mut page: Vec<UserSummary> = page.into_iter().filter(|user| query.wants(user)).collect();
            if let Some(name) = &query.name {
                page = self.named(page, &name.to_lowercase()).await?;
            }
            found.extend(page);
        }
        found.sort_by(|a, b| query.compare(a, b));
        let total = found.len();
        Ok(UserPage { users: found.into_iter().skip(query.from).take(query.limit).collect(), total })
    }

    async fn named(&self, users: Vec<UserSummary>, name: &str) -> Result<Vec<UserSummary>, StoreError> {
        let keys: Vec<OwnedUserId> = users.iter().map(|user| user.user.clone()).collect();
        let profiles = self.0.store.multi_get(&PROFILES, &keys).await?;
        let fits = |(user, profile): (UserSummary, Option<crate::tables::ProfileRow>)| {
            let display_name = profile.and_then(|row| row.fields.get("displayname").cloned());
            let display_name = display_name.and_then(|json| serde_json::from_str::<String>(&json).ok());
            let is_named = user.user.localpart().to_lowercase().contains(name)
                || display_name.is_some_and(|shown| shown.to_lowercase().contains(name));
            is_named.then_some(user)
        };
        Ok(users.into_iter().zip(profiles).filter_map(fits).collect())
    }
}

impl UserQuery {
    fn wants(&self, user: &UserSummary) -> bool {
        let status = &user.status;
        let hides = |wanted: Option<bool>, holds: bool| wanted == Some(false) && holds;
        let part = self.user_id.as_ref().map(|part| part.to_lowercase());
        part.is_none_or(|part| user.user.as_str().to_lowercase().contains(&part))
            && !hides(self.guests, status.guest)
            && !hides(self.deactivated, status.deactivated)
            && !hides(self.locked, status.locked)
            && self.admin.is_none_or(|admin| admin == status.admin)
    }

    fn compare(&self, a: &UserSummary, b: &UserSummary) -> Ordering {
        let by_flag = |flag: fn(&UserSummary) -> bool| flag(a).cmp(&flag(b));
        let order = match self.order {
            UserOrder::Name => Ordering::Equal,
            UserOrder::Guest => by_flag(|user| user.status.guest),
            UserOrder::Admin => by_flag(|user| user.status.admin),
            UserOrder::Deactivated => by_flag(|user| user.status.deactivated),
            UserOrder::Locked => by_flag(|user| user.status.locked),
            UserOrder::Suspended => by_flag(|user| user.status.suspended),
            UserOrder::Created => a.created_ms.cmp(&b.created_ms),
        };
        let order = order.then_with(|| a.user.cmp(&b.user));
        if self.backwards { order.reverse() } else { order }
    }
}
