//! Conversations in which a platform lets us speak only after somebody there spoke to us: what is for them waits, people of the room are
//! told why once a day, and the next arrival from there lets it go on.

use bridge_api::Words;
use store::{Batch, StoreError};

use crate::{
    Bridges,
    lanes::{Lane, Next},
    limits::{DAY_MS, SILENCED_PAUSE},
};

impl Bridges {
    /// A lane waits for somebody to speak in its conversation.
    pub(crate) async fn waits_for_words(&self, lane: &Lane, words: Words) -> Next {
        tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason = words.en, "a conversation has to speak first; what is for it waits");
        self.outbound().silence(lane);
        if let Err(error) = self.tell_silenced(lane, words).await {
            tracing::warn!(%error, "people are not told that a conversation has to speak first");
        }
        Next::AfterWords(SILENCED_PAUSE)
    }

    async fn tell_silenced(&self, lane: &Lane, words: Words) -> Result<(), StoreError> {
        let Some(room) = self.portals().room_of(lane) else { return Ok(()) };
        let day = self.0.clock.now_ms() / DAY_MS;
        let unique = format!("silenced/{}/{}/{room}/{day}", lane.0.key(), lane.1);
        let name = self.name_of(lane);
        let values = [("conversation", name.as_str()), ("reason", words.of(self.0.settings.language))];
        let mut batch = Batch::new();
        self.notice(&mut batch, &room, &unique, "bridge.told.silenced", &values);
        self.0.store.commit(batch).await.map(drop)
    }
}
