//! What stands behind the names of people from elsewhere, and goes with what is known of them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::http::Method;
use bridge_api::{Content, Happened, Message, MessageId, Network, RichText, Sender};
use kit::Call;
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::json;

use super::{ALICE, Script, Stage, person};
use crate::{BridgePorts, Elsewhere, Staff};

/// A staff list of two.
#[derive(Default)]
pub(crate) struct List {
    /// While it cannot be read there is nobody on it, and no room is put anywhere.
    pub is_away: AtomicBool,
}

#[async_trait]
impl Staff for List {
    fn elsewhere(&self, _: &UserId, _: Network) -> Elsewhere {
        Elsewhere::default()
    }

    fn account(&self, _: Network, _: &str) -> Option<OwnedUserId> {
        None
    }

    fn names(&self) -> Vec<String> {
        let names = ["张三", "Anna Li"].map(str::to_owned);
        names.into_iter().filter(|_| !self.is_away.load(Ordering::Relaxed)).collect()
    }

    async fn house(&self, _: &[OwnedUserId], _: &RoomId) -> Result<bool, String> {
        if self.is_away.load(Ordering::Relaxed) { Err("away".to_owned()) } else { Ok(false) }
    }
}

impl Stage {
    /// Somebody speaks there under a name, and the platform says or does not say whether they are of another company.
    async fn speaks_as(&mut self, id: &str, name: &str, external: Option<bool>) {
        let heard = self.heard().len();
        let from = Sender::Person { id: person(id), name: Some(name.to_owned()), external };
        let message = MessageId::new(format!("om_in_{heard}")).expect("valid");
        let parts = vec![Content::Text(RichText::plain("hello"))];
        let what = Happened::Message(Message { id: message, from, parts, reply_to: None, thread: None });
        self.happens(what).await;
        self.until("it is heard", |stage| stage.heard().len() > heard).await;
    }

    /// Alice has this name in the room from now on.
    async fn is_called(&mut self, name: &str) {
        let path = ["client", "v3", "rooms", &self.room, "state", "m.room.member", ALICE];
        let content = json!({ "membership": "join", "displayname": name });
        self.homeserver.does(ALICE, Call::new(Method::PUT, &path).json(content));
        self.tell().await;
    }

    /// What somebody from there is called here.
    fn called(&self, id: &str) -> String {
        let user = format!("@fs_{id}:test");
        let call = Call::new(Method::GET, &["client", "v3", "profile", &user, "displayname"]);
        self.homeserver.does(&user, call)["displayname"].as_str().expect("a name").to_owned()
    }
}

#[tokio::test]
async fn people_of_another_company_are_marked_while_they_are_of_another_company() {
    let mut stage = Stage::new().await;
    for (external, shown) in [
        (None, "Wang (Feishu)"),
        (Some(true), "Wang (Feishu) (external)"),
        (None, "Wang (Feishu) (external)"),
        (Some(false), "Wang (Feishu)"),
    ] {
        stage.speaks_as("wang", "Wang", external).await;
        assert_eq!(stage.called("wang"), shown, "{external:?}");
    }
    stage.speaks_as("zhao", "Zhao (ехternal)", Some(false)).await;
    assert_eq!(stage.called("zhao"), "Zhao (Feishu)", "nobody says it of themselves");
}

#[tokio::test]
async fn who_is_called_like_a_colleague_and_is_somebody_else_is_marked() {
    let ports = BridgePorts { staff: Some(Arc::new(List::default())), post: None };
    let mut stage = Stage::with(Script::new(), ports).await;
    for (id, name, external, shown) in [
        ("a", "Anna Li", Some(true), "Anna Li (Feishu) (external) (named like a colleague)"),
        ("b", "Anna Li", Some(false), "Anna Li (Feishu)"),
        ("c", "Аnna Li", None, "Аnna Li (Feishu) (named like a colleague)"),
        ("d", "Anna Lin", Some(true), "Anna Lin (Feishu) (external)"),
    ] {
        stage.speaks_as(id, name, external).await;
        assert_eq!(stage.called(id), shown);
    }
}

#[tokio::test]
async fn who_is_called_like_a_member_of_a_bound_room_and_is_somebody_else_is_marked() {
    let mut stage = Stage::new().await;
    stage.speaks_as("a", "Alice", Some(true)).await;
    assert_eq!(stage.called("a"), "Alice (Feishu) (external)", "nobody here is called so");
    stage.is_called("Alice").await;
    for (id, name, external, shown) in [
        ("b", "Alice", Some(true), "Alice (Feishu) (external) (named like a member here)"),
        ("c", "Alice", Some(false), "Alice (Feishu)"),
        ("d", "Аlice", None, "Аlice (Feishu) (named like a member here)"),
    ] {
        stage.speaks_as(id, name, external).await;
        assert_eq!(stage.called(id), shown);
    }
    // A room that was bound before its members were heard of is read.
    let other = stage.room_with_bot().await;
    let room = std::mem::replace(&mut stage.room, other.clone());
    stage.is_called("Bo").await;
    stage.room = room;
    stage.binds("oc_2", &other).await;
    stage.sends_to(&other, "m.room.message", json!({ "msgtype": "m.text", "body": "hi" })).await;
    stage.passes(std::time::Duration::from_secs(1)).await;
    stage.speaks_as("e", "Bo", Some(true)).await;
    assert_eq!(stage.called("e"), "Bo (Feishu) (external) (named like a member here)");
}
