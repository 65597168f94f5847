//! Who carries a transaction: the signed client, or a test.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ruma::ServerName;

use crate::{Client, ClientError, Policy};

/// Why a transaction was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The destination looked at it and refused its content: repeating it cannot help.
    #[error("the destination refuses the transaction: {0}")]
    Refused(String),
    /// Nobody answered, or somebody who does not speak for the destination.
    #[error("the destination cannot be reached: {0}")]
    Unreachable(String),
}

/// The way to other servers.
pub trait Carrier: Send + Sync + 'static {
    /// Whether the operator lets this server share rooms with the destination.
    fn allows(&self, destination: &ServerName) -> bool;

    /// Whether the operator lets the destination know who is online.
    fn allows_presence(&self, destination: &ServerName) -> bool {
        self.allows(destination)
    }

    /// Sends the body as `PUT /_matrix/federation/v1/send/{transaction_id}` and waits for the answer.
    fn carry<'a>(
        &'a self,
        destination: &'a ServerName,
        transaction_id: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), Undelivered>>;
}

/// The signed client as carrier.
pub(crate) struct SignedCarrier {
    pub client: Client,
    pub policy: Policy,
}

impl Carrier for SignedCarrier {
    fn allows(&self, destination: &ServerName) -> bool {
        self.policy.shares_rooms(destination)
    }

    fn allows_presence(&self, destination: &ServerName) -> bool {
        self.policy.shares_presence(destination)
    }

    fn carry<'a>(
        &'a self,
        destination: &'a ServerName,
        transaction_id: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), Undelivered>> {
        let sent = async move {
            match self.client.put_transaction(destination, transaction_id, body).await {
                Ok(_) => Ok(()),
                Err(error) if is_about_content(&error) => Err(Undelivered::Refused(error.to_string())),
                Err(error) => Err(Undelivered::Unreachable(error.to_string())),
            }
        };
        sent.boxed()
    }
}

/// Whether the destination says that it will never take this body. Who is not let in today may be tomorrow.
fn is_about_content(error: &ClientError) -> bool {
    matches!(error.status(), Some(400 | 413 | 422))
}
