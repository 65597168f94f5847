//! The links of a letter: signed, one for each answer, for one person, one task and one mailbox.

use cases::Signer;
use people::PersonId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ROOT;
use crate::web::{in_path, is_signed};

/// What the links of a letter decide. The row is no link: that takes the key that signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailLink {
    /// The case.
    pub case: String,
    /// The task.
    pub task: String,
    /// Who is asked.
    pub person: PersonId,
    /// The mailbox that the letter went to, as the staff list had it.
    pub address: String,
    /// Until when they are good, in ms since 1970.
    pub until_ms: u64,
}

/// What a link answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

impl Answer {
    /// The answer of this name in a path.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Approve, Self::Reject].into_iter().find(|answer| answer.name() == name)
    }

    /// What it is called in a path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

impl MailLink {
    /// The address of an answer, below the server's. `id` is that of the letter.
    pub fn path(&self, id: &str, answer: Answer, signer: &Signer) -> String {
        let (_, signature) = signer.sign(&self.signed_bytes(id, answer));
        format!("{ROOT}{id}/{}/{}", answer.name(), in_path(&signature))
    }

    /// SHA-256 of that address, in lower-case hexadecimal: what proves later by which link was decided.
    pub fn digest(&self, id: &str, answer: Answer, signer: &Signer) -> String {
        let digest = Sha256::digest(self.path(id, answer, signer));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is the signature in its address.
    pub fn is_signed_by(&self, id: &str, answer: Answer, shown: &str, signer: &Signer) -> bool {
        is_signed(shown, &self.signed_bytes(id, answer), signer)
    }

    /// What the button of a page sends along, good until then, in ms since 1970.
    pub fn token(&self, id: &str, answer: Answer, until_ms: u64, signer: &Signer) -> String {
        let (_, signature) = signer.sign(&self.token_bytes(id, answer, until_ms));
        format!("{until_ms}.{}", in_path(&signature))
    }

    /// Whether this is such a token, and good now.
    pub fn is_token(&self, id: &str, answer: Answer, shown: &str, now_ms: u64, signer: &Signer) -> bool {
        let Some((until, signature)) = shown.split_once('.') else { return false };
        let Ok(until_ms) = until.parse::<u64>() else { return false };
        until_ms > now_ms && is_signed(signature, &self.token_bytes(id, answer, until_ms), signer)
    }

    /// No record is signed over such bytes: those are JSON.
    fn signed_bytes(&self, id: &str, answer: Answer) -> Vec<u8> {
        let Self { case, task, person, address, until_ms: _ } = self;
        format!("mail link\n{id}\n{}\n{case}\n{task}\n{address}\n{person}", answer.name()).into_bytes()
    }

    fn token_bytes(&self, id: &str, answer: Answer, until_ms: u64) -> Vec<u8> {
        format!("mail page\n{id}\n{}\n{until_ms}", answer.name()).into_bytes()
    }
}
