//! Letters about accounts: who gets one is decided by `accounts`, what it says by `mail`.

use std::sync::Arc;

use accounts::{AccountError, AddressProofRequest, AddressPurpose, ProofLetter};
use mail::{Address, Letter, MailError, Mailer, letters};
use tokio::sync::Semaphore;

use crate::{Flows, FlowsError};

/// Path of the page behind the links that prove an address.
pub const CONFIRM_ADDRESS_PATH: &str = "/_lianqiao/email/confirm";

/// Letters being handed over at a time; a request that wants a further one is told to come back.
pub const LETTERS_WAITING_MAX: usize = 256;

/// The way to people's mailboxes.
pub struct Post {
    mailer: Mailer,
    public_base_url: String,
    server_name: String,
    waiting: Arc<Semaphore>,
}

impl Post {
    /// Letters go through `mailer`; their links begin with the address at which people reach this server.
    #[must_use]
    pub fn new(mailer: Mailer, public_base_url: &str, server_name: &str) -> Self {
        Self {
            mailer,
            public_base_url: public_base_url.trim_end_matches('/').to_owned(),
            server_name: server_name.to_owned(),
            waiting: Arc::new(Semaphore::new(LETTERS_WAITING_MAX)),
        }
    }

    /// A link to a page of this server; none where nobody said how people reach it.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        (!self.public_base_url.is_empty()).then(|| format!("{}{path}", self.public_base_url))
    }

    /// Hands a letter over and waits until the mail server has it.
    pub(crate) async fn hand_over(&self, address: &Address, letter: &Letter) -> Result<(), MailError> {
        self.mailer.send(address, letter).await
    }

    fn compose(&self, purpose: AddressPurpose, sid: &str, letter: &ProofLetter) -> Letter {
        match letter {
            ProofLetter::InUse => letters::address_in_use(&self.server_name),
            ProofLetter::Link { token } => {
                let link = format!("{}{CONFIRM_ADDRESS_PATH}?sid={sid}&token={token}", self.public_base_url);
                match purpose {
                    AddressPurpose::Register | AddressPurpose::Add => {
                        letters::prove_address(&self.server_name, &link)
                    }
                    AddressPurpose::ResetPassword => letters::reset_password(&self.server_name, &link),
                }
            }
        }
    }
}

impl Flows {
    /// Begins to prove an e-mail address and answers the session's id. The letter goes out after the answer, so that
    /// neither words nor time tell a stranger whether the address has an account.
    ///
    /// # Errors
    /// `NoMail` when this server sends none.
    pub async fn request_address_proof(&self, request: AddressProofRequest) -> Result<String, FlowsError> {
        let post = self.0.post.as_ref().ok_or(FlowsError::NoMail)?;
        let address = Address::parse(&request.address)
            .ok_or(AccountError::InvalidParameter("this is not an e-mail address"))?;
        let permit = Arc::clone(&post.waiting).try_acquire_owned().map_err(|_| AccountError::Busy)?;
        let begun = self.0.accounts.begin_address_proof(&request).await?;
        if let Some(letter) = &begun.letter {
            let letter = post.compose(request.purpose, &begun.sid, letter);
            let mailer = post.mailer.clone();
            tokio::spawn(async move {
                if let Err(error) = mailer.send(&address, &letter).await {
                    tracing::warn!(%error, "send a letter about an account");
                }
                drop(permit);
            });
        }
        Ok(begun.sid)
    }
}
