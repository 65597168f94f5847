//! Proving an e-mail address by a one-time link.
//!
//! A session is bound to its purpose, its address, the client's secret, and to the user who adds the
//! address where the client said who that is. The token of the link and the secret are stored as hashes; the link works once and
//! not for ever; what the session proved is spent with the operation it was for. So a proof for one
//! thing never serves another.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};
use subtle::ConstantTimeEq as _;

use crate::{
    AccountError, Accounts,
    limits::{
        ADDRESS_BYTES_MAX, ADDRESS_PROOF_MS, ADDRESS_PROOFS_PER_PAGE, CLIENT_SECRET_BYTES_MAX,
        NEXT_LINK_BYTES_MAX, WRITE_TRIES_MAX,
    },
    tables::{ADDRESS_PROOF_SIDS, ADDRESS_PROOFS, AddressProofRow},
    third_party_ids::canonical,
    tokens::{self, TokenKind},
};

/// Letters of a session id.
const SID_LENGTH: usize = 24;

/// What an address is proved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPurpose {
    /// A new account.
    Register,
    /// One more address of an account.
    Add,
    /// A new password.
    ResetPassword,
}

impl AddressPurpose {
    fn code(self) -> u8 {
        match self {
            Self::Register => 1,
            Self::Add => 2,
            Self::ResetPassword => 3,
        }
    }
}

/// What a client asks for at one of the `requestToken` endpoints.
#[derive(Clone, Debug)]
pub struct AddressProofRequest {
    /// What for.
    pub purpose: AddressPurpose,
    /// Who adds the address; only for that purpose.
    pub user: Option<OwnedUserId>,
    /// The address; its form is checked by the caller.
    pub address: String,
    /// The client's secret.
    pub client_secret: String,
    /// A higher number than before asks for one more letter.
    pub send_attempt: u64,
    /// Where the person goes on afterwards.
    pub next_link: Option<String>,
}

/// What the owner of the address is to be told. Only they learn whether it has an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofLetter {
    /// A link with this token.
    Link {
        /// The token; it is nowhere else.
        token: String,
    },
    /// The address has an account already.
    InUse,
}

/// A session that was begun, or is under way.
#[derive(Clone, Debug)]
pub struct AddressProofBegun {
    /// Names the session.
    pub sid: String,
    /// The letter to send, if one is due.
    pub letter: Option<ProofLetter>,
}

/// A session whose link was opened; not spent yet.
#[derive(Clone)]
pub struct AddressProof {
    sid: String,
    row: AddressProofRow,
}

impl std::fmt::Debug for AddressProof {
    /// Without what opens it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressProof").field("address", &self.row.address).finish_non_exhaustive()
    }
}

impl AddressProof {
    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.row.address
    }

    pub(crate) fn validated_ms(&self) -> u64 {
        self.row.validated_ms.unwrap_or_default()
    }
}

impl Accounts {
    /// Begins to prove an address, or says that a letter is on its way. The answer is the same whether or
    /// not the address has an account.
    ///
    /// # Errors
    /// `InvalidParameter` for a secret or link that is not of the form the specification gives it.
    pub async fn begin_address_proof(
        &self,
        request: &AddressProofRequest,
    ) -> Result<AddressProofBegun, AccountError> {
        check(request)?;
        let address = canonical(&request.address);
        let secret = tokens::hash(&request.client_secret);
        let key = (secret, request.purpose.code(), address.clone());
        for _ in 0..WRITE_TRIES_MAX {
            let now_ms = self.0.clock.now_ms();
            let owner = self.owner_of_address(&address).await?;
            let wanted = matches!(request.purpose, AddressPurpose::ResetPassword);
            let token =
                (owner.is_some() == wanted).then(|| tokens::generate(&self.0.rng, TokenKind::Address));
            let mut batch = Batch::new();
            let known_sid = self.0.store.get(&ADDRESS_PROOF_SIDS, &key).await?;
            let known = match &known_sid {
                Some(sid) => self.0.store.get(&ADDRESS_PROOFS, sid).await?,
                None => None,
            };
            let known = known.filter(|row| row.expires_ms > now_ms && row.user == request.user);
            if let (Some(sid), Some(row)) = (&known_sid, &known)
                && (row.send_attempt >= request.send_attempt || row.validated_ms.is_some())
            {
                return Ok(AddressProofBegun { sid: sid.clone(), letter: None });
            }
            let sid = match (&known_sid, &known) {
                (Some(sid), Some(_)) => sid.clone(),
                _ => self.0.rng.string(SID_LENGTH),
            };
            let row = AddressProofRow {
                purpose: request.purpose.code(),
                user: request.user.clone(),
                address: address.clone(),
                secret,
                token: token.as_deref().map(tokens::hash),
                send_attempt: request.send_attempt,
                next_link: request.next_link.clone(),
                expires_ms: now_ms.saturating_add(ADDRESS_PROOF_MS),
                validated_ms: None,
            };
            batch.expect_read(&ADDRESS_PROOFS, &sid, known.as_ref());
            batch.put(&ADDRESS_PROOFS, &sid, &row);
            batch.expect_read(&ADDRESS_PROOF_SIDS, &key, known_sid.as_ref());
            batch.put(&ADDRESS_PROOF_SIDS, &key, &sid);
            match self.0.store.commit(batch).await {
                Ok(_) => {
                    let letter = match token {
                        Some(token) => Some(ProofLetter::Link { token }),
                        None if owner.is_some() => Some(ProofLetter::InUse),
                        // Nobody is told that somebody without an account wanted a new password.
                        None => None,
                    };
                    return Ok(AddressProofBegun { sid, letter });
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    /// Whether the link with this token can still be opened; the address it is about.
    pub async fn address_of_link(&self, sid: &str, token: &str) -> Result<Option<String>, StoreError> {
        Ok(self.open_link(sid, token).await?.map(|row| row.address))
    }

    /// Opens the link: its session is proved from here on, and the link is void. The answer is where the
    /// person goes on, if the client said so.
    ///
    /// # Errors
    /// `AddressNotProved` for a link that is unknown, used or too old.
    pub async fn confirm_address(&self, sid: &str, token: &str) -> Result<Option<String>, AccountError> {
        let row = self.open_link(sid, token).await?.ok_or(AccountError::AddressNotProved)?;
        let now_ms = self.0.clock.now_ms();
        let proved = AddressProofRow {
            token: None,
            validated_ms: Some(now_ms),
            // The client has the same time again to make use of it.
            expires_ms: now_ms.saturating_add(ADDRESS_PROOF_MS),
            ..row.clone()
        };
        let mut batch = Batch::new();
        batch.expect_eq(&ADDRESS_PROOFS, sid, &row);
        batch.put(&ADDRESS_PROOFS, sid, &proved);
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(row.next_link),
            Err(StoreError::Conflict) => Err(AccountError::AddressNotProved),
            Err(error) => Err(error.into()),
        }
    }

    /// A session whose link was opened, for this purpose, user and secret.
    ///
    /// # Errors
    /// `AddressNotProved`, without saying what does not fit.
    pub async fn address_proof(
        &self,
        purpose: AddressPurpose,
        user: Option<&UserId>,
        sid: &str,
        client_secret: &str,
    ) -> Result<AddressProof, AccountError> {
        if sid.len() > SID_LENGTH || client_secret.len() > CLIENT_SECRET_BYTES_MAX {
            return Err(AccountError::AddressNotProved);
        }
        let row = self.0.store.get(&ADDRESS_PROOFS, sid).await?.ok_or(AccountError::AddressNotProved)?;
        let secret = tokens::hash(client_secret);
        let fits = bool::from(row.secret.ct_eq(&secret))
            && row.purpose == purpose.code()
            && row.user.as_deref().is_none_or(|bound| Some(bound) == user)
            && row.validated_ms.is_some()
            && row.expires_ms > self.0.clock.now_ms();
        if fits { Ok(AddressProof { sid: sid.to_owned(), row }) } else { Err(AccountError::AddressNotProved) }
    }

    /// Spends a proof in the batch of what it was for: of two operations one wins.
    pub(crate) fn spend_address_proof(&self, batch: &mut Batch, proof: &AddressProof) {
        let AddressProof { sid, row } = proof;
        batch.expect_eq(&ADDRESS_PROOFS, sid.as_str(), row);
        batch.delete(&ADDRESS_PROOFS, sid.as_str());
        batch.delete(&ADDRESS_PROOF_SIDS, &(row.secret, row.purpose, row.address.clone()));
    }

    /// Whether somebody else was faster to spend a proof.
    pub(crate) async fn is_spent(&self, proof: &AddressProof) -> Result<bool, StoreError> {
        Ok(self.0.store.get(&ADDRESS_PROOFS, proof.sid.as_str()).await?.as_ref() != Some(&proof.row))
    }

    /// Drops sessions that are too old; how many. Asked again until it answers 0.
    pub async fn forget_address_proofs(&self) -> Result<usize, StoreError> {
        let now_ms = self.0.clock.now_ms();
        let mut forgotten = 0;
        let mut scan = Scan::all().limit(ADDRESS_PROOFS_PER_PAGE);
        loop {
            let rows = self.0.store.scan(&ADDRESS_PROOFS, scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(forgotten) };
            scan = Scan::all().after(last.as_str()).limit(ADDRESS_PROOFS_PER_PAGE);
            let mut batch = Batch::new();
            for (sid, row) in rows.into_iter().filter(|(_, row)| row.expires_ms <= now_ms) {
                batch.delete(&ADDRESS_PROOFS, sid.as_str());
                batch.delete(&ADDRESS_PROOF_SIDS, &(row.secret, row.purpose, row.address));
                forgotten += 1;
            }
            if !batch.is_empty() {
                self.0.store.commit(batch).await?;
            }
        }
    }

    async fn open_link(&self, sid: &str, token: &str) -> Result<Option<AddressProofRow>, StoreError> {
        if sid.len() > SID_LENGTH || token.len() > crate::limits::TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let row = self.0.store.get(&ADDRESS_PROOFS, sid).await?;
        let hash = tokens::hash(token);
        let fits = |row: &AddressProofRow| {
            row.token.is_some_and(|expected| bool::from(expected.ct_eq(&hash)))
                && row.expires_ms > self.0.clock.now_ms()
        };
        Ok(row.filter(fits))
    }
}

fn check(request: &AddressProofRequest) -> Result<(), AccountError> {
    let secret = &request.client_secret;
    let is_secret_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".=_-".contains(&byte);
    if secret.is_empty() || secret.len() > CLIENT_SECRET_BYTES_MAX || !secret.bytes().all(is_secret_byte) {
        return Err(AccountError::InvalidParameter(
            "client_secret must have 1 to 255 of 0-9 a-z A-Z . = _ -",
        ));
    }
    if request.address.len() > ADDRESS_BYTES_MAX {
        return Err(AccountError::InvalidParameter("the address is too long"));
    }
    let is_link = |link: &String| {
        link.len() <= NEXT_LINK_BYTES_MAX && (link.starts_with("https://") || link.starts_with("http://"))
    };
    if request.next_link.as_ref().is_some_and(|link| !is_link(link)) {
        return Err(AccountError::InvalidParameter("next_link must be a web address"));
    }
    Ok(())
}
