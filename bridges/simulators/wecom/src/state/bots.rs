//! AI bots: how they are reached, who may use them, what they are saying.

use serde_json::Value;

use super::apps::Address;

/// An AI bot.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    /// Where it is called; it has a socket when there is none.
    pub(crate) callback: Option<Address>,
    /// Whether it knows people by encrypted ids alone.
    pub(crate) encrypts_userids: bool,
    /// When somebody gave it more rights than it needs: the one person whose messages it still gets.
    pub(crate) creator_only: Option<String>,
}

/// A stream that a bot says in a chat.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// The message that shows it.
    pub(crate) message: String,
    /// Who asked, for the bound of interactions at a time.
    pub(crate) person: String,
    pub(crate) until_ms: u64,
    pub(crate) finished: bool,
}

/// The address at which a bot may answer once, later.
#[derive(Clone, Debug)]
pub(crate) struct ResponseUrl {
    pub(crate) bot: String,
    pub(crate) chat: String,
    pub(crate) until_ms: u64,
    pub(crate) used: bool,
}

/// What a bot answers, whichever way.
#[derive(Clone, Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) bot: &'a str,
    pub(crate) chat: &'a str,
    /// Who asked.
    pub(crate) person: &'a str,
    /// The id of the frame or of the callback that it answers.
    pub(crate) req_id: &'a str,
    pub(crate) body: &'a Value,
}
