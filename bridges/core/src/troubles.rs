//! What does not work of a platform although its line is up. Nobody sees an outage then, so administrators are told: when it begins, and
//! once a day while it lasts.

use std::collections::HashMap;

use base::Shutdown;
use sha2::{Digest as _, Sha256};
use store::{Batch, StoreError};

use crate::{
    Bridges,
    bridges::Seat,
    limits::{DAY_MS, TROUBLES_LOOK},
    names::hex,
};

impl Bridges {
    /// Looks from time to time, until the shutdown.
    pub(crate) async fn keep_telling_troubles(&self, seat: &Seat, shutdown: &Shutdown) {
        // On which day administrators heard of each; a restart tells them at most once more.
        let mut told = HashMap::new();
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(TROUBLES_LOOK) => {}
            }
            if let Err(error) = self.tell_troubles(seat, &mut told).await {
                tracing::warn!(%error, network = seat.network.key(), "administrators are not told what does not work; will try again");
            }
        }
    }

    async fn tell_troubles(
        &self,
        seat: &Seat,
        told: &mut HashMap<&'static str, u64>,
    ) -> Result<(), StoreError> {
        let (network, language) = (seat.network, self.0.settings.language);
        let today = self.0.clock.now_ms() / DAY_MS;
        told.retain(|_, day| *day == today);
        let mut news = seat.connector.amiss();
        news.retain(|what| !told.contains_key(what.en));
        let mut batch = Batch::new();
        for what in &news {
            let values = [("platform", network.name().of(language)), ("what", what.of(language))];
            let digest: String = hex(&Sha256::digest(what.en)).chars().take(16).collect();
            for person in &self.0.settings.administrators {
                let unique = format!("amiss/{}/{digest}/{today}/{person}", network.key());
                self.tell(&mut batch, person, &unique, "bridge.status.amiss", &values);
            }
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        told.extend(news.into_iter().map(|what| (what.en, today)));
        Ok(())
    }
}
