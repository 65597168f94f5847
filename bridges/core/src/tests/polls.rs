//! Polls and mentions beside the text reach platforms in words.

use bridge_api::{Block, Content, Inline, Network};
use ruma::UserId;
use serde_json::{Value, json};

use super::{Stage, person};

fn poll(kind: &str) -> Value {
    json!({ "org.matrix.msc3381.poll.start": {
        "kind": format!("org.matrix.msc3381.poll.{kind}"), "question": { "org.matrix.msc1767.text": "Lunch?" },
        "answers": [
            { "id": "n", "org.matrix.msc1767.text": "noodles" }, { "id": "r", "org.matrix.msc1767.text": "rice" },
        ],
    }})
}

fn vote(of: &str, answers: &[&str]) -> Value {
    json!({
        "m.relates_to": { "rel_type": "m.reference", "event_id": of },
        "org.matrix.msc3381.poll.response": { "answers": answers },
    })
}

#[tokio::test]
async fn a_poll_its_votes_and_its_end_are_said_in_words() {
    let mut stage = Stage::new().await;
    let asked = stage.sends("org.matrix.msc3381.poll.start", poll("disclosed")).await;
    stage.sends("org.matrix.msc3381.poll.response", vote(&asked, &["n"])).await;
    stage.sends("org.matrix.msc3381.poll.response", vote(&asked, &["r"])).await;
    stage.sends("org.matrix.msc3381.poll.response", vote(&asked, &[])).await;
    stage.sends("org.matrix.msc3381.poll.response", vote(&asked, &["r"])).await;
    stage.sends("org.matrix.msc3381.poll.end", vote(&asked, &[])).await;
    stage.until("all is there", |stage| stage.platform.sent().len() == 6).await;
    let expected = [
        "Poll: Lunch?\n1. noodles\n2. rice",
        "votes for: noodles",
        "votes for: rice",
        "takes the vote back",
        "votes for: rice",
        "The poll is over: Lunch?\nnoodles: 0\nrice: 1",
    ];
    assert_eq!(stage.platform.words(), expected);
    let answered = stage.platform.sent().remove(1).reply_to;
    assert_eq!(answered.map(|id| id.to_string()).as_deref(), Some("om_1"));
}

#[tokio::test]
async fn who_votes_in_secret_is_not_said() {
    let mut stage = Stage::new().await;
    let asked = stage.sends("org.matrix.msc3381.poll.start", poll("undisclosed")).await;
    stage.sends("org.matrix.msc3381.poll.response", vote(&asked, &["n"])).await;
    stage.says("behind it").await;
    stage.until("all is there", |stage| stage.platform.words().contains(&"behind it".to_owned())).await;
    assert_eq!(stage.platform.sent().len(), 2, "{:?}", stage.platform.words());
}

#[tokio::test]
async fn whom_a_message_addresses_beside_its_text_is_addressed_there() {
    let mut stage = Stage::new().await;
    let wang = UserId::parse("@wang:test").expect("valid");
    let bound = stage.bridges.bind_person(Network::Feishu, &person("ou_wang"), Some(&wang)).await;
    bound.expect("they are bound");
    let mentions = json!({ "user_ids": ["@wang:test", "@nobody:test"] });
    for body in ["hi @wang, come", "come"] {
        let said = json!({ "msgtype": "m.text", "body": body, "m.mentions": mentions });
        stage.sends("m.room.message", said).await;
    }
    stage.until("both are there", |stage| stage.platform.sent().len() == 2).await;
    let mention = || Inline::Mention { person: Some(person("ou_wang")), name: "wang".to_owned() };
    let expected = [
        vec![Inline::text("hi "), mention(), Inline::text(", come")],
        vec![mention(), Inline::text(" "), Inline::text("come")],
    ];
    for (sent, expected) in stage.platform.sent().into_iter().zip(expected) {
        let Content::Text(text) = sent.content else { panic!("words: {sent:?}") };
        assert_eq!(text.blocks, [Block::Paragraph(expected)]);
    }
}
