//! Webhooks of groups, which need no app and no person: what is said by them stands in the group as it was meant, once.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use std::sync::Arc;

use bridge_api::{
    Block, Clock, Connector, Content, ConversationId, File, FileKind, IdempotencyKey, Inline, Outgoing,
    PersonId, RichText, Rng, Secret, Speaker, Style,
};
use bytes::Bytes;
use conformance::MemoryShelf;
use connector_dingtalk::{CustomWebhook, DingTalk, DingTalkSettings, Mode, Quotas};
use connector_wecom::{Intervals, WeCom, WeComSettings, Webhook};
use futures_util::stream;
use serde_json::{Value, json};

const ROBOT_SECRET: &str = "SECconformance";
/// One grey dot.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00,
    0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
    0x77, 0xcd, 0x72, 0xb6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

fn people() -> [Value; 2] {
    ["zhang", "li"].map(|user| json!({"do": "add_person", "user_id": user, "name": user}))
}

fn group() -> Value {
    json!({"do": "add_chat", "name": "Ops", "owner": "zhang", "people": ["zhang", "li"]})
}

fn outgoing(key: &str, content: Content) -> Outgoing {
    Outgoing {
        key: IdempotencyKey::new(key).unwrap(),
        conversation: ConversationId::new("webhook:ops").unwrap(),
        speaker: Speaker { name: "Ada".into(), person: None },
        content,
        reply_to: None,
        thread: None,
    }
}

/// "@li now", the last word in bold.
fn addressed() -> Content {
    let li = Inline::Mention { person: PersonId::new("li").ok(), name: "Li Si".into() };
    let now = Inline::Text { text: "now".into(), style: Style { bold: true, ..Style::default() } };
    Content::Text(RichText { blocks: vec![Block::Paragraph(vec![li, Inline::text(" "), now])] })
}

#[tokio::test(flavor = "multi_thread")]
async fn dingtalks_custom_robot_says_in_its_group_what_was_said_once() {
    use simulator_dingtalk::{Settings, Simulator};
    let clock = Clock::system();
    let simulator = Simulator::start(Settings::new(1, Arc::new(move || clock.now_ms()))).await.unwrap();
    for person in people() {
        simulator.perform(person).await.unwrap();
    }
    let chat = simulator.perform(group()).await.unwrap()["chat_id"].clone();
    let robot = json!({"do": "add_custom_robot", "chat": chat, "name": "Alarm", "secret": ROBOT_SECRET});
    let token = simulator.perform(robot).await.unwrap()["token"].as_str().unwrap().to_owned();
    let settings = DingTalkSettings {
        api_url: simulator.api_url().parse().unwrap(),
        old_api_url: simulator.old_api_url().parse().unwrap(),
        client_id: "dingnobody".into(),
        client_secret: Secret::new("none"),
        robot_code: "dingnobody".into(),
        mode: Mode::Stream,
        cool_app_code: None,
        card_template: None,
        operator: None,
        approval_centre: false,
        webhooks: vec![CustomWebhook {
            name: "ops".into(),
            access_token: Secret::new(token),
            secret: Some(Secret::new(ROBOT_SECRET)),
        }],
        quotas: Quotas::default(),
        file_hosts: Vec::new(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
    };
    let shelf = Arc::new(MemoryShelf::default());
    let said = outgoing("k1", addressed());
    for seed in 1..3 {
        // The second one is the first one after a restart.
        let connector =
            DingTalk::new(settings.clone(), shelf.clone(), Clock::system(), Rng::seeded(seed)).unwrap();
        let sent = connector.send(&said).await.unwrap();
        assert_eq!(sent.messages[0].as_str(), "hook:k1");
        assert!(connector.conversations().unwrap().list(None).await.unwrap().items.len() == 1);
    }
    let shown = simulator.perform(json!({"do": "show", "chat": chat})).await.unwrap();
    let messages = shown["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{shown}");
    let words = messages[0]["text"].as_str().unwrap();
    assert!(words.contains("**Ada:**") && words.contains("**now**"), "{words}");
    assert_eq!((&messages[0]["mentions"], &messages[0]["name"]), (&json!(["li"]), &json!("Alarm")));
}

#[tokio::test(flavor = "multi_thread")]
async fn wecoms_webhook_brings_words_documents_and_pictures_into_its_group() {
    use simulator_wecom::{Settings, Simulator};
    let clock = Clock::system();
    let simulator = Simulator::start(Settings::new(1, Arc::new(move || clock.now_ms()))).await.unwrap();
    for person in people() {
        simulator.perform(person).await.unwrap();
    }
    let chat = simulator.perform(group()).await.unwrap()["chat_id"].clone();
    let hook = json!({"do": "add_webhook", "chat": chat, "name": "Alarm"});
    let key = simulator.perform(hook).await.unwrap()["key"].as_str().unwrap().to_owned();
    let settings = WeComSettings {
        api_url: simulator.api_url().parse().unwrap(),
        corp_id: String::new(),
        app: None,
        bot: None,
        webhooks: vec![Webhook { name: "ops".into(), key: Secret::new(key) }],
        archive: None,
        service: None,
        group_chats: Vec::new(),
        file_hosts: Vec::new(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
        intervals: Intervals::default(),
    };
    let shelf = Arc::new(MemoryShelf::default());
    let connector = WeCom::new(settings, shelf, Clock::system(), Rng::seeded(1)).unwrap();
    connector.send(&outgoing("k1", addressed())).await.unwrap();
    let given = [
        (FileKind::File, "报告.txt", "text/plain", &b"all is well"[..]),
        (FileKind::Image, "dot.png", "image/png", PICTURE),
    ];
    for (kind, name, mimetype, bytes) in given {
        let media = bridge_api::MediaId::new("none").unwrap();
        let mut file = File {
            mimetype: Some(mimetype.into()),
            size: Some(bytes.len() as u64),
            ..File::new(kind, name, media)
        };
        let here = ConversationId::new("webhook:ops").unwrap();
        let whole = Box::pin(stream::iter([Ok(Bytes::from_static(bytes))]));
        file.media = connector.files().unwrap().upload(&here, &file, whole).await.unwrap();
        let said = outgoing(mimetype, Content::File(file));
        let first = connector.send(&said).await.unwrap();
        assert_eq!(connector.send(&said).await.unwrap(), first, "a repeat says nothing");
    }
    let shown = simulator.perform(json!({"do": "show", "chat": chat})).await.unwrap();
    let messages = shown["messages"].as_array().unwrap();
    // The words, then each file below a line that says whose it is.
    let kinds: Vec<_> = messages.iter().map(|message| message["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["markdown", "text", "file", "text", "image"], "{shown}");
    assert_eq!((&messages[0]["mentions"], &messages[0]["name"]), (&json!(["li"]), &json!("Alarm")));
    for (message, (_, name, _, bytes)) in messages[1..].chunks(2).zip(given) {
        assert_eq!(message[0]["text"], format!("Ada: [{name}]"));
        let key = &message[1]["attachments"][0]["key"];
        let opened = simulator.perform(json!({"do": "open", "key": key})).await.unwrap();
        let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        assert_eq!(opened["base64"], expected, "{name}");
    }
}
