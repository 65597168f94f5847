//! The morning digests: one timer for each zone that people are in, so that a restart forgets none and doubles none.

use std::collections::BTreeSet;

use kit::{Fired, Letter, To, message};
use people::PersonId;
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Tasks, scene::zone_named};
use crate::{
    OfficeError,
    desk::zone_of,
    digest,
    limits::{DIGESTS_AT_ONCE_MAX, TASKS_READ_MAX, ZONES_MAX},
    tables::{DIGEST, DigestRow},
};

/// Begins the key of the timer of a zone.
pub(super) const TIMER: &str = "tkdigest/";

impl Tasks {
    /// Sets the timers of all zones, those that are set as they are.
    pub(super) async fn set_digests(&self, batch: &mut Batch) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let zones = chart.people().filter(|person| person.is_active()).map(|person| name_of(person));
        let zones: BTreeSet<String> = zones.chain([workdays::DEFAULT_ZONE.to_owned()]).collect();
        for zone in zones.into_iter().take(ZONES_MAX) {
            // A time that has passed stays: what was missed is sent once.
            if self.kit().store().get(&DIGEST, &zone).await?.is_none() {
                self.set_digest(batch, &zone).await?;
            }
        }
        Ok(())
    }

    async fn set_digest(&self, batch: &mut Batch, zone: &str) -> Result<(), OfficeError> {
        let calendar = self.house().await?.workdays.calendar();
        let next_ms = workdays::morning_after(self.kit().clock().now_ms(), &zone_named(zone), &calendar);
        batch.put(&DIGEST, zone, &DigestRow { next_ms });
        self.kit().timers().set(batch, LOCALPART, &format!("{TIMER}{zone}"), next_ms, json!({}));
        Ok(())
    }

    /// Sends the digests of some people of a zone, in the order of their numbers; then those of the rest.
    pub(super) async fn send_digests(
        &self,
        batch: &mut Batch,
        zone: &str,
        fired: &Fired,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let after = PersonId(fired.payload["after"].as_str().unwrap_or_default().to_owned());
        let people = chart.people().filter(|person| person.is_active() && person.id > after);
        let here: Vec<_> =
            people.filter(|person| name_of(person) == zone).take(DIGESTS_AT_ONCE_MAX).collect();
        let scene = self.scene(zone_named(zone), self.kit().clock().now_ms()).await?;
        let today = workdays::local(scene.at_ms, &scene.zone).date();
        for person in &here {
            let Some(account) = person.account.clone() else { continue };
            let doing = self.tasks_in(&[("todo", person.id.0.clone())], TASKS_READ_MAX).await?;
            let made = self.tasks_in(&[("made", person.id.0.clone())], TASKS_READ_MAX).await?;
            let pen = self.pen_of(person).await?;
            let Some(text) = digest::body(&person.id, &doing, &made, &scene.world(), pen) else { continue };
            let text = if fired.is_late { pen.say("tk.remind.late", &[("text", &text)]) } else { text };
            let key = format!("tkdigest/{today}/{}", person.id);
            let content = message(&text, std::slice::from_ref(&account));
            self.kit().outbox().put(batch, Letter::message(key, LOCALPART, To::Direct(account), content));
        }
        match here.last().filter(|_| here.len() == DIGESTS_AT_ONCE_MAX) {
            Some(last) => {
                let payload = json!({ "after": last.id.0 });
                self.kit().timers().set(batch, LOCALPART, &fired.key, fired.at_ms, payload);
                Ok(())
            }
            None => self.set_digest(batch, zone).await,
        }
    }
}

/// The name of the zone that somebody is in.
fn name_of(person: &people::Person) -> String {
    zone_of(person).iana_name().unwrap_or(workdays::DEFAULT_ZONE).to_owned()
}
