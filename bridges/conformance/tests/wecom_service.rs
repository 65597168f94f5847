//! WeCom's customer service from end to end: what customers write comes once and in its order, whatever goes wrong; they are answered as
//! often as the platform lets them be.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use std::sync::Arc;

use bridge_api::{
    Arrival, Content, ConversationId, Failure, FailureKind, File, FileKind, Happened, MediaId, Message,
    MessageId, Refusal, RichText, Sender,
};
use bytes::Bytes;
use conformance::{MemoryInbox, Platform, Stage, outgoing, platforms};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

const CUSTOMER: &str = "wmAbCdEfGhIjKlMnOpQrStUvWx";

/// A company that serves a customer, who has opened the conversation.
struct Desk {
    stage: Stage,
    account: String,
    chat: String,
    here: ConversationId,
}

impl Desk {
    async fn new() -> Self {
        Self::at(platforms::wecom_with_customers().start(false).await).await
    }

    async fn at(platform: Arc<dyn Platform>) -> Self {
        let account = json!({ "do": "add_account", "name": "客服", "servicers": ["li"] });
        let account = platform.act(account).await["open_kfid"].as_str().unwrap().to_owned();
        platform.act(json!({ "do": "add_customer", "external_userid": CUSTOMER, "name": "王先生" })).await;
        let stage = Stage::new(platform, false).await;
        let enter = json!({ "do": "enter_service", "external_userid": CUSTOMER, "open_kfid": account });
        let chat = stage.platform.act(enter).await["chat_id"].as_str().unwrap().to_owned();
        let here = ConversationId::new(format!("service:{account}|{CUSTOMER}")).unwrap();
        Self { stage, account, chat, here }
    }

    async fn says(&self, who: &str, words: &str) -> MessageId {
        let speak = json!({ "do": "speak", "person": who, "chat": self.chat, "text": words });
        MessageId::new(self.stage.platform.act(speak).await["message_id"].as_str().unwrap()).unwrap()
    }

    /// Somebody says something, which comes.
    async fn is_heard(&self, who: &str, words: &str) -> Message {
        let id = self.says(who, words).await;
        let (arrival, message) = self.stage.heard(&id).await;
        assert_eq!(arrival.conversation.as_ref(), Some(&self.here));
        message
    }

    async fn answers(&self, key: &str) -> Result<MessageId, Failure> {
        let said = outgoing(&self.here, key, Content::Text(RichText::plain(key)));
        let sent = self.stage.insist(|| async { self.stage.connector().send(&said).await }).await?;
        Ok(sent.messages.last().unwrap().clone())
    }

    /// What the customer sees of ours but for the welcome.
    async fn sees(&self) -> Vec<String> {
        let shown = self.stage.platform.act(json!({ "do": "show", "chat": self.chat })).await;
        let ours = shown["messages"].as_array().unwrap().iter().filter(|message| message["is_bot"] == true);
        let words = ours.map(|message| message["text"].as_str().unwrap().to_owned());
        words.filter(|words| words != "您好").collect()
    }

    async fn attends(&self, state: u64) {
        let attend = json!({ "do": "attend", "chat": self.chat, "state": state, "servicer": "li" });
        self.stage.platform.act(attend).await;
    }

    async fn fails(&self, name: &str, times: u64, path: Value) {
        self.stage.platform.act(json!({ "do": "fail", "name": name, "times": times, "path": path })).await;
    }

    /// What the platform is heard to say in the room of the customer.
    async fn is_told(&self, words: &str) -> Message {
        let wanted = |arrival: &Arrival| match &arrival.what {
            Happened::Message(message)
                if message.from == Sender::System && message.parts[0].to_plain().contains(words) =>
            {
                Some(message.clone())
            }
            _ => None,
        };
        self.stage.inbox.hear(words, wanted).await
    }
}

fn heard(inbox: &MemoryInbox) -> Vec<String> {
    inbox.messages().iter().map(|message| message.parts[0].to_plain()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_and_a_room_hear_each_other_and_what_is_taken_back_is() {
    let desk = Desk::new().await;
    let said = desk.is_heard(CUSTOMER, "你好").await;
    let Sender::Person { id, name, external } = &said.from else { panic!("{:?}", said.from) };
    assert_eq!((id.as_str(), name.as_deref(), *external), (CUSTOMER, Some("王先生"), Some(true)));
    let answer = desk.answers("hello").await.unwrap();
    assert!(answer.as_str().starts_with("service:"), "{answer}");
    assert_eq!(desk.sees().await, ["Ada: hello"]);
    let session = desk.stage.platform.act(json!({ "do": "show_session", "chat": desk.chat })).await;
    assert_eq!((&session["state"], &session["answers"]), (&json!(1), &json!(1)), "the session is taken up");
    let shown = desk.stage.platform.act(json!({ "do": "show", "chat": desk.chat })).await;
    let welcomes = shown["messages"].as_array().unwrap().iter().filter(|message| message["text"] == "您好");
    assert_eq!(welcomes.count(), 1, "whoever enters is welcomed once");
    let recall = json!({ "do": "recall", "person": CUSTOMER, "message": said.id.as_str() });
    desk.stage.platform.act(recall).await;
    let recalled = |arrival: &Arrival| match &arrival.what {
        Happened::Recalled { message, by } => Some((message.clone(), by.clone())),
        _ => None,
    };
    assert_eq!(desk.stage.inbox.hear("the recall", recalled).await, (said.id, Some(id.clone())));
    let connector = desk.stage.connector();
    // Who they are, where they are listed, and who attends to them.
    let person = connector.directory().unwrap().person(id).await.unwrap().unwrap();
    assert!(person.external && person.name == "王先生");
    let conversations = connector.conversations().unwrap();
    let listed = conversations.list(None).await.unwrap().items;
    assert!(listed.iter().any(|one| one.id == desk.here && one.name == "王先生 · 客服"), "{listed:?}");
    assert!(conversations.conversation(&desk.here).await.unwrap().unwrap().external);
    let members = connector.members().unwrap().members(&desk.here, None).await.unwrap().items;
    let members: Vec<_> = members.iter().map(|member| (member.id.as_str(), member.external)).collect();
    assert_eq!(members, [(CUSTOMER, true), ("li", false)]);
    let steps = connector.check().await;
    assert!(steps.last().unwrap().works(), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_both_ways() {
    let desk = Desk::new().await;
    let bytes = Bytes::from_static(b"a contract of a few words");
    let upload = json!({ "do": "upload", "kind": "file", "name": "contract.txt", "base64": "YSBjb250cmFjdCBvZiBhIGZldyB3b3Jkcw==" });
    let key = desk.stage.platform.act(upload).await["key"].clone();
    let say = json!({ "do": "say", "person": CUSTOMER, "chat": desk.chat, "kind": "file", "content": { "key": key } });
    let id = MessageId::new(desk.stage.platform.act(say).await["message_id"].as_str().unwrap()).unwrap();
    let (_, message) = desk.stage.heard(&id).await;
    let Content::File(file) = &message.parts[0] else { panic!("{:?}", message.parts) };
    assert_eq!(file.name, "contract.txt");
    let connector = desk.stage.connector();
    let files = connector.files().unwrap();
    let mut download = files.download(&desk.here, &id, file).await.unwrap();
    let mut whole = Vec::new();
    while let Some(piece) = download.bytes.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(whole, bytes);
    let mut file = File {
        size: Some(bytes.len() as u64),
        mimetype: Some("text/plain".to_owned()),
        ..File::new(FileKind::File, "answer.txt", MediaId::new("mxc-1").unwrap())
    };
    let pieces = Box::pin(stream::iter([Ok(bytes.clone())]));
    file.media = files.upload(&desk.here, &file, pieces).await.unwrap();
    desk.stage.send(&outgoing(&desk.here, "file", Content::File(file))).await;
    let shown = desk.stage.platform.act(json!({ "do": "show", "chat": desk.chat })).await;
    let last = shown["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(last["attachments"][0]["name"], "answer.txt");
    assert_eq!(desk.sees().await[0], "Ada: [answer.txt]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_comes_twice_whatever_goes_wrong_and_whoever_is_killed() {
    let desk = Desk::new().await;
    let mut said = vec!["first".to_owned()];
    desk.is_heard(CUSTOMER, "first").await;
    let faults = [
        ("service.page_empty", json!(null)),
        ("service.page_repeats", json!(null)),
        ("service.token_over", json!(null)),
        ("delivery.dropped", json!(null)),
        ("delivery.duplicate", json!(null)),
        ("api.busy", json!("kf/sync_msg")),
        ("api.garbage", json!("kf/sync_msg")),
        ("api.answer_lost", json!("kf/sync_msg")),
        ("api.token_expired", json!("kf/sync_msg")),
        ("api.server_error", json!("kf/customer/batchget")),
    ];
    for (name, path) in faults {
        desk.fails(name, 1, path).await;
        for part in ["before", "behind"] {
            let words = format!("{part} {name}");
            desk.says(CUSTOMER, &words).await;
            said.push(words);
        }
        desk.stage.inbox.refuse(1);
        desk.stage.restart().await;
        desk.stage.inbox.wait(name, |inbox| (heard(inbox).len() >= said.len()).then_some(())).await;
    }
    desk.is_heard(CUSTOMER, "last").await;
    said.push("last".to_owned());
    assert_eq!(heard(&desk.stage.inbox), said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_was_sent_is_taken_back_within_two_minutes_and_counts_all_the_same() {
    let desk = Desk::new().await;
    desk.is_heard(CUSTOMER, "hello").await;
    let recall = async |message: &MessageId| {
        let recalled = async || desk.stage.connector().recalls().unwrap().recall(&desk.here, message).await;
        desk.stage.insist(recalled).await
    };
    let (slip, old) = (desk.answers("a slip").await.unwrap(), desk.answers("old").await.unwrap());
    // Whose answer is lost has happened; the platform says to the next try that it is too late.
    desk.fails("api.answer_lost", 1, json!("kf/recall_msg")).await;
    recall(&slip).await.unwrap();
    assert_eq!(desk.sees().await, ["", "Ada: old"]);
    let now = desk.answers("another slip").await.unwrap();
    for _ in 0..2 {
        recall(&now).await.unwrap();
        desk.stage.restart().await;
    }
    assert_eq!(desk.sees().await, ["", "Ada: old", ""]);
    for key in ["four", "five"] {
        desk.answers(key).await.unwrap();
    }
    assert!(matches!(desk.answers("six").await.unwrap_err().kind, FailureKind::Silenced(_)));
    desk.stage.platform.act(json!({ "do": "skip", "ms": 3 * 60_000 })).await;
    assert_eq!(recall(&old).await.unwrap_err().kind, FailureKind::Refused(Refusal::TooLate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_the_platform_knows_no_more_is_begun_anew_and_brings_nothing_twice() {
    let desk = Desk::new().await;
    for words in ["first", "second"] {
        desk.is_heard(CUSTOMER, words).await;
    }
    desk.answers("an answer").await.unwrap();
    desk.is_heard(CUSTOMER, "third").await;
    // Once by the token of the event, and once more without it.
    let fault =
        json!({ "do": "fail", "name": "api.code", "times": 2, "path": "kf/sync_msg", "value": 40_058 });
    desk.stage.platform.act(fault).await;
    desk.is_heard(CUSTOMER, "fourth").await;
    assert_eq!(desk.stage.platform.struck("api.code").await, 2);
    assert_eq!(heard(&desk.stage.inbox), ["first", "second", "third", "fourth"]);
    // What was read anew began no count anew, and the window is that of the latest words.
    for key in ["one", "two", "three", "four", "five"] {
        desk.answers(key).await.unwrap();
    }
    assert!(matches!(desk.answers("six").await.unwrap_err().kind, FailureKind::Silenced(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_accounts_are_listed_those_are_served_of_which_the_platform_tells() {
    let platform = platforms::wecom_with_customers().start(false).await;
    // The platform refuses to list them from the start on.
    let refused = json!({ "do": "fail", "name": "api.code", "path": "kf/account/list", "value": 48_002 });
    platform.act(refused).await;
    let desk = Desk::at(platform).await;
    desk.is_heard(CUSTOMER, "hello").await;
    let amiss = desk.stage.connector().amiss();
    assert!(amiss.len() == 1 && amiss[0].zh.contains("customer_service_accounts"), "{amiss:?}");
    desk.answers("hello yourself").await.unwrap();
    desk.says(CUSTOMER, "behind a restart").await;
    desk.stage.restart().await;
    desk.is_heard(CUSTOMER, "and now?").await;
    assert_eq!(heard(&desk.stage.inbox), ["hello", "behind a restart", "and now?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_answers_arrive_and_the_sixth_when_the_customer_writes_again_and_once() {
    let desk = Desk::new().await;
    desk.is_heard(CUSTOMER, "hello").await;
    let words = ["one", "two", "three", "four", "five"];
    for key in words {
        desk.answers(key).await.unwrap();
    }
    for _ in 0..2 {
        let FailureKind::Silenced(words) = desk.answers("six").await.unwrap_err().kind else {
            panic!("said")
        };
        assert!(words.en.contains("writes again") && words.zh.contains('5'), "{words:?}");
        desk.stage.restart().await;
    }
    let shown: Vec<String> = words.iter().map(|words| format!("Ada: {words}")).collect();
    assert_eq!(desk.sees().await, shown);
    desk.is_heard(CUSTOMER, "and?").await;
    for _ in 0..2 {
        desk.answers("six").await.unwrap();
    }
    assert_eq!(desk.sees().await.last().unwrap(), "Ada: six");
    assert_eq!(desk.sees().await.len(), 6);
    // Two days later it is too late, until the customer writes again. The tokens of our app are over by then, too.
    desk.stage.platform.act(json!({ "do": "skip", "ms": 48 * 3_600_000_u64 })).await;
    let FailureKind::Silenced(words) = desk.answers("seven").await.unwrap_err().kind else { panic!("said") };
    assert!(words.en.contains("48 hours"), "{words:?}");
    desk.is_heard(CUSTOMER, "still there?").await;
    desk.answers("seven").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_is_said_once_and_one_that_did_not_arrive_is_told() {
    let desk = Desk::new().await;
    desk.is_heard(CUSTOMER, "hello").await;
    for (name, path) in [
        ("api.answer_lost", json!("kf/send_msg")),
        ("api.truncated", json!("kf/send_msg")),
        ("api.busy", json!("kf/send_msg")),
        ("service.state", json!(null)),
    ] {
        desk.fails(name, 1, path).await;
        desk.answers(name).await.unwrap();
        assert_eq!(desk.sees().await.iter().filter(|words| words.ends_with(name)).count(), 1, "{name}");
    }
    desk.fails("service.send_fails", 1, json!(null)).await;
    let refused = desk.answers("refused").await.unwrap();
    let told = desk.is_told("takes no messages").await;
    assert_eq!(told.reply_to, Some(refused));
    assert_eq!(desk.sees().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_colleague_attends_to_in_wecom_is_not_answered_from_here_and_people_are_told() {
    let desk = Desk::new().await;
    desk.is_heard(CUSTOMER, "hello").await;
    desk.answers("from here").await.unwrap();
    desk.attends(3).await;
    desk.is_told("attends to the customer in WeCom").await;
    let failure = desk.answers("from here, too").await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Refused(Refusal::Other(_))), "{failure}");
    let theirs = desk.is_heard("li", "I take it").await;
    assert!(matches!(&theirs.from, Sender::Person { id, external: Some(false), .. } if id.as_str() == "li"));
    desk.attends(4).await;
    desk.is_told("ended the session").await;
    let failure = desk.answers("later").await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Silenced(_)), "{failure}");
    desk.is_heard(CUSTOMER, "one thing more").await;
    desk.answers("later").await.unwrap();
    assert_eq!(desk.sees().await, ["Ada: from here", "Ada: later"]);
    // An account that is gone says nothing any more.
    desk.stage.platform.act(json!({ "do": "remove_account", "open_kfid": desk.account })).await;
    assert!(!desk.answers("to nobody").await.unwrap_err().passes());
}
