//! People of this server who let a service speak for them. Whether it was their word is checked before anybody calls this.

use ruma::{EventId, UserId};
use store::{Batch, StoreError};

use super::{
    Services,
    tables::{SPEAKING, SpeakingRow},
};

impl Services {
    /// Whether a service speaks for a person.
    ///
    /// # Errors
    /// The store's own.
    pub async fn may_speak_for(&self, service: &str, user: &UserId) -> Result<bool, StoreError> {
        let row = self.0.parts.store.get(&SPEAKING, &(user.to_owned(), service.to_owned())).await?;
        Ok(row.is_some_and(|row| row.given_by.is_some()))
    }

    /// Lets a service speak for a person, who said so with this event at this time in ms. Whether that is later than the last
    /// time at which it was taken back.
    ///
    /// # Errors
    /// The store's own; a conflict when the person takes it back at this moment.
    pub async fn let_speak(
        &self,
        service: &str,
        user: &UserId,
        event: &EventId,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        let of = (user.to_owned(), service.to_owned());
        let old = self.0.parts.store.get(&SPEAKING, &of).await?;
        let ended_ms = old.as_ref().map_or(0, |row| row.ended_ms);
        if at_ms <= ended_ms {
            return Ok(false);
        }
        let mut batch = Batch::new();
        batch.expect_read(&SPEAKING, &of, old.as_ref());
        batch.put(&SPEAKING, &of, &SpeakingRow { given_by: Some(event.to_owned()), ended_ms });
        self.0.parts.store.commit(batch).await?;
        Ok(true)
    }

    /// Ends that a service speaks for a person, also for whatever they said before and nobody has shown yet.
    ///
    /// # Errors
    /// The store's own.
    pub async fn silence(&self, service: &str, user: &UserId) -> Result<(), StoreError> {
        let row = SpeakingRow { given_by: None, ended_ms: self.0.parts.clock.now_ms() };
        let mut batch = Batch::new();
        batch.put(&SPEAKING, &(user.to_owned(), service.to_owned()), &row);
        self.0.parts.store.commit(batch).await?;
        Ok(())
    }
}
