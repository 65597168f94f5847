//! What was uploaded, and the codes under which robots may download it for a while.

use bytes::Bytes;

use super::State;
use crate::chance::opaque;
use crate::limits::MEDIA_MAX;
use crate::refusal::Refusal;

/// Something that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    /// `image`, `voice`, `video` or `file`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// The right of one robot to download something.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    pub(crate) app: String,
    pub(crate) media: String,
    pub(crate) until_ms: u64,
}

impl State {
    /// Keeps it and returns its id.
    pub(crate) fn keep_media(&mut self, media: Media) -> Result<String, Refusal> {
        if self.media.len() >= MEDIA_MAX {
            return Err(Refusal::old(-1));
        }
        let id = format!("@lA{}", self.stage.chance.id("", 32));
        self.media.insert(id.clone(), media);
        Ok(id)
    }

    /// A code under which a robot may download something.
    pub(crate) fn download_code(&mut self, app: &str, media: &str) -> String {
        if self.downloads.len() >= MEDIA_MAX {
            let now = self.stage.now_ms();
            self.downloads.retain(|_, download| download.until_ms > now);
        }
        if self.downloads.len() >= MEDIA_MAX {
            self.downloads.pop_first();
        }
        let code = opaque(&mut self.stage.chance, "");
        let until_ms = self.stage.now_ms() + self.settings.download_life_ms;
        let download = Download { app: app.to_owned(), media: media.to_owned(), until_ms };
        self.downloads.insert(code.clone(), download);
        code
    }
}
