//! The rooms that the bot makes: of a case, where both sides hold its records; the ledger, where all others are held.

use std::collections::BTreeSet;

use cases::{Case, Record};
use kit::{Letter, To, notice};
use office::{AUDITORS, LEDGER, RoomOrder, membership, record_letter};
use people::{Chart, PersonId};
use ruma::{OwnedUserId, ServerName, UserId};
use store::Batch;

use super::{Approvals, LOCALPART, Scene};
use crate::{
    OfficeError,
    card::title,
    instance::Instance,
    template::{CaseRoomPolicy, Template},
};

/// Begins the keys of rooms of cases.
const CASE: &str = "case/";

/// The key of the room of a case.
pub(super) fn place_of_case(case: &str) -> String {
    format!("{CASE}{case}")
}

/// The key of the message below which a room of a case hears what was decided on other platforms.
pub(super) fn root_of_case(case: &str) -> String {
    format!("root/{case}")
}

/// The case of a room by its key.
pub(super) fn case_of_place(key: &str) -> Option<&str> {
    key.strip_prefix(CASE)
}

/// The bot of a partner.
pub(super) fn bot_of(server: &ServerName) -> Option<OwnedUserId> {
    UserId::parse(format!("@{LOCALPART}:{server}")).ok()
}

impl Approvals {
    /// The room of a case is made when it is needed first, and whoever gets a part in the case is asked in.
    pub(super) async fn keep_case_room(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        if after.data.room.is_none() {
            return Ok(());
        }
        let place = place_of_case(&after.id);
        let old = before.filter(|before| before.data.room.is_some());
        let known = old.map_or_else(BTreeSet::new, |old| participants(&old.data));
        let is_new = old.is_none();
        if is_new {
            self.order_case_room(batch, &place, after, scene).await?;
        }
        for person in participants(&after.data).difference(&known) {
            if let Some(account) = account_of(&scene.chart, person) {
                let key = format!("in/{}/{person}", after.id);
                self.kit().outbox().put(batch, membership(key, LOCALPART, &place, &account, "invite"));
            }
        }
        if is_new {
            for bot in scene.template.partners().filter_map(|server| bot_of(server)) {
                let key = format!("in/{}/{bot}", after.id);
                self.kit().outbox().put(batch, membership(key, LOCALPART, &place, &bot, "invite"));
            }
        }
        Ok(())
    }

    async fn order_case_room(
        &self,
        batch: &mut Batch,
        place: &str,
        case: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let pen = self.pen(self.kit().language(None, None).await?);
        let own = self.kit().server_name().to_owned();
        let servers = std::iter::once(own).chain(scene.template.partners().cloned()).collect();
        // Names and topics of rooms are in the clear everywhere.
        let (name, topic) = match case.data.is_secret {
            true => (pen.say("card.secret", &[("no", &case.no)]), "room.secret_topic"),
            false => (title(case, &scene.world(), pen), "room.topic"),
        };
        let order = RoomOrder {
            kind: "case",
            no: Some(&case.no),
            name,
            topic: pen.say(topic, &[]),
            helpers: scene.template.partners().filter_map(|server| bot_of(server)).collect(),
            theirs: Vec::new(),
            servers,
        };
        let request = if case.data.is_secret { order.encrypted() } else { order.request() };
        let root = notice(&order.name);
        self.kit().order_place(batch, LOCALPART, place, request).await?;
        if self.kit().bridge().is_some() && !case.data.is_secret {
            let letter =
                Letter::message(root_of_case(&case.id), LOCALPART, To::Place(place.to_owned()), root);
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    /// Sends new records to where they are held: the room of the case, or the ledger. A partner who comes later gets all
    /// of them, because nobody reads there what was said before they came.
    pub(super) async fn keep_records(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        records: &[Record],
        template: &Template,
    ) -> Result<(), OfficeError> {
        let Some(room) = &after.data.room else {
            return Ok(office::keep_in_ledger(self.kit(), batch, LOCALPART, records).await?);
        };
        let place = place_of_case(&after.id);
        let nobody = BTreeSet::new();
        let here = before.and_then(|before| before.data.room.as_ref()).map_or(&nobody, |room| &room.here);
        let came: Vec<_> = room.here.difference(here).collect();
        if !room.here.is_empty() {
            Box::pin(self.hand_keys(batch, To::Place(place.clone()), room.here.len())).await?;
        }
        if !came.is_empty() {
            let all = self.house().await?.cases.records(&after.id).await?;
            for server in came {
                for record in &all {
                    let key = format!("rec/{}/{server}/{}", after.id, record.seq);
                    self.put_record(batch, &place, key, record);
                }
            }
        }
        let waits = room.here.is_empty() && template.partners().next().is_some();
        if !waits || template.policy.case_room == CaseRoomPolicy::Always {
            for record in records {
                self.put_record(batch, &place, format!("rec/{}/{}", after.id, record.seq), record);
            }
        }
        Ok(())
    }

    fn put_record(&self, batch: &mut Batch, place: &str, key: String, record: &Record) {
        self.kit().outbox().put(batch, record_letter(LOCALPART, place, key, record));
    }

    /// Those who may read a room of ours by their role come and go with it. `asked` is who was asked in before.
    pub(super) async fn keep_auditors(&self, batch: &mut Batch, chart: &Chart) -> Result<(), OfficeError> {
        if self.kit().has_place(LOCALPART, LEDGER).await? {
            self.keep_members(batch, LEDGER, AUDITORS, chart).await?;
        }
        Ok(())
    }
}

/// Whoever of ours has a part in a case that others than its room would tell them of.
fn participants(instance: &Instance) -> BTreeSet<PersonId> {
    let asked = instance.tasks.iter().filter(|task| task.partner.is_none());
    asked.map(|task| task.owner.clone()).chain([instance.starter.clone()]).collect()
}

fn account_of(chart: &Chart, person: &PersonId) -> Option<OwnedUserId> {
    chart.active(person).and_then(|person| person.account.clone())
}
