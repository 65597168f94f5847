//! What a caller of the kit can act on.

use store::StoreError;

use crate::{BotError, CallError};

/// Why a bot did not start.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The homeserver refuses or cannot be reached.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The bot itself cannot start.
    #[error(transparent)]
    Bot(#[from] BotError),
    /// The bot's keys are not as the library of encryption needs them.
    #[error("the keys of the bot cannot be used: {0}")]
    Keys(String),
    /// An account of this name was there before the bot.
    #[error(
        "the account {0} was there before the bot: close it, or set bots.take_over_accounts if it is the bot's"
    )]
    Occupied(ruma::OwnedUserId),
}
