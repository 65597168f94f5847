//! What the suite needs of a simulated network.
//!
//! Every simulator takes commands as JSON, most of them under the same names. An adapter says who we are there and how messages
//! look, and does itself what its network does otherwise; what is done alike on all of them stands in `people`.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{Ability, Connector, ConversationId, FileKind, MessageId, PersonId};
use serde_json::{Value, json};
use simulator_stage::Refused;

use crate::control::{TOKENS_EXPIRED, fail, text};
use crate::{Fault, MemoryShelf, Said, Shown};

/// One simulated network with a cast, an app of ours and time that runs fast enough for tests.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Does a command of the simulator.
    async fn perform(&self, command: Value) -> Result<Value, Refused>;

    /// What our app, or our robot, is called in its commands.
    fn us(&self) -> &'static str;

    /// A connector of our app, with this shelf.
    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector>;

    /// Saves the address of our webhook; called once the connector runs, when the platform was started for callbacks.
    async fn use_callbacks(&self, url: &str);

    /// A group of `zhang`, `li` and our app, owned by our app. Nobody hears of its making.
    async fn group(&self, name: &str) -> ConversationId;

    /// A group of `zhang` and `li` alone.
    async fn foreign_group(&self, name: &str) -> ConversationId;

    /// The direct chat of somebody with our app.
    async fn direct(&self, person: &str) -> ConversationId;

    /// The command by which a person says this.
    async fn saying(&self, person: &str, conversation: &ConversationId, said: Said) -> Value;

    /// The kind of the file in a message, and by what `open` names it.
    fn file_of(&self, message: &Value) -> Option<(FileKind, String)>;

    /// What can go wrong.
    fn faults(&self) -> Vec<Fault>;

    /// A part of the path of what says something, where faults of the API strike.
    fn path(&self) -> &'static str;

    /// Does what the simulator must not refuse.
    async fn act(&self, command: Value) -> Value {
        let answer = self.perform(command.clone()).await;
        answer.unwrap_or_else(|refused| panic!("{command}: {refused:?}"))
    }

    /// Whether the platform speaks to an address of ours beside its connection too.
    fn needs_door(&self) -> bool {
        false
    }

    /// A conversation in which an ability can be tried; not every platform carries all of them in its groups.
    async fn place(&self, _ability: Ability, name: &str) -> ConversationId {
        self.group(name).await
    }

    /// A conversation in which a fault strikes.
    async fn stricken(&self, _fault: &str) -> ConversationId {
        self.group("trouble").await
    }

    /// A conversation that is spoken to in another way than stricken ones, so that no limit of theirs holds it up.
    async fn beside(&self) -> ConversationId {
        self.group("beside").await
    }

    /// The kind of file whose download a fault strikes.
    fn stricken_file(&self, _fault: &str) -> FileKind {
        FileKind::File
    }

    /// Another program connects as our app. Whether it takes our connection away; otherwise the two share what comes.
    async fn rival(&self) -> bool {
        self.act(json!({ "do": "add_rival", "app": self.us() })).await;
        false
    }

    /// What somebody sees among their to-dos.
    async fn todos(&self, person: &str) -> Vec<Value> {
        let seen = self.act(json!({ "do": "todos", "person": person })).await;
        crate::control::list(&seen, "todos").to_vec()
    }

    /// Whether we hear what people say in a conversation.
    fn hears(&self, _conversation: &ConversationId) -> bool {
        true
    }

    /// The form of spoken words: a name, the first bytes, the media type.
    fn spoken_form(&self) -> (&'static str, &'static [u8], &'static str) {
        ("voice.ogg", b"OggS\0", "audio/ogg")
    }

    /// What our connector calls somebody.
    fn person(&self, person: &str) -> PersonId {
        PersonId::new(person).expect("an id")
    }

    /// What the platform calls an emoji.
    fn emoji(&self, unicode: &str) -> String {
        unicode.to_owned()
    }

    /// The chat behind what our connector calls a conversation.
    async fn chat(&self, conversation: &ConversationId) -> String {
        conversation.to_string()
    }

    /// What our connector calls a message that the platform shows; empty where it is told no id.
    fn id_of(&self, message: &Value) -> String {
        text(message, "message_id")
    }

    /// What the command of an answer says beside its words. A robot hears what addresses it.
    fn answering(&self, _in_thread: bool) -> Value {
        json!({ "at": [self.us()] })
    }

    /// Another app's robot says something in a group of ours.
    async fn robot_says(&self, _conversation: &ConversationId, _text: &str) -> MessageId {
        panic!("robots do not hear each other here");
    }

    /// Whether the person who pressed a button was told that it worked.
    fn has_worked(&self, pressed: &Value) -> bool {
        pressed["answered"] == true
    }

    /// The command that brings our app into a chat, or removes it from there.
    fn invitation(&self, person: &str, chat: &str, added: bool) -> Value {
        let what = if added { "add_bot" } else { "remove_bot" };
        json!({ "do": what, "person": person, "chat": chat, "app": self.us() })
    }

    /// Whether we are told when people take their own words back, or of ours alone.
    fn tells_of_recalled_words_of_people(&self) -> bool {
        true
    }

    /// Whether people are found by their address.
    fn finds_people_by_address(&self) -> bool {
        true
    }

    /// Whether our app said a message.
    fn is_ours(&self, message: &Value) -> bool {
        message["is_bot"] == true
    }

    /// The words of a message as people see them.
    fn words(&self, message: &Value) -> String {
        text(message, "text")
    }

    /// Which earlier message an answer of ours quotes, where nothing else says what it answers.
    fn quoted(&self, _words: &str, _earlier: &[Shown]) -> Option<String> {
        None
    }

    /// The command that lets it go wrong so many times.
    fn failure(&self, fault: &str, times: u64) -> Value {
        if fault == TOKENS_EXPIRED { self.end_of_tokens() } else { fail(fault, times, self.path()) }
    }

    /// Lets it go wrong so many times.
    async fn fail(&self, fault: &str, times: u64) {
        self.act(self.failure(fault, times)).await;
    }

    /// The command that ends the tokens of our app.
    fn end_of_tokens(&self) -> Value {
        json!({ "do": "expire_tokens", "app": self.us() })
    }

    /// The command that closes our connections.
    fn end_of_lines(&self) -> Value {
        json!({ "do": "close_connections", "app": self.us() })
    }
}

/// Starts platforms: each case has one of its own.
#[async_trait]
pub trait Start: Send + Sync {
    /// What the platform is called in reports.
    fn name(&self) -> &'static str;

    /// Starts one, for a connection or for callbacks.
    async fn start(&self, callbacks: bool) -> Arc<dyn Platform>;
}
