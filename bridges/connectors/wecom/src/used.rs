//! The platform closes apps that are used too little, and tells the app before (section 4.2). Whoever asks how the lines stand is told, as
//! long as it is so, also after a restart.

use std::sync::Arc;

use bridge_api::{Failure, Shelf, Words, words};
use parking_lot::Mutex;

use crate::{limits::USAGE_KEPT_MS, received::Usage};

words! {
    LITTLE = "企业微信提示：应用使用过少，可能受限或被停用；请在管理后台确认应用仍在使用" | "WeCom says that the app is used too little, and limits or closes such apps: confirm in the console that it is still needed";
    CLOSED = "企业微信因使用过少停用了应用，消息不再收发；请在管理后台重新启用" | "WeCom has closed the app because it was used too little, and nothing is carried: open it again in the console";
}

/// Where it lies what the platform said last.
const ROW: &str = "app:usage";

/// What the platform said last of how much the app is used.
pub struct Used {
    shelf: Arc<dyn Shelf>,
    last: Mutex<Option<Usage>>,
}

impl Used {
    /// Nothing yet but what lies on the shelf; see [`Self::recall`].
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, last: Mutex::default() }
    }

    /// Reads what was said before the start. What cannot be read now is told again by the platform, or is over.
    pub async fn recall(&self) {
        match self.shelf.read(ROW).await {
            Ok(before) => {
                let mut last = self.last.lock();
                *last = last.or(before);
            }
            Err(error) => {
                tracing::warn!(%error, "it is not known what WeCom said of how much the app is used")
            }
        }
    }

    /// The platform says it anew.
    ///
    /// # Errors
    /// When it cannot be written down; the platform tells it once more.
    pub async fn note(&self, usage: Usage) -> Result<(), Failure> {
        match usage {
            Usage::Little | Usage::Closed => {
                tracing::error!(?usage, "WeCom says that the app is used too little");
                self.shelf.write(ROW, &usage, USAGE_KEPT_MS).await?;
            }
            Usage::Enough => {
                tracing::info!("WeCom has the app open again");
                self.shelf.remove(ROW).await?;
            }
        }
        *self.last.lock() = Some(usage);
        Ok(())
    }

    /// What does not work, in words for people who can mend it.
    pub fn amiss(&self) -> Option<Words> {
        match (*self.last.lock())? {
            Usage::Little => Some(LITTLE),
            Usage::Closed => Some(CLOSED),
            Usage::Enough => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn what_the_platform_said_is_told_until_it_is_over_also_after_a_restart() {
        let rows = Arc::new(Rows::default());
        let used = Used::new(rows.clone());
        assert_eq!(used.amiss(), None);
        for (usage, told) in [(Usage::Little, LITTLE), (Usage::Closed, CLOSED)] {
            used.note(usage).await.expect("noted");
            assert_eq!(used.amiss(), Some(told));
            let again = Used::new(rows.clone());
            again.recall().await;
            assert_eq!(again.amiss(), Some(told), "after a restart");
        }
        used.note(Usage::Enough).await.expect("noted");
        let again = Used::new(rows.clone());
        again.recall().await;
        assert_eq!((used.amiss(), again.amiss()), (None, None));
        rows.refuse(true);
        assert!(used.note(Usage::Little).await.is_err(), "the platform tells it again");
        assert_eq!(used.amiss(), None);
    }
}
