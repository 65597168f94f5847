//! Parts of the connector that fail for long while the rest of it goes on. The line is up then, so whoever asks how it stands has to be
//! told apart what does not come or go.

use bridge_api::{Words, words};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::AMISS_AFTER;

words! {
    APP = "应用无法取得 access_token，由应用收发的内容暂停：原因见 lianqiao bridge login wecom" | "the app gets no token, so nothing comes or goes by it: `lianqiao bridge login wecom` says why";
    ARCHIVE = "会话内容存档无法读取，只有它能带来的消息暂停：原因见 lianqiao bridge login wecom" | "the chat archive cannot be read, so what it alone brings does not come: `lianqiao bridge login wecom` says why";
    SERVICE = "微信客服无法读取，客户来信暂停：原因见 lianqiao bridge login wecom" | "customer service cannot be read, so what customers write does not come: `lianqiao bridge login wecom` says why";
}

/// A part, and since when it fails.
pub struct Failing {
    since: Mutex<Option<Instant>>,
    words: Words,
}

impl Failing {
    const fn part(words: Words) -> Self {
        Self { since: Mutex::new(None), words }
    }

    /// The app's token.
    pub const fn app() -> Self {
        Self::part(APP)
    }

    /// The chat archive.
    pub const fn archive() -> Self {
        Self::part(ARCHIVE)
    }

    /// Customer service.
    pub const fn service() -> Self {
        Self::part(SERVICE)
    }

    /// The part was tried once more.
    pub fn note(&self, fails: bool) {
        let mut since = self.since.lock();
        *since = fails.then(|| since.unwrap_or_else(Instant::now));
    }

    /// What people have to know, if it has failed for so long.
    pub fn told(&self) -> Option<Words> {
        self.since.lock().is_some_and(|since| since.elapsed() >= AMISS_AFTER).then_some(self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_fails_for_a_moment_is_not_told_and_what_works_again_no_more() {
        let failing = Failing::app();
        assert_eq!(failing.told(), None);
        failing.note(true);
        tokio::time::advance(AMISS_AFTER / 2).await;
        failing.note(true);
        assert_eq!(failing.told(), None);
        tokio::time::advance(AMISS_AFTER / 2).await;
        assert_eq!(failing.told(), Some(APP), "since the first time");
        failing.note(false);
        assert_eq!(failing.told(), None);
    }
}
