//! Is told of messages by a push gateway: of each acknowledged message at least once.

use std::{collections::HashSet, time::Duration};

use serde_json::json;
use testkit::{Gateway, User, segment};
use tokio::time::{Instant, sleep, timeout_at};

use super::{PACE, Person};
use crate::{attempt::put, history::History};

/// How long the gateway may have to wait after a start.
const TOLD_MAX: Duration = Duration::from_secs(25);

pub struct Pushed {
    writer: User,
    room: String,
    gateway: Gateway,
    sent: Vec<String>,
    told: HashSet<String>,
}

impl Pushed {
    /// `reader` gets a pusher and a room with `writer`.
    pub async fn new(reader: User, writer: User) -> Self {
        let gateway = Gateway::start().await;
        let pusher = json!({
            "kind": "http", "app_id": "org.example.crash", "pushkey": "key", "lang": "en",
            "app_display_name": "App", "device_display_name": "Phone", "data": {"url": gateway.url()},
        });
        reader.post("/_matrix/client/v3/pushers/set", pusher).await.ok();
        let room = writer.creates_room_with([&reader]).await;
        Self { writer, room, gateway, sent: Vec::new(), told: HashSet::new() }
    }

    async fn sends(&mut self) -> Result<(), String> {
        let (room, number) = (segment(&self.room), self.sent.len());
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/push-{number}");
        let answer = put(&self.writer, &path, &json!({"msgtype": "m.text", "body": "hear this"})).await?;
        self.sent.push(answer["event_id"].as_str().ok_or("a send without an event id")?.to_owned());
        Ok(())
    }
}

#[async_trait::async_trait]
impl Person for Pushed {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.sends().await {
                return reason;
            }
            sleep(PACE).await;
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        self.sends().await
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        let deadline = Instant::now() + TOLD_MAX;
        while !self.sent.iter().all(|event| self.told.contains(event)) {
            let Ok(told) = timeout_at(deadline, self.gateway.is_told()).await else {
                let missing: Vec<_> = self.sent.iter().filter(|event| !self.told.contains(*event)).collect();
                return Err(format!("the push gateway was never told of {missing:?}"));
            };
            self.told.extend(told["event_id"].as_str().map(str::to_owned));
        }
        Ok(())
    }

    fn acknowledged(&self) -> usize {
        self.sent.len()
    }
}
