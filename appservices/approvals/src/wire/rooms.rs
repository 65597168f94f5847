//! The rooms that the bot makes: of a case, where both sides hold its records; the ledger, where all others are held.

use std::collections::{BTreeMap, BTreeSet};

use cases::{Case, Record};
use kit::{Letter, PREFIX, To};
use people::{Chart, PersonId};
use ruma::{OwnedServerName, OwnedUserId, ServerName, UserId};
use serde_json::{Value, json};
use store::Batch;

use super::{Approvals, LOCALPART, Scene};
use crate::{
    OfficeError,
    card::title,
    instance::Instance,
    template::{CaseRoomPolicy, Template},
};

/// The key of the room that holds the records of cases without a room of their own.
const LEDGER: &str = "ledger";

/// The role of those who read the ledger.
const AUDITORS: &str = "auditor";

/// Begins the keys of rooms of cases.
const CASE: &str = "case/";

/// What may be sent into, and done in, a room that only bots lead.
const POWER_OF_BOTS: u32 = 100;

/// What partners' bots, and administrators in their room, may do: ask people in, set templates.
const POWER_OF_HELPERS: u32 = 50;

/// A room as it is to be made.
pub(super) struct RoomOrder<'a> {
    /// `case`, `ledger`, `administration`.
    pub kind: &'static str,
    /// The number of the case.
    pub no: Option<&'a str>,
    pub name: String,
    pub topic: String,
    /// Who may do more than talk.
    pub helpers: Vec<OwnedUserId>,
    /// Events beside membership that helpers may set.
    pub theirs: Vec<String>,
    /// Whose people may come.
    pub servers: Vec<OwnedServerName>,
}

impl RoomOrder<'_> {
    /// The body of `createRoom`. Creators stand in no power levels: in this room version they have what they need.
    pub fn request(&self) -> Value {
        let helpers: BTreeMap<&OwnedUserId, u32> =
            self.helpers.iter().map(|helper| (helper, POWER_OF_HELPERS)).collect();
        let theirs: BTreeMap<&String, u32> =
            self.theirs.iter().map(|kind| (kind, POWER_OF_HELPERS)).collect();
        // A server that is named by its address is meant as much as any other.
        // The rule is held against names without their ports.
        let hosts: Vec<&str> = self.servers.iter().map(|server| server.host()).collect();
        let literals = self.servers.iter().any(|server| server.is_ip_literal());
        json!({
            "preset": "private_chat",
            "room_version": "12",
            "name": self.name,
            "topic": self.topic,
            "power_level_content_override": {
                "users": helpers, "users_default": 0, "events": theirs, "events_default": 0,
                "state_default": POWER_OF_BOTS, "invite": POWER_OF_HELPERS,
                "kick": POWER_OF_BOTS, "ban": POWER_OF_BOTS, "redact": POWER_OF_BOTS,
            },
            "initial_state": [
                { "type": format!("{PREFIX}room"), "state_key": "",
                  "content": { "v": 1, "kind": self.kind, "no": self.no } },
                { "type": "m.room.history_visibility", "state_key": "",
                  "content": { "history_visibility": "joined" } },
                { "type": "m.room.server_acl", "state_key": "",
                  "content": { "allow": hosts, "deny": [], "allow_ip_literals": literals } },
            ],
        })
    }
}

/// The key of the room of a case.
pub(super) fn place_of_case(case: &str) -> String {
    format!("{CASE}{case}")
}

/// The case of a room by its key.
pub(super) fn case_of_place(key: &str) -> Option<&str> {
    key.strip_prefix(CASE)
}

/// The bot of a partner.
pub(super) fn bot_of(server: &ServerName) -> Option<OwnedUserId> {
    UserId::parse(format!("@{LOCALPART}:{server}")).ok()
}

/// Asks somebody into a room of ours, or has them go. The key makes it once.
pub(super) fn membership(key: String, place: &str, user: &UserId, how: &str) -> Letter {
    let mut letter =
        Letter::message(key, LOCALPART, To::Place(place.to_owned()), json!({ "membership": how }));
    letter.kind = "m.room.member".to_owned();
    letter.state_key = Some(user.to_string());
    letter
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
                self.kit().outbox().put(batch, membership(key, &place, &account, "invite"));
            }
        }
        if is_new {
            // Last, because the letters behind one to a server that is away wait for it.
            for bot in scene.template.partners().filter_map(|server| bot_of(server)) {
                let key = format!("in/{}/{bot}", after.id);
                self.kit().outbox().put(batch, membership(key, &place, &bot, "invite"));
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
        let order = RoomOrder {
            kind: "case",
            no: Some(&case.no),
            name: title(case, &scene.world(), pen),
            topic: pen.say("room.topic", &[]),
            helpers: scene.template.partners().filter_map(|server| bot_of(server)).collect(),
            theirs: Vec::new(),
            servers,
        };
        self.kit().order_place(batch, LOCALPART, place, order.request()).await?;
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
            self.order_ledger(batch).await?;
            for record in records {
                self.put_record(batch, LEDGER, format!("rec/{}/{}", after.id, record.seq), record);
            }
            return Ok(());
        };
        let place = place_of_case(&after.id);
        let nobody = BTreeSet::new();
        let here = before.and_then(|before| before.data.room.as_ref()).map_or(&nobody, |room| &room.here);
        let came: Vec<_> = room.here.difference(here).collect();
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
        let content = serde_json::to_value(record).unwrap_or_default();
        let mut letter = Letter::message(key, LOCALPART, To::Place(place.to_owned()), content);
        letter.kind = format!("{PREFIX}record");
        self.kit().outbox().put(batch, letter);
    }

    async fn order_ledger(&self, batch: &mut Batch) -> Result<(), OfficeError> {
        if self.kit().has_place(LOCALPART, LEDGER).await? {
            return Ok(());
        }
        let pen = self.pen(self.kit().language(None, None).await?);
        let order = RoomOrder {
            kind: "ledger",
            no: None,
            name: pen.say("room.ledger", &[]),
            topic: pen.say("room.topic", &[]),
            helpers: Vec::new(),
            theirs: Vec::new(),
            servers: vec![self.kit().server_name().to_owned()],
        };
        self.kit().order_place(batch, LOCALPART, LEDGER, order.request()).await?;
        Ok(())
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
