//! Customer service in front of a platform that answers by a script.

mod accounts;
mod fetching;
mod reading;
mod saying;

use std::time::Duration;

use bridge_api::{
    Arrival, Clock, Connector as _, ConversationId, Happened, Shutdown,
    double::{Basket, Rows},
};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use super::*;
use crate::{
    WeCom,
    peer::{Platform, settings},
};

const NOW_MS: u64 = 1_700_000_000_000;
const PATIENCE: Duration = Duration::from_secs(20);
const CUSTOMER: &str = "wmAbCdEfGhIjKlMnOpQrStUvWx";

/// A platform, and the rows of whoever serves its customers.
struct Desk {
    platform: Platform,
    rows: Arc<Rows>,
    clock: Clock,
    base: String,
}

impl Desk {
    async fn new() -> Self {
        let platform = Platform::default();
        let base = platform.start().await;
        Self { platform, rows: Arc::default(), clock: Clock::fake(NOW_MS), base }
    }

    fn connector(&self) -> WeCom {
        self.connector_for(own())
    }

    fn connector_for(&self, service: ServiceSettings) -> WeCom {
        let mut settings = settings(&self.base);
        settings.service = Some(service);
        let connector = WeCom::new(settings, self.rows.clone(), self.clock.clone(), Rng::seeded(1));
        connector.expect("settings")
    }

    /// Customer service by itself.
    fn service(&self) -> Service {
        Service::new(own(), Arc::default(), self.connector().incoming().clone(), Rng::seeded(1))
    }

    /// Waits for this many requests at a path below `kf/`.
    async fn asked(&self, path: &str, times: usize) -> Vec<Value> {
        let path = format!("kf/{path}");
        let asked = async {
            while self.platform.asked(&path).len() < times {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, asked).await.expect("asked in time");
        self.platform.asked(&path).into_iter().map(|asked| asked.body).collect()
    }

    fn answers(&self, path: &str, answer: Value) {
        self.platform.next(&format!("kf/{path}"), 200, answer);
    }
}

/// A connector that runs, and where it hands in.
struct Runs {
    connector: Arc<WeCom>,
    basket: Arc<Basket>,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), Failure>>,
}

impl Runs {
    fn start(desk: &Desk, basket: &Arc<Basket>) -> Self {
        Self::of(desk.connector(), basket)
    }

    fn of(connector: WeCom, basket: &Arc<Basket>) -> Self {
        let (connector, shutdown) = (Arc::new(connector), Shutdown::new());
        let (running, inbox, until) = (connector.clone(), basket.clone(), shutdown.clone());
        let task = tokio::spawn(async move { running.run(inbox, until).await });
        Self { connector, basket: basket.clone(), shutdown, task }
    }

    fn bell(&self) -> &Bell {
        self.connector.incoming().bell.as_ref().expect("a bell")
    }

    fn rings(&self, token: Option<&str>) {
        self.bell().ring("wkA", token);
    }

    /// Waits until so many words have come.
    async fn hears(&self, count: usize) -> Vec<String> {
        let heard = || -> Vec<String> {
            let of = |arrival: Arrival| match arrival.what {
                Happened::Message(message) => Some(message.parts[0].to_plain()),
                _ => None,
            };
            self.basket.taken().into_iter().filter_map(of).collect()
        };
        let all = async {
            while heard().len() < count {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, all).await.expect("heard in time");
        heard()
    }

    async fn stops(self) {
        self.shutdown.trigger();
        timeout(PATIENCE, self.task).await.expect("in time").expect("no panic").expect("no failure");
    }
}

fn own() -> ServiceSettings {
    ServiceSettings { accounts: vec!["wkA".to_owned()], welcome: Some("welcome".to_owned()) }
}

fn here() -> ConversationId {
    ConversationId::new(format!("service:wkA|{CUSTOMER}")).expect("an id")
}

/// A page with these entries.
fn page(cursor: &str, has_more: u8, entries: &[Value]) -> Value {
    json!({"errcode": 0, "next_cursor": cursor, "has_more": has_more, "msg_list": entries})
}

/// Words of the customer.
fn words(id: &str, text: &str) -> Value {
    json!({"msgid": id, "open_kfid": "wkA", "external_userid": CUSTOMER, "send_time": NOW_MS / 1_000, "origin": 3,
        "msgtype": "text", "text": {"content": text}})
}

/// An event that concerns the customer.
fn event(id: &str, kind: &str, more: Value) -> Value {
    let mut event = json!({"event_type": kind, "open_kfid": "wkA", "external_userid": CUSTOMER});
    event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({"msgid": id, "send_time": NOW_MS / 1_000, "origin": 4, "msgtype": "event", "event": event})
}
