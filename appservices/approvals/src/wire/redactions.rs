//! Messages by which somebody acted and that were removed since: the records stay, and the threads of the cards say so.

use cases::Case;
use kit::{Heard, Letter, Related, Relation, To, message};
use ruma::{OwnedEventId, OwnedUserId};
use store::Batch;

use super::{
    Approvals, KIND, LOCALPART,
    partners::{REQUEST_KIND, seen},
};
use crate::{OfficeError, card::cards, instance::Instance, tables::TOLD};

/// A card below which something is said.
pub(super) struct Place {
    /// Its letter.
    pub card: String,
    /// Where it is.
    pub to: To,
    /// Whose it is.
    pub account: OwnedUserId,
}

impl Approvals {
    /// An event may have been redacted: where a record stands on it, those who have a card of the case are told, once.
    pub(super) async fn source_redacted(
        &self,
        heard: &Heard,
        event: &OwnedEventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let own = house.cases.resting_on(KIND, event).await?;
        let of_partners = house.cases.resting_on(REQUEST_KIND, event).await?;
        if own.is_empty() && of_partners.is_empty() {
            return Ok(());
        }
        // Somebody may have said so who may not do it.
        let is_redacted = self.kit().is_redacted(LOCALPART, &heard.room, event).await;
        if !seen(is_redacted, false)? {
            return Ok(());
        }
        for (id, seq) in own {
            if let Some(case) = house.cases.get::<Instance>(&id).await? {
                let places = self.places_of(&case).await?;
                self.tell_of_redaction(heard, event, (&id, seq), places, batch).await?;
            }
        }
        for (id, seq) in of_partners {
            let places = self.places_of_request(&id).await?;
            self.tell_of_redaction(heard, event, (&id, seq), places, batch).await?;
        }
        Ok(())
    }

    async fn places_of(&self, case: &Case<Instance>) -> Result<Vec<Place>, OfficeError> {
        let chart = self.house().await?.chart();
        let mut places = Vec::new();
        for card in cards(case) {
            let Some(account) = chart.account_of(card.person(case)) else { continue };
            let key = self.key_of_card(&card, &case.id).await?;
            places.push(Place { card: key, to: To::Direct(account.clone()), account });
        }
        Ok(places)
    }

    async fn tell_of_redaction(
        &self,
        heard: &Heard,
        event: &OwnedEventId,
        (id, seq): (&str, u64),
        places: Vec<Place>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let told = (format!("redacted/{event}"), id.to_owned());
        if self.kit().store().exists(&TOLD, &told).await? {
            return Ok(());
        }
        batch.put(&TOLD, &told, &());
        let chart = self.house().await?.chart();
        let who = chart.by_account(&heard.sender).map(|person| person.name.clone());
        let (who, seq) = (who.unwrap_or_else(|| heard.sender.to_string()), seq.to_string());
        let values = [("who", who.as_str()), ("seq", &seq), ("hash", event.as_str())];
        for (number, Place { card, to, account }) in places.into_iter().enumerate() {
            let text = self.pen(self.language_of_account(&account).await?).say("told.redacted", &values);
            let key = format!("red/{event}/{id}/{number}");
            let letter = Letter::message(key, LOCALPART, to, message(&text, None));
            self.kit().outbox().put(batch, letter.relating(Relation::Thread(Related::Letter(card))));
        }
        Ok(())
    }
}
