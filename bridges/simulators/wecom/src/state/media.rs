//! What was uploaded, by whom and until when; the files that bots are given for a few minutes.

use bytes::Bytes;

use super::{State, remember};
use crate::crypto;
use crate::limits::MEDIA_MAX;
use crate::refusal::Refusal;

/// To whom something that was uploaded belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MediaOwner {
    /// Any app of the organisation.
    Corp,
    /// One webhook, by its key.
    Webhook(String),
    /// One bot.
    Bot(String),
}

/// Something that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    /// `image`, `voice`, `video` or `file`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) owner: MediaOwner,
    pub(crate) until_ms: u64,
}

/// A file that a bot may fetch for a while.
#[derive(Clone, Debug)]
pub(crate) struct BotFile {
    pub(crate) media: String,
    pub(crate) key: crypto::Key,
    pub(crate) until_ms: u64,
}

impl State {
    /// Keeps it and returns its id.
    pub(crate) fn keep_media(
        &mut self,
        kind: &str,
        name: &str,
        bytes: Bytes,
        owner: MediaOwner,
    ) -> Result<String, Refusal> {
        if self.media.len() >= MEDIA_MAX {
            return Err(Refusal::new(-1));
        }
        let id = self.stage.chance.id("3", 63);
        let until_ms = self.now_ms() + self.settings.media_life_ms;
        let (kind, name) = (kind.to_owned(), name.to_owned());
        self.media.insert(id.clone(), Media { kind, name, bytes, owner, until_ms });
        Ok(id)
    }

    /// Something that lives still and that this owner may use.
    pub(crate) fn usable_media(&self, id: &str, owner: &MediaOwner) -> Result<&Media, Refusal> {
        let now = self.now_ms();
        let media = self.media.get(id).filter(|media| media.until_ms > now && media.owner == *owner);
        media.ok_or_else(|| Refusal::new(40_007))
    }

    /// An address at which a bot may fetch something for a while, encrypted: with the key of its callback, or with one of
    /// its own, which is returned too.
    pub(crate) fn bot_file(&mut self, media: &str, key: Option<crypto::Key>) -> (String, Option<String>) {
        let spoken_key = key.is_none();
        let key = key.unwrap_or_else(|| {
            let mut made = [0; 32];
            made[..16].copy_from_slice(&self.stage.chance.block());
            made[16..].copy_from_slice(&self.stage.chance.block());
            made
        });
        let code = self.stage.chance.id("", 40);
        let url = format!("{}/bot-files/{code}?sign=q-sign-algorithm", self.api_url);
        let until_ms = self.now_ms() + self.settings.bot_file_life_ms;
        remember(&mut self.bot_files, code, BotFile { media: media.to_owned(), key, until_ms });
        (url, spoken_key.then(|| crypto::spoken(&key)))
    }
}
