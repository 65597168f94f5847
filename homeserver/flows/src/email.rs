//! Letters about accounts: who gets one is decided by `accounts`, what it says by `mail`.

use std::{sync::Arc, time::Duration};

use accounts::{AccountError, AddressProofRequest, AddressPurpose, ProofLetter};
use mail::{Address, Letter, Mailer, letters};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{Flows, FlowsError};

/// Path of the page behind the links that prove an address.
pub const CONFIRM_ADDRESS_PATH: &str = "/_lianqiao/email/confirm";

/// Letters being handed over at a time; a request that wants a further one is told to come back.
pub const LETTERS_WAITING_MAX: usize = 256;

/// Time for handing over a letter while somebody waits to hear whether it is on its way. Whoever asks on their behalf, a bot or
/// the command line, has to be still there then.
pub const LETTER_AWAITED_MAX: Duration = Duration::from_secs(7);

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

    /// Hands a letter over and waits until the mail server has it, or for [`LETTER_AWAITED_MAX`].
    pub(crate) async fn hand_over(&self, address: &Address, letter: &Letter) -> Result<(), String> {
        match timeout(LETTER_AWAITED_MAX, self.mailer.send(address, letter)).await {
            Ok(handed_over) => handed_over.map_err(|error| error.to_string()),
            Err(_) => Err("the mail server does not take the letter in time".to_owned()),
        }
    }

    /// A place among the letters that are on their way.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, AccountError> {
        Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| AccountError::Busy)
    }

    /// The name that letters give this server.
    pub(crate) fn server_name(&self) -> &str {
        &self.server_name
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
        let permit = post.place()?;
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
