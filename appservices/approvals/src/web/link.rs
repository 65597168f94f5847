//! The link to a form: signed, for one person, for one use, for a short time.

use cases::Signer;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};

use super::ROOT;

/// A link that somebody was given. Its row is not the link: that takes the key that signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormLink {
    /// For whom.
    pub account: OwnedUserId,
    /// Where they asked for it.
    pub room: OwnedRoomId,
    /// By what they asked for it; it is the source of what is done by the link.
    pub event: OwnedEventId,
    /// Until when it is good, in ms since 1970.
    pub until_ms: u64,
    /// Tells it from every other one.
    pub chance: String,
}

impl FormLink {
    /// The address to the form of a case, below the server's.
    pub fn path(&self, case: &str, signer: &Signer) -> String {
        let (_, signature) = signer.sign(&self.signed_bytes(case));
        format!("{ROOT}{case}/{}", in_path(&signature))
    }

    /// Whether this is the signature in its address.
    pub fn is_signed_by(&self, case: &str, shown: &str, signer: &Signer) -> bool {
        is_signed(shown, &self.signed_bytes(case), signer)
    }

    /// No record is signed over such bytes: those are JSON.
    fn signed_bytes(&self, case: &str) -> Vec<u8> {
        let Self { account, room, event, until_ms, chance } = self;
        format!("form link\n{case}\n{account}\n{room}\n{event}\n{until_ms}\n{chance}").into_bytes()
    }
}

/// A signature as a part of a path.
pub(crate) fn in_path(signature: &str) -> String {
    signature.replace('+', "-").replace('/', "_")
}

/// Whether this part of a path is the signature of these bytes.
pub(crate) fn is_signed(shown: &str, bytes: &[u8], signer: &Signer) -> bool {
    let signature = shown.replace('-', "+").replace('_', "/");
    signer.public().verifies(&signer.id(), &signature, bytes) == Some(true)
}
