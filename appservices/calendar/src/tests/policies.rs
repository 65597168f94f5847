//! What people grant, as it stands in their account data: written here, written by other clients, and nonsense.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use ruma::{OwnedUserId, ServerName, UserId};
use serde_json::{Value, json};
use store::Batch;

use super::{alice_id, bob, calendars_at};
use crate::{Address, Asker, CalendarError, Calendars, Home, HomeError, Tier};

/// A homeserver of account data alone.
#[derive(Default)]
struct Accounts {
    data: Mutex<BTreeMap<OwnedUserId, Value>>,
    fault: Mutex<Option<HomeError>>,
}

impl Accounts {
    fn of(&self, owner: &Address) -> Option<Value> {
        self.data.lock().get(owner.account().unwrap()).cloned()
    }

    fn set(&self, owner: &Address, content: Option<Value>) {
        let owner = owner.account().unwrap().clone();
        match content {
            Some(content) => self.data.lock().insert(owner, content),
            None => self.data.lock().remove(&owner),
        };
    }

    fn fails(&self, fault: Option<HomeError>) {
        *self.fault.lock() = fault;
    }

    fn check(&self) -> Result<(), HomeError> {
        self.fault.lock().clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Home for Accounts {
    async fn policy(&self, owner: &UserId) -> Result<Option<Value>, HomeError> {
        self.check()?;
        Ok(self.data.lock().get(owner).cloned())
    }

    async fn set_policy(&self, owner: &UserId, content: Value) -> Result<(), HomeError> {
        self.check()?;
        self.data.lock().insert(owner.to_owned(), content);
        Ok(())
    }

    fn is_partner(&self, _server: &ServerName) -> bool {
        false
    }

    async fn availability(&self, _: &UserId, _: &UserId, _: (&str, &str)) -> Result<Value, HomeError> {
        Err(HomeError::Refused("nobody is asked".to_owned()))
    }
}

async fn house() -> (Calendars, Arc<Accounts>) {
    let accounts = Arc::new(Accounts::default());
    (calendars_at(Some(Arc::clone(&accounts) as Arc<dyn Home>)).await.0, accounts)
}

async fn grants(calendars: &Calendars, to: &str, tier: Option<Tier>) -> Result<(), CalendarError> {
    let mut batch = Batch::new();
    calendars.grant(&mut batch, &bob(), to, tier).await?;
    calendars.store().commit(batch).await.unwrap();
    Ok(())
}

async fn tier(calendars: &Calendars, asker: &str) -> Tier {
    let asker = UserId::parse(asker).unwrap();
    calendars.tier(Asker::Person(&asker), &bob()).await.unwrap()
}

const EVE: &str = "@eve:partner.example";
const MALLORY: &str = "@mallory:partner.example";

#[tokio::test]
async fn what_is_granted_here_stands_in_account_data() {
    let (calendars, accounts) = house().await;
    grants(&calendars, "partner.example", Some(Tier::Busy)).await.unwrap();
    grants(&calendars, MALLORY, Some(Tier::Nothing)).await.unwrap();
    let content = json!({ "v": 1, "grants": [
        { "subject": MALLORY, "tier": 0 }, { "subject": "*:partner.example", "tier": 1 },
    ]});
    assert_eq!(accounts.of(&bob()), Some(content));
    assert_eq!((tier(&calendars, EVE).await, tier(&calendars, MALLORY).await), (Tier::Busy, Tier::Nothing));
    let server = ruma::server_name!("partner.example");
    assert_eq!(calendars.tier(Asker::Server(server), &bob()).await.unwrap(), Tier::Busy);
    grants(&calendars, "partner.example", None).await.unwrap();
    assert_eq!(tier(&calendars, EVE).await, Tier::Nothing);
}

#[tokio::test]
async fn what_another_client_writes_holds_at_once() {
    let (calendars, accounts) = house().await;
    grants(&calendars, MALLORY, Some(Tier::Titles)).await.unwrap();
    let content = json!({ "v": 1, "default_tier": 0, "grants": [{ "subject": EVE, "tier": 2 }] });
    accounts.set(&bob(), Some(content));
    assert_eq!((tier(&calendars, EVE).await, tier(&calendars, MALLORY).await), (Tier::Titles, Tier::Nothing));
    assert_eq!(tier(&calendars, alice_id().as_str()).await, Tier::Nothing, "colleagues are not named");
    let all = [("*".to_owned(), Tier::Nothing), (EVE.to_owned(), Tier::Titles)];
    assert_eq!(calendars.grants(&bob()).await.unwrap(), all);
    // The next grant keeps what the client wrote.
    grants(&calendars, MALLORY, Some(Tier::Busy)).await.unwrap();
    assert_eq!(accounts.of(&bob()).unwrap()["default_tier"], 0);
    for deleted in [Some(json!({})), None] {
        accounts.set(&bob(), deleted);
        assert_eq!(tier(&calendars, EVE).await, Tier::Nothing);
        assert_eq!(tier(&calendars, alice_id().as_str()).await, Tier::Busy, "what holds for everybody");
    }
}

#[tokio::test]
async fn what_is_malformed_is_refused_and_the_default_holds() {
    let (calendars, accounts) = house().await;
    grants(&calendars, EVE, Some(Tier::Titles)).await.unwrap();
    for content in [
        json!({ "v": 2, "grants": [{ "subject": EVE, "tier": 2 }] }),
        json!({ "v": 1, "grants": [{ "subject": EVE, "tier": 2 }, { "subject": MALLORY, "tier": 7 }] }),
        json!({ "v": 1, "grants": "everybody" }),
        json!([1, 2, 3]),
    ] {
        accounts.set(&bob(), Some(content.clone()));
        assert_eq!(tier(&calendars, EVE).await, Tier::Nothing, "{content}");
        assert_eq!(tier(&calendars, alice_id().as_str()).await, Tier::Busy, "{content}");
    }
}

#[tokio::test]
async fn while_the_homeserver_cannot_be_asked_what_was_known_last_holds() {
    let (calendars, accounts) = house().await;
    grants(&calendars, EVE, Some(Tier::Busy)).await.unwrap();
    accounts.fails(Some(HomeError::Later("it restarts".to_owned())));
    assert_eq!(tier(&calendars, EVE).await, Tier::Busy);
    let refused = grants(&calendars, EVE, None).await;
    assert!(matches!(refused, Err(CalendarError::Source(_))), "nothing is granted or taken back half");
    accounts.fails(None);
    grants(&calendars, EVE, None).await.unwrap();
    assert_eq!(tier(&calendars, EVE).await, Tier::Nothing);
}

#[tokio::test]
async fn grants_of_a_homeserver_that_keeps_none_move_there_when_it_does() {
    let (calendars, accounts) = house().await;
    accounts.fails(Some(HomeError::Refused("the registration is old".to_owned())));
    grants(&calendars, EVE, Some(Tier::Busy)).await.unwrap();
    assert_eq!(tier(&calendars, EVE).await, Tier::Busy);
    accounts.fails(None);
    assert_eq!(tier(&calendars, EVE).await, Tier::Busy);
    assert_eq!(accounts.of(&bob()).unwrap()["grants"], json!([{ "subject": EVE, "tier": 1 }]));
}
