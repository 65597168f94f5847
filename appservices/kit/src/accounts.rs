//! The bots' accounts at the homeserver: made once, never taken from a person.

use store::{Batch, Scan};

use crate::{
    Bot, Kit, KitError,
    tables::{ACCOUNTS, AccountRow, INBOX, ROOMS},
};

impl Kit {
    /// Makes the account of a bot, unless that was done before.
    ///
    /// An account that was there before the bot first asked for one is somebody's, and acting as that person is the last
    /// thing a bot may do. Once the homeserver has said that there is none, it is the bot's, whatever answer is lost.
    ///
    /// # Errors
    /// [`KitError::Occupied`], and what may pass.
    pub(crate) async fn ensure_account(&self, bot: &dyn Bot) -> Result<(), KitError> {
        let localpart = bot.localpart();
        let row = self.0.store.get(&ACCOUNTS, localpart).await?;
        let Some(intent) = self.intent(localpart).filter(|_| row != Some(AccountRow::Made)) else {
            return Ok(());
        };
        if row.is_none() {
            if intent.exists().await? && !self.0.settings.takes_over_accounts {
                self.disown(localpart).await?;
                return Err(KitError::Occupied(intent.user().to_owned()));
            }
            self.0.occupied.lock().retain(|occupied| *occupied != localpart);
            self.note_account(localpart, AccountRow::Asked).await?;
        }
        intent.register(self.sender()).await?;
        intent.set_display_name(bot.display_name(self.0.settings.language)).await?;
        self.note_account(localpart, AccountRow::Made).await
    }

    /// The homeserver takes the person for the bot and tells what they hear: none of it is kept.
    async fn disown(&self, localpart: &'static str) -> Result<(), KitError> {
        {
            let mut occupied = self.0.occupied.lock();
            occupied.retain(|other| *other != localpart);
            occupied.push(localpart);
        }
        // A transaction that began before is over then.
        let _taking = self.0.taking.lock().await;
        let mut batch = Batch::new();
        for key in self.0.store.scan_keys(&INBOX, Scan::prefix(localpart)).await? {
            batch.delete(&INBOX, &key);
        }
        for key in self.0.store.scan_keys(&ROOMS, Scan::prefix(localpart)).await? {
            batch.delete(&ROOMS, &key);
        }
        self.0.store.commit(batch).await?;
        Ok(())
    }

    async fn note_account(&self, localpart: &str, row: AccountRow) -> Result<(), KitError> {
        let mut batch = Batch::new();
        batch.put(&ACCOUNTS, localpart, &row);
        self.0.store.commit(batch).await?;
        Ok(())
    }
}
