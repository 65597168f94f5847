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

use super::{Script, Stage, person};
use crate::{BridgePorts, Elsewhere, Staff};

/// A staff list of two.
#[derive(Default)]
pub(crate) struct List {
    /// While it cannot be read there is nobody on it.
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
        Ok(false)
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
