//! What conversations are for and how they look.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bridge_api::{
    Conversation, ConversationId, Conversations, Cursor, Department, Directory, Download, Failure, Happened,
    MediaId, Network, Page, Person, PersonId,
};
use futures_util::stream;
use ruma::UserId;

use super::{ALICE, Script, Stage, stage::conversation};

#[async_trait]
impl Conversations for Script {
    async fn list(&self, _: Option<&Cursor>) -> Result<Page<Conversation>, Failure> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn conversation(&self, id: &ConversationId) -> Result<Option<Conversation>, Failure> {
        let found = Conversation::group(id.as_str(), &self.called.lock());
        let found = found.filter(|_| !self.is_empty.load(Ordering::Relaxed));
        Ok(found.map(|found| Conversation { avatar: MediaId::new("picture").ok(), ..found }))
    }

    fn tells_absence(&self, _: &ConversationId) -> bool {
        true
    }
}

#[async_trait]
impl Directory for Script {
    async fn person(&self, _: &PersonId) -> Result<Option<Person>, Failure> {
        Ok(None)
    }

    async fn has_left(&self, person: &PersonId) -> Result<Option<bool>, Failure> {
        Ok(Some(self.left.lock().contains(person)))
    }

    async fn by_email(&self, _: &str) -> Result<Option<PersonId>, Failure> {
        Ok(None)
    }

    async fn departments(&self, _: Option<&str>, _: Option<&Cursor>) -> Result<Page<Department>, Failure> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn people(&self, _: &str, _: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn avatar(&self, _: &MediaId) -> Result<Download, Failure> {
        let (bytes, mimetype) = self.given.lock().clone();
        let bytes = Box::pin(stream::iter([Ok(bytes)]));
        Ok(Download { name: None, mimetype: Some(mimetype.to_owned()), size: None, bytes })
    }
}

fn described(words: Option<&str>, has_other_picture: bool) -> Happened {
    Happened::Described { words: words.map(str::to_owned), has_other_picture }
}

#[tokio::test]
async fn people_are_told_what_a_conversation_is_for_and_their_own_room_stays_as_it_is() {
    let mut stage = Stage::new().await;
    stage.happens(described(Some("orders\u{7} of the north"), true)).await;
    stage.until("people are told", |stage| stage.is_told("words now: orders of the north")).await;
    stage.happens(described(Some(" "), false)).await;
    stage.until("people are told", |stage| stage.is_told("No words describe any more")).await;
    let room = stage.room.clone();
    assert!(stage.homeserver.state(&room, "m.room.topic", "").is_null(), "the room is alice's");
    assert!(stage.homeserver.state(&room, "m.room.avatar", "").is_null());
}

#[tokio::test]
async fn a_room_that_was_made_for_a_conversation_takes_its_words_and_its_picture() {
    let mut stage = Stage::new().await;
    stage.platform.is_listed.store(true, Ordering::Relaxed);
    let lane = (Network::Feishu, conversation("oc_new"));
    let alice = UserId::parse(ALICE).expect("valid");
    stage.bridges.create_room(&lane, Some(&alice)).await.expect("it is ordered");
    stage.until("it is bound", |stage| stage.bridges.portals().room_of(&lane).is_some()).await;
    let room = stage.bridges.portals().room_of(&lane).expect("a room").to_string();
    let first = stage.homeserver.state(&room, "m.room.avatar", "")["url"].clone();
    assert!(first.is_string(), "it has the picture from the beginning");
    let mut arrival = stage.arrival(described(Some("orders"), true));
    arrival.conversation = Some(lane.1.clone());
    stage.bridges.inbox(lane.0).take(vec![arrival]).await.expect("it is taken");
    stage
        .until("it has the words", |stage| {
            stage.homeserver.state(&room, "m.room.topic", "")["topic"] == "orders"
        })
        .await;
    let other = stage.homeserver.state(&room, "m.room.avatar", "")["url"].clone();
    assert!(other.is_string() && other != first, "{other} after {first}");
}
