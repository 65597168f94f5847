//! Many decisions at once: one wins each, and the chains tell all of it.

use std::sync::Arc;

use base::{Clock, Rng};
use cases::{Beginning, Cases, CasesParts, PublicKeys, Signer, Source, Via, hash_of};
use jiff::tz::TimeZone;
use people::PersonId;
use ruma::{owned_room_id, owned_server_name};
use store::{Batch, Identity, MemoryKv, Store, StoreError};
use tokio::task::JoinHandle;

use super::chart;
use crate::{
    act::{Action, decide},
    desk::{Actor, World},
    instance::Instance,
    shipped::SHIPPED,
    template::{Form, Template, Value},
};

/// Cases that are decided several times at once.
const CASES: usize = 10_000;

/// Cases that are pressed at the same time.
const AT_ONCE: usize = 500;

/// How often a loser of a race looks again.
const TRIES_MAX: usize = 8;

struct Office {
    store: Store,
    cases: Cases,
    chart: people::Chart,
    template: Template,
}

impl Office {
    async fn open() -> Arc<Self> {
        let clock = Clock::fake(1_793_836_800_000);
        let name = owned_server_name!("test");
        let engine = Arc::new(MemoryKv::new());
        let store =
            Store::open(engine, crate::tables(), Identity::new(&name, &clock), Vec::new()).await.unwrap();
        let signer = Signer::of_store(&store).await.unwrap();
        let rng = Rng::seeded(3);
        let parts = CasesParts { store: store.clone(), clock, rng, signer, known: PublicKeys::default() };
        let template = serde_json::from_str(SHIPPED[0]).unwrap();
        Arc::new(Self { store, cases: Cases::new(parts), chart: chart(), template })
    }

    fn world<'a>(&'a self, zone: &'a TimeZone) -> World<'a> {
        World { chart: &self.chart, template: &self.template, delegations: &[], zone, at_ms: 1 }
    }

    async fn submitted(&self) -> String {
        let range = Value::Range {
            from: "2026-11-10".into(),
            to: "2026-11-10".into(),
            days: 1,
            halves: 0,
            starts_at_noon: false,
            ends_at_noon: false,
        };
        let form =
            Form::from([("dates".into(), range), ("kind".into(), Value::Choices(vec!["事假".into()]))]);
        let starter = PersonId("1".into());
        let department = self.chart.person(&starter).unwrap().departments[0].clone();
        let beginning = Beginning {
            kind: "approval",
            prefix: "AP",
            day: "20261105",
            state: "draft",
            origin: hash_of(b"template"),
            data: Instance::begun(&self.template, starter, department, form),
        };
        let mut batch = Batch::new();
        let case = self.cases.begin(&mut batch, beginning).await.unwrap();
        let zone = TimeZone::UTC;
        let decision = decide(&case, &Action::Submit, &self.actor("1"), self.world(&zone)).unwrap();
        let (case, ..) = self.cases.write(&mut batch, None, decision).unwrap();
        self.store.commit(batch).await.unwrap();
        case.id
    }

    fn actor(&self, id: &str) -> Actor {
        self.actor_by(id, Via::Matrix, "$event")
    }

    /// Somebody by way of a surface, with a device's own event.
    fn actor_by(&self, id: &str, via: Via, event: &str) -> Actor {
        let person = PersonId(id.into());
        let account = self.chart.person(&person).unwrap().account.clone();
        let source = Source::event(owned_room_id!("!desk:test"), event.try_into().unwrap());
        Actor { person: Some(person), account, via, source: Some(source), link: None }
    }

    /// Decides as the bot does: read, decide, write on the condition that nothing changed, look again if something did.
    async fn presses(self: Arc<Self>, id: String, action: Action, actor: Actor) -> Result<(), &'static str> {
        for _ in 0..TRIES_MAX {
            let case = self.cases.get::<Instance>(&id).await.unwrap().unwrap();
            let zone = TimeZone::UTC;
            let decision = match decide(&case, &action, &actor, self.world(&zone)) {
                Ok(decision) => decision,
                Err(refusal) => return Err(refusal.code),
            };
            let mut batch = Batch::new();
            self.cases.write(&mut batch, Some(&case), decision).unwrap();
            match self.store.commit(batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the race has no end")
    }

    /// Everything that is pressed on one case at the same time: yes and no, from two devices and two surfaces.
    fn pressed_at_once(self: &Arc<Self>, id: &str) -> Vec<JoinHandle<Result<(), &'static str>>> {
        let yes = Action::Approve { task: None, comment: None, code: None, chance: 0 };
        let no = Action::Reject { task: None, reason: Some("x".into()) };
        let presses = [
            (yes.clone(), Via::Matrix, "$phone"),
            (no.clone(), Via::Matrix, "$desktop"),
            (yes, Via::Feishu, "$card"),
            (no, Via::Feishu, "$other"),
        ];
        let press = |(action, via, event): (Action, Via, &str)| {
            let actor = self.actor_by("2", via, event);
            tokio::spawn(Arc::clone(self).presses(id.to_owned(), action, actor))
        };
        presses.into_iter().map(press).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edge_07_of_ten_thousand_presses_from_two_devices_and_two_surfaces_exactly_one_counts_each() {
    let office = Office::open().await;
    let mut decided = 0;
    while decided < CASES {
        let mut ids = Vec::with_capacity(AT_ONCE);
        for _ in 0..AT_ONCE {
            ids.push(office.submitted().await);
        }
        let pressed: Vec<_> = ids.iter().map(|id| office.pressed_at_once(id)).collect();
        for (id, presses) in ids.iter().zip(pressed) {
            let mut won = 0;
            for press in presses {
                match press.await.unwrap() {
                    Ok(()) => won += 1,
                    Err(code) => assert_eq!(code, "E103"),
                }
            }
            assert_eq!(won, 1, "one decision each");
            let case = office.cases.get::<Instance>(id).await.unwrap().unwrap();
            let verified = office.cases.verify(&case, &hash_of(b"template")).await.unwrap().unwrap();
            assert_eq!((verified.records, case.rev), (2, 2), "submit and one decision");
        }
        decided += AT_ONCE;
    }
    assert_eq!(decided, CASES);
}
