//! The links of visitors: each lets one person into one room, once, and only with a code that went to the address which was
//! asked in. So a link that is passed on lets in nobody who does not read that mailbox.
//!
//! A code is bound to its link, is stored as a hash that nobody can guess at without the link, can be entered for some minutes
//! and some times, and gives way to a newer one. How many are sent is bounded for each link and for each address. Why a link
//! opens nothing is told to nobody.

use base::Rng;
use ruma::{OwnedRoomId, OwnedUserId, RoomId};
use store::{Batch, StoreError};
use subtle::ConstantTimeEq as _;

use crate::{
    AccountError, Accounts,
    limits::{
        TOKEN_BYTES_MAX, VISIT_CODE_DIGITS, VISIT_CODE_MS, VISIT_CODE_TRIES_MAX, VISIT_CODES_PER_ADDRESS_MAX,
        VISIT_CODES_PER_LINK_MAX, VISIT_CODES_WITHIN_MS, WRITE_TRIES_MAX,
    },
    tables::{PASSWORDS, TokenHash, USERS, VISIT_LINKS, VISITORS, VisitCodeRow, VisitRow},
    tokens,
    visitors::Known,
};

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The visitor.
    pub user: OwnedUserId,
    /// The room.
    pub room: OwnedRoomId,
    /// The address that was asked in, as a stranger may read it.
    pub masked_address: String,
    /// Whether the account has a password by now.
    pub has_password: bool,
    /// Whether a code was sent that can be entered.
    pub has_code: bool,
}

/// A code for a link, and whose it is.
#[derive(Clone)]
pub struct VisitCode {
    /// The visitor.
    pub user: OwnedUserId,
    /// The room.
    pub room: OwnedRoomId,
    /// Where the code goes, and nowhere else.
    pub address: String,
    /// The code: [`VISIT_CODE_DIGITS`] digits. It is nowhere else.
    pub code: String,
}

impl Accounts {
    /// Which visit the link with this token opens; none when it is void, whatever the reason.
    ///
    /// # Errors
    /// The store's own.
    pub async fn visit_of_link(&self, token: &str) -> Result<Option<Visit>, StoreError> {
        Ok(self.open_visit(token).await?.map(|(visit, _)| visit))
    }

    /// Makes a code for a link. The one before is void.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, whatever the reason; `VisitCodesSpent` where no further one may be sent now.
    pub async fn give_visit_code(&self, token: &str) -> Result<VisitCode, AccountError> {
        let code = new_code(&self.0.rng);
        for _ in 0..WRITE_TRIES_MAX {
            let (visit, known) = self.open_visit(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
            let Known { user, visitor, .. } = known;
            let now_ms = self.0.clock.now_ms();
            let mut given = visitor.clone();
            count(&mut given.codes_ms, now_ms, VISIT_CODES_PER_ADDRESS_MAX)?;
            let row = given.rooms.get_mut(visit.room.as_str()).ok_or(AccountError::FirstLoginUnknown)?;
            count(&mut row.codes_ms, now_ms, VISIT_CODES_PER_LINK_MAX)?;
            let expires_ms = now_ms.saturating_add(VISIT_CODE_MS);
            row.code = Some(VisitCodeRow { hash: code_hash(token, &code), expires_ms, tries: 0 });
            let mut batch = Batch::new();
            batch.expect_eq(&VISITORS, &user, &visitor).put(&VISITORS, &user, &given);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(VisitCode { user, room: visit.room, address: given.address, code });
            }
        }
        Err(AccountError::Contended)
    }

    /// Opens a link with the code that was sent for it. An account without a password gets this one. The link works until
    /// [`Accounts::end_visit_link`]: who cannot come into the room now tries again.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, whatever the reason; `WeakPassword` leaves link and code as they are;
    /// `VisitCodeWrong` takes one of the tries, `VisitCodeVoid` says that there is nothing left to try.
    pub async fn enter_visit(&self, token: &str, code: &str, password: &str) -> Result<Visit, AccountError> {
        let (visit, _) = self.open_visit(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
        if !visit.has_password {
            self.0.passwords.check_policy(password)?;
        }
        // A stranger's guess costs a row and no hash.
        self.try_visit_code(token, code).await?;
        if !visit.has_password {
            self.give_visitor_password(token, password).await?;
        }
        Ok(visit)
    }

    /// Spends a link, once its visitor is in the room. Doing it again changes nothing.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_visit_link(&self, token: &str) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let Some((visit, Known { user, visitor, .. })) = self.open_visit(token).await? else {
                return Ok(());
            };
            let mut spent = visitor.clone();
            let mut batch = Batch::new();
            if let Some(row) = spent.rooms.get_mut(visit.room.as_str())
                && let Some(link) = row.link.take()
            {
                batch.delete(&VISIT_LINKS, &link);
                *row = VisitRow { by: row.by.take(), ..VisitRow::until(row.until_ms) };
            }
            batch.expect_eq(&VISITORS, &user, &visitor).put(&VISITORS, &user, &spent);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    async fn give_visitor_password(&self, token: &str, password: &str) -> Result<(), AccountError> {
        let hash = self.0.passwords.hash(password).await?;
        for _ in 0..WRITE_TRIES_MAX {
            let (visit, known) = self.open_visit(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
            if visit.has_password {
                return Ok(());
            }
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &known.user, &known.row);
            batch.expect_eq(&VISITORS, &known.user, &known.visitor);
            batch.expect_absent(&PASSWORDS, &known.user);
            batch.put(&PASSWORDS, &known.user, &hash);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Holds what somebody entered against the code of a link. The try is written down before they are compared: whoever sends
    /// many at once has no more of them.
    async fn try_visit_code(&self, token: &str, code: &str) -> Result<(), AccountError> {
        let entered = code_hash(token, &digits(code));
        for _ in 0..WRITE_TRIES_MAX {
            let (visit, known) = self.open_visit(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
            let Known { user, visitor, .. } = known;
            let mut tried = visitor.clone();
            let row = tried.rooms.get_mut(visit.room.as_str()).and_then(|row| row.code.as_mut());
            let now_ms = self.0.clock.now_ms();
            let row = row.filter(|row| row.can_be_entered(now_ms)).ok_or(AccountError::VisitCodeVoid)?;
            row.tries += 1;
            let (sent, tries_left) = (row.hash, VISIT_CODE_TRIES_MAX - row.tries);
            let mut batch = Batch::new();
            batch.expect_eq(&VISITORS, &user, &visitor).put(&VISITORS, &user, &tried);
            if self.0.store.try_commit(batch).await?.is_none() {
                continue;
            }
            if bool::from(sent.ct_eq(&entered)) {
                return Ok(());
            }
            tracing::info!(%user, room = %visit.room, tries_left, "a wrong code was entered for the link of a visitor");
            return Err(AccountError::VisitCodeWrong(tries_left));
        }
        Err(AccountError::Contended)
    }

    async fn open_visit(&self, token: &str) -> Result<Option<(Visit, Known)>, StoreError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let hash = tokens::hash(token);
        let Some((user, room)) = self.0.store.get(&VISIT_LINKS, &hash).await? else { return Ok(None) };
        let known = self.known(Some(user)).await?.filter(|known| !known.row.is_locked());
        let (Some(known), Ok(room)) = (known, RoomId::parse(room)) else { return Ok(None) };
        let now_ms = self.0.clock.now_ms();
        let visit = known.visitor.rooms.get(room.as_str());
        let Some(visit) = visit.filter(|visit| visit.link == Some(hash) && visit.until_ms > now_ms) else {
            return Ok(None);
        };
        let visit = Visit {
            user: known.user.clone(),
            room,
            masked_address: masked(&known.visitor.address),
            has_password: self.0.store.exists(&PASSWORDS, &known.user).await?,
            has_code: visit.code.as_ref().is_some_and(|code| code.can_be_entered(now_ms)),
        };
        Ok(Some((visit, known)))
    }
}

impl VisitCodeRow {
    fn can_be_entered(&self, now_ms: u64) -> bool {
        self.tries < VISIT_CODE_TRIES_MAX && self.expires_ms > now_ms
    }
}

fn new_code(rng: &Rng) -> String {
    let number = rng.below(10_u64.pow(VISIT_CODE_DIGITS));
    format!("{number:0width$}", width = VISIT_CODE_DIGITS as usize)
}

/// The stored form of a code: with the token of its link, which is stored nowhere, so that a copy of the store does not tell it.
fn code_hash(token: &str, code: &str) -> TokenHash {
    tokens::hash(&format!("{token} {code}"))
}

/// The digits that somebody typed, those of Chinese keyboards too; blanks between them mean nothing.
fn digits(typed: &str) -> String {
    let digit = |sign: char| match sign {
        '０'..='９' => char::from_digit(u32::from(sign) - u32::from('０'), 10),
        _ => sign.is_ascii_digit().then_some(sign),
    };
    typed.chars().filter_map(digit).collect()
}

/// Counts a code that is sent now, unless as many were sent of late as may be.
fn count(sent_ms: &mut Vec<u64>, now_ms: u64, most: usize) -> Result<(), AccountError> {
    sent_ms.retain(|at_ms| at_ms.saturating_add(VISIT_CODES_WITHIN_MS) > now_ms);
    if sent_ms.len() >= most {
        return Err(AccountError::VisitCodesSpent);
    }
    sent_ms.push(now_ms);
    Ok(())
}

/// An address as a stranger may read it: its first letter and its domain.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let mut letters = local.chars();
    // The first letter of one is all of it.
    let first = letters.next().filter(|_| letters.next().is_some());
    format!("{}***@{domain}", first.map(String::from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_does_not_read_a_whole_address() {
        for (address, shown) in [
            ("alice@example.org", "a***@example.org"),
            ("李四@example.org", "李***@example.org"),
            ("a@example.org", "***@example.org"),
            ("", "***@"),
        ] {
            assert_eq!(masked(address), shown);
        }
    }

    #[test]
    fn a_code_is_its_digits_however_they_are_typed() {
        for typed in ["01234567", " 0123 4567 ", "０１２３-４５６７"] {
            assert_eq!(digits(typed), "01234567", "{typed}");
        }
        let rng = Rng::seeded(3);
        for _ in 0..200 {
            assert_eq!(digits(&new_code(&rng)).len(), VISIT_CODE_DIGITS as usize);
        }
    }

    #[test]
    fn a_row_from_before_there_were_codes_is_written_as_it_was() {
        #[derive(serde::Serialize)]
        struct Before {
            until_ms: u64,
            link: Option<TokenHash>,
        }
        let before = store::to_record(&Before { until_ms: 7, link: Some([1; 32]) });
        let row: VisitRow = store::from_record(&before).unwrap();
        assert_eq!(store::to_record(&row), before, "a condition on it would never hold otherwise");
    }
}
