//! Visitors: people from outside who have an account here for the length of something, a meeting for example.
//!
//! A visitor is a mail address that somebody of ours asked into some rooms, into each until a moment. A one-time link for each
//! room lets them in; see [`crate::visit_links`]. What a visitor may do beyond these rooms is decided where requests come in. When
//! the last of their times is over the account is locked, until they are asked again. This crate knows no rooms: `flows` takes
//! visitors into them and out.

use std::collections::{BTreeMap, BTreeSet};

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use store::{Batch, Scan, StoreError};
use streams::Fact;

use crate::{
    AccountError, Accounts,
    endings::SessionEnd,
    limits::{
        ADDRESS_BYTES_MAX, VISITOR_NAME_CHARACTERS_MAX, VISITS_BY_PER_PAGE, VISITS_DUE_PER_PAGE,
        VISITS_PER_VISITOR_MAX, WRITE_TRIES_MAX,
    },
    standing::Standing,
    tables::{
        PASSWORDS, USERS, UserRow, VISIT_LINKS, VISITOR_ADDRESSES, VISITORS, VISITS_BY, VISITS_DUE, VisitRow,
        VisitorRow,
    },
    third_party_ids::canonical,
    tokens::{self, TokenKind},
};

/// What stands behind the name of every visitor, so that nobody takes them for a colleague.
pub const VISITOR_SUFFIX: &str = "（外部）";

/// Begins the localpart of every visitor.
const PREFIX: &str = "visitor-";
/// Letters behind it.
const CHOSEN_LENGTH: usize = 12;

/// Somebody is asked into a room.
#[derive(Clone, Debug)]
pub struct NewVisit {
    /// Their mail address: whose account it is.
    pub address: String,
    /// Their name, without the suffix.
    pub name: String,
    /// The room.
    pub room: OwnedRoomId,
    /// Until when, in ms since 1970.
    pub until_ms: u64,
    /// Who of ours asked for it, where that is known: with them it ends, see [`Accounts::end_visits_of`].
    pub by: Option<OwnedUserId>,
}

/// A visitor who was asked.
#[derive(Clone)]
pub struct InvitedVisitor {
    /// Their account.
    pub user: OwnedUserId,
    /// The token of the link; it is nowhere else.
    pub token: String,
}

/// A visit whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueVisit {
    /// The visitor.
    pub user: OwnedUserId,
    /// The room.
    pub room: OwnedRoomId,
    until_ms: u64,
}

impl DueVisit {
    fn key(&self) -> (u64, OwnedUserId, String) {
        (self.until_ms, self.user.clone(), self.room.to_string())
    }
}

/// What is left to do about a visit that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// They have been asked again meanwhile.
    Nothing,
    /// They leave the room.
    Room,
    /// It was their last one: the account is locked, and leaves everything.
    Account,
}

/// A visitor with the rows of their account.
pub(crate) struct Known {
    pub user: OwnedUserId,
    pub row: UserRow,
    pub visitor: VisitorRow,
}

impl Accounts {
    /// Asks somebody into a room, or moves the end of a visit; the link from before is void. The account is made where there is
    /// none for the address, and opened again where its time was over.
    ///
    /// # Errors
    /// `InvalidParameter` for a time that has passed, or an address or a name that cannot be one; `UserLocked` where an
    /// administrator locked the account; `TooLarge` for too many rooms.
    pub async fn invite_visitor(&self, visit: &NewVisit) -> Result<InvitedVisitor, AccountError> {
        let address = checked_address(&visit.address)?;
        let name = checked_name(&visit.name)?;
        if visit.until_ms <= self.0.clock.now_ms() {
            return Err(AccountError::InvalidParameter("the visit would be over already"));
        }
        let token = tokens::generate(&self.0.rng, TokenKind::Visit);
        for _ in 0..WRITE_TRIES_MAX {
            let owner = self.0.store.get(&VISITOR_ADDRESSES, address.as_str()).await?;
            let mut batch = Batch::new();
            batch.expect_read(&VISITOR_ADDRESSES, address.as_str(), owner.as_ref());
            let (user, mut visitor) = match self.known(owner).await? {
                Some(known) => self.add_return(&mut batch, known)?,
                None => {
                    let user = self.user_id_for(&format!("{PREFIX}{}", self.0.rng.string(CHOSEN_LENGTH)))?;
                    self.add_visitor(&mut batch, &user, name.clone()).await?;
                    batch.put(&VISITOR_ADDRESSES, address.as_str(), &user);
                    let rooms = BTreeMap::new();
                    (
                        user,
                        VisitorRow { address: address.clone(), rooms, is_over: false, codes_ms: Vec::new() },
                    )
                }
            };
            add_end_of_visit(&mut batch, &user, &mut visitor, visit.room.as_str());
            if visitor.rooms.len() >= VISITS_PER_VISITOR_MAX {
                return Err(AccountError::TooLarge("the number of rooms of this visitor"));
            }
            let link = tokens::hash(&token);
            let by = visit.by.clone();
            let row = VisitRow { link: Some(link), by, ..VisitRow::until(visit.until_ms) };
            visitor.rooms.insert(visit.room.to_string(), row);
            batch.put(&VISIT_LINKS, &link, &(user.clone(), visit.room.to_string()));
            batch.put(&VISITS_DUE, &(visit.until_ms, user.clone(), visit.room.to_string()), &());
            if let Some(by) = &visit.by {
                batch.put(&VISITS_BY, &(by.clone(), user.clone(), visit.room.to_string()), &());
            }
            batch.put(&VISITORS, &user, &visitor);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(InvitedVisitor { user, token });
            }
        }
        Err(AccountError::Contended)
    }

    /// The rooms that a visitor may be in now; none for everybody else.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rooms_of_visitor(&self, user: &UserId) -> Result<BTreeSet<OwnedRoomId>, StoreError> {
        let now_ms = self.0.clock.now_ms();
        let visitor = self.0.store.get(&VISITORS, user).await?;
        let rooms = visitor.map(|visitor| visitor.rooms).unwrap_or_default();
        let present = rooms.into_iter().filter(|(_, visit)| visit.until_ms > now_ms);
        Ok(present.filter_map(|(room, _)| RoomId::parse(room).ok()).collect())
    }

    /// Has a visit be over now; [`Accounts::due_visits`] tells of it. Whether there was one.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_visit(&self, address: &str, room: &RoomId) -> Result<bool, AccountError> {
        match self.0.store.get(&VISITOR_ADDRESSES, canonical(address).as_str()).await? {
            Some(user) => self.end_visit_of_user(user, room.as_str()).await,
            None => Ok(false),
        }
    }

    /// Has every visit be over now that this person asked for, as [`Accounts::end_visit`] does. Doing it again changes nothing.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_visits_of(&self, by: &UserId) -> Result<(), AccountError> {
        let mut scan = Scan::prefix(by).limit(VISITS_BY_PER_PAGE);
        loop {
            let visits = self.0.store.scan_keys(&VISITS_BY, scan).await?;
            let Some(last) = visits.last() else { return Ok(()) };
            scan = Scan::prefix(by).after(last).limit(VISITS_BY_PER_PAGE);
            for (_, user, room) in visits {
                self.end_visit_of_user(user, &room).await?;
            }
        }
    }

    async fn end_visit_of_user(&self, user: OwnedUserId, room: &str) -> Result<bool, AccountError> {
        let now_ms = self.0.clock.now_ms();
        for _ in 0..WRITE_TRIES_MAX {
            let Some(Known { user, visitor, .. }) = self.known(Some(user.clone())).await? else {
                return Ok(false);
            };
            if !visitor.rooms.contains_key(room) {
                return Ok(false);
            }
            let mut batch = Batch::new();
            batch.expect_eq(&VISITORS, &user, &visitor);
            let mut ended = visitor;
            add_end_of_visit(&mut batch, &user, &mut ended, room);
            ended.rooms.insert(room.to_string(), VisitRow::until(now_ms));
            batch.put(&VISITS_DUE, &(now_ms, user.clone(), room.to_string()), &());
            batch.put(&VISITORS, &user, &ended);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(true);
            }
        }
        Err(AccountError::Contended)
    }

    /// Visits whose time is over, some at a time, behind this one; none behind the last.
    ///
    /// # Errors
    /// The store's own.
    pub async fn due_visits(&self, after: Option<&DueVisit>) -> Result<Vec<DueVisit>, StoreError> {
        let mut scan = Scan::all().limit(VISITS_DUE_PER_PAGE);
        if let Some(after) = after {
            scan = scan.after(&after.key());
        }
        let keys = self.0.store.scan_keys(&VISITS_DUE, scan).await?;
        let now_ms = self.0.clock.now_ms();
        let due = keys.into_iter().take_while(|(until_ms, ..)| *until_ms <= now_ms);
        let due = due.filter_map(|(until_ms, user, room)| {
            Some(DueVisit { user, room: RoomId::parse(room).ok()?, until_ms })
        });
        Ok(due.collect())
    }

    /// Closes a visit whose time is over: its link opens nothing, and with the last one the account is locked and loses its
    /// password. Doing it again answers the same, until [`Accounts::strike_visit`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn close_visit(&self, due: &DueVisit) -> Result<Closed, AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let Some(Known { user, row, visitor }) = self.known(Some(due.user.clone())).await? else {
                return Ok(Closed::Nothing);
            };
            let room = due.room.as_str();
            match visitor.rooms.get(room) {
                Some(visit) if visit.until_ms > due.until_ms => return Ok(Closed::Nothing),
                None if visitor.rooms.is_empty() => return Ok(Closed::Account),
                None => return Ok(Closed::Room),
                Some(_) => {}
            }
            let mut batch = Batch::new();
            batch.expect_eq(&VISITORS, &user, &visitor);
            batch.expect_eq(&USERS, &user, &row);
            let mut closed = visitor;
            if let Some(visit) = closed.rooms.remove(room) {
                add_end_of_link(&mut batch, &user, room, &visit);
            }
            let is_last = closed.rooms.is_empty();
            batch.put(&VISITORS, &user, &closed);
            if is_last {
                batch.delete(&PASSWORDS, &user);
                // Beside what an administrator says of the account: the next invitation takes back this and not that.
                let left = UserRow { standing: Standing::Left, ..row };
                self.add_flags(&mut batch, &user, &left, Some(SessionEnd::Locked));
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(if is_last { Closed::Account } else { Closed::Room });
            }
        }
        Err(AccountError::Contended)
    }

    /// Strikes off a visit that was closed, when its visitor has left.
    ///
    /// # Errors
    /// The store's own.
    pub async fn strike_visit(&self, due: &DueVisit) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.delete(&VISITS_DUE, &due.key());
        self.0.store.commit(batch).await.map(drop)
    }

    /// Adds the account of a new visitor to `batch`.
    async fn add_visitor(&self, batch: &mut Batch, user: &UserId, name: String) -> Result<(), AccountError> {
        let name = format!("{name}{VISITOR_SUFFIX}");
        self.add_account(batch, user, Some(name), true).await
    }

    /// Adds the opening of an account whose time was over to `batch`.
    fn add_return(&self, batch: &mut Batch, known: Known) -> Result<(OwnedUserId, VisitorRow), AccountError> {
        let Known { user, row, mut visitor } = known;
        batch.expect_eq(&USERS, &user, &row);
        batch.expect_eq(&VISITORS, &user, &visitor);
        let was_locked_at_end = std::mem::take(&mut visitor.is_over);
        if row.locked && !was_locked_at_end {
            return Err(AccountError::UserLocked);
        }
        if row.is_locked() {
            let here = UserRow { locked: false, standing: Standing::Active, ..row };
            self.add_flags(batch, &user, &here, None);
        }
        Ok((user, visitor))
    }

    fn add_flags(&self, batch: &mut Batch, user: &OwnedUserId, row: &UserRow, closed: Option<SessionEnd>) {
        batch.put(&USERS, user, row);
        let position = batch.position();
        streams::record(batch, position, &Fact::Account { user: user.clone() });
        self.forget_sessions_on_commit(batch, user, closed);
    }

    /// The visitor of an account that was not closed by an administrator.
    pub(crate) async fn known(&self, user: Option<OwnedUserId>) -> Result<Option<Known>, StoreError> {
        let Some(user) = user else { return Ok(None) };
        let (row, visitor) = (self.user_row(&user).await?, self.0.store.get(&VISITORS, &user).await?);
        let (Some(row), Some(visitor)) = (row, visitor) else { return Ok(None) };
        Ok((!row.deactivated).then_some(Known { user, row, visitor }))
    }
}

/// Takes a visit out of a visitor's row, with its link and its end.
fn add_end_of_visit(batch: &mut Batch, user: &OwnedUserId, visitor: &mut VisitorRow, room: &str) {
    let Some(visit) = visitor.rooms.remove(room) else { return };
    batch.delete(&VISITS_DUE, &(visit.until_ms, user.clone(), room.to_owned()));
    add_end_of_link(batch, user, room, &visit);
}

/// Adds the end of what leads to a visit to `batch`.
fn add_end_of_link(batch: &mut Batch, user: &OwnedUserId, room: &str, visit: &VisitRow) {
    if let Some(link) = &visit.link {
        batch.delete(&VISIT_LINKS, link);
    }
    if let Some(by) = &visit.by {
        batch.delete(&VISITS_BY, &(by.clone(), user.clone(), room.to_owned()));
    }
}

fn checked_address(address: &str) -> Result<String, AccountError> {
    let address = canonical(address);
    let is_one = address.len() <= ADDRESS_BYTES_MAX
        && address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if is_one { Ok(address) } else { Err(AccountError::InvalidParameter("this is not an e-mail address")) }
}

/// A name as others see it: one line, without the suffix that it gets.
fn checked_name(name: &str) -> Result<String, AccountError> {
    let printable: String = name.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let name = printable.trim().trim_end_matches(VISITOR_SUFFIX).trim();
    let name: String = name.chars().take(VISITOR_NAME_CHARACTERS_MAX).collect();
    if name.is_empty() { Err(AccountError::InvalidParameter("the visitor needs a name")) } else { Ok(name) }
}
