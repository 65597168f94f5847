//! Bearer tokens: making them, and their only stored form.

use base::Rng;
use sha2::{Digest, Sha256};

use crate::tables::TokenHash;

/// Random characters of a token: 40 of 62 signs are 238 bits.
const RANDOM_LENGTH: usize = 40;

/// What a new or refreshed session hands to the client.
#[derive(Clone)]
pub struct IssuedTokens {
    /// The access token; it is nowhere else.
    pub access_token: String,
    /// The refresh token, when the client asked for one.
    pub refresh_token: Option<String>,
    /// How long the access token lives, in ms; none means for ever.
    pub expires_in_ms: Option<u64>,
}

/// What a token is for: seen in its first letters, so that secret scanners and people can tell.
#[derive(Clone, Copy)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
    Login,
    Administrator,
    OpenId,
    Address,
    SignOn,
    FirstLogin,
    Visit,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Access => "lqa_",
            Self::Refresh => "lqr_",
            Self::Login => "lql_",
            Self::Administrator => "lqf_",
            Self::OpenId => "lqo_",
            Self::Address => "lqe_",
            Self::SignOn => "lqs_",
            Self::FirstLogin => "lqi_",
            Self::Visit => "lqv_",
        }
    }
}

pub(crate) fn generate(rng: &Rng, kind: TokenKind) -> String {
    format!("{}{}", kind.prefix(), rng.string(RANDOM_LENGTH))
}

pub(crate) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}
