//! What an operator says of the archive.

use std::path::PathBuf;

use bridge_api::{ConversationId, Secret};

/// The paid chat archive of a company.
#[derive(Clone, Debug)]
pub struct ArchiveSettings {
    /// The secret of the archive, which is no app's.
    pub secret: Secret,
    /// The program of `archive-helper/`, which loads the library.
    pub helper: PathBuf,
    /// The platform's library, `libWeWorkFinanceSdk_C.so`.
    pub library: PathBuf,
    /// The private keys, each with the version that the console shows for its public key. Old ones stay.
    pub private_keys: Vec<ArchiveKey>,
    /// The proxy through which the library asks (`http://10.0.0.1:8080`, `socks5://…`); empty for none.
    pub proxy: String,
    /// `user:password` of the proxy; empty for none.
    pub proxy_password: Secret,
    /// Groups of the archive that are at the same time conversations in which we speak: the archive's roomid, and what the
    /// conversation is called here (`group:<chatid>`, `chat:<chatid>`, `webhook:<name>`).
    pub rooms: Vec<(String, ConversationId)>,
    /// Whether what two people say to each other alone is brought too.
    pub direct_chats: bool,
    /// Robots that are ours beside the AI bot, by their id in the archive (`wb…`) or by their name: webhooks.
    pub own_robots: Vec<String>,
}

/// A private key of the archive.
#[derive(Clone, Debug)]
pub struct ArchiveKey {
    /// Its version in the console (`publickey_ver`).
    pub version: u64,
    /// The key as PEM, PKCS#8 or PKCS#1.
    pub pem: Secret,
}

impl ArchiveSettings {
    /// The conversation that a group of the archive is.
    pub(super) fn conversation(&self, room: &str) -> Option<ConversationId> {
        let paired = self.rooms.iter().find(|(known, _)| known == room).map(|(_, paired)| paired.clone());
        paired.or_else(|| ConversationId::new(format!("room:{room}")).ok())
    }

    /// Whether a conversation is heard by the archive as well as by an app or a bot.
    pub(super) fn is_paired(&self, conversation: &ConversationId) -> bool {
        self.rooms.iter().any(|(_, paired)| paired == conversation)
    }
}
