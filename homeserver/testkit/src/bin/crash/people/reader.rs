//! Reads along and says so: read receipts on the newest message.

use serde_json::json;
use testkit::{User, segment};

use super::Person;
use crate::{attempt::post, history::History};

pub struct Reader {
    user: User,
    room: String,
    read: Option<String>,
    in_doubt: Option<String>,
    count: usize,
}

impl Reader {
    pub fn new(user: User, room: String) -> Self {
        Self { user, room, read: None, in_doubt: None, count: 0 }
    }

    async fn reads(&mut self) -> Result<(), String> {
        let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b&limit=1", segment(&self.room));
        let mut page =
            self.user.try_request(http::Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        if page.status() != 200 {
            return Err(format!("{page}"));
        }
        let event = page.body()["chunk"][0]["event_id"].as_str().ok_or("an empty room")?.to_owned();
        let path =
            format!("/_matrix/client/v3/rooms/{}/receipt/m.read/{}", segment(&self.room), segment(&event));
        self.in_doubt = Some(event.clone());
        post(&self.user, &path, &json!({})).await?;
        (self.read, self.in_doubt) = (Some(event), None);
        self.count += 1;
        Ok(())
    }

    async fn stored(&self) -> Option<String> {
        let filter = segment(r#"{"room":{"timeline":{"limit":1}}}"#);
        let sync = self.user.sync_with(&format!("timeout=0&filter={filter}")).await.ok();
        let ephemeral = sync["rooms"]["join"][&self.room]["ephemeral"]["events"].as_array()?;
        let receipts = ephemeral.iter().find(|event| event["type"] == "m.receipt")?["content"].as_object()?;
        let is_mine = |receipt: &serde_json::Value| receipt["m.read"].get(&self.user.id).is_some();
        receipts.iter().find(|(_, receipt)| is_mine(receipt)).map(|(event, _)| event.clone())
    }
}

#[async_trait::async_trait]
impl Person for Reader {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.reads().await {
                return reason;
            }
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        let stored = self.stored().await;
        if stored != self.read && (stored.is_none() || stored != self.in_doubt) {
            let (read, in_doubt) = (&self.read, &self.in_doubt);
            return Err(format!("receipt on {stored:?}, acknowledged {read:?}, in doubt {in_doubt:?}"));
        }
        self.reads().await
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        let stored = self.stored().await;
        if stored == self.read { Ok(()) } else { Err(format!("receipt on {stored:?}, not {:?}", self.read)) }
    }

    fn acknowledged(&self) -> usize {
        self.count
    }
}
