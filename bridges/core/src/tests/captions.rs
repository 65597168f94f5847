//! Words that stand with a file, both ways.

use std::sync::atomic::Ordering;

use bridge_api::{Content, File, FileKind, Happened, MediaId, RichText};
use serde_json::{Value, json};

use super::Stage;

fn picture(url: &str, body: &str) -> Value {
    json!({
        "msgtype": "m.image", "body": body, "filename": "a.png", "url": url, "info": { "mimetype": "image/png" },
    })
}

fn edit(of: &str, content: Value) -> Value {
    json!({
        "msgtype": content["msgtype"], "body": "*", "m.new_content": content,
        "m.relates_to": { "rel_type": "m.replace", "event_id": of },
    })
}

#[tokio::test]
async fn the_words_of_a_picture_come_behind_it_change_alone_and_go_with_it() {
    let mut stage = Stage::new().await;
    let url = stage.uploads();
    let event = stage.sends("m.room.message", picture(&url, "look")).await;
    stage.until("both are there", |stage| stage.platform.sent().len() == 2).await;
    let sent = stage.platform.sent();
    assert!(matches!(&sent[0].content, Content::File(file) if file.name == "a.png"), "{sent:?}");
    assert_eq!(sent[1].content.to_plain(), "look");
    assert_ne!(sent[0].key, sent[1].key);

    stage.sends("m.room.message", edit(&event, picture(&url, "look here"))).await;
    stage.until("the words change", |stage| stage.platform.edits().len() == 1).await;
    assert_eq!(stage.platform.edits(), [(vec!["om_2".to_owned()], "look here".to_owned())]);

    stage.sends("m.room.message", edit(&event, picture(&url, "a.png"))).await;
    stage.until("the words go", |stage| stage.platform.recalled() == ["om_2"]).await;
    stage.sends("m.room.message", edit(&event, picture(&url, "again"))).await;
    stage.until("there are words again", |stage| stage.platform.sent().len() == 3).await;
    let again = stage.platform.sent().remove(2);
    assert_eq!(again.content.to_plain(), "again");
    assert_eq!(again.reply_to.map(|id| id.to_string()).as_deref(), Some("om_1"));
}

#[tokio::test]
async fn where_nothing_can_be_edited_other_words_answer_the_old_ones() {
    let mut stage = Stage::new().await;
    stage.platform.takes_edits.store(false, Ordering::Relaxed);
    let url = stage.uploads();
    let event = stage.sends("m.room.message", picture(&url, "look")).await;
    stage.until("both are there", |stage| stage.platform.sent().len() == 2).await;
    stage.sends("m.room.message", edit(&event, picture(&url, "look here"))).await;
    stage.until("the new words", |stage| stage.platform.sent().len() == 3).await;
    let said = stage.platform.sent().remove(2);
    assert!(said.content.to_plain().ends_with("look here"), "{said:?}");
    assert_eq!(said.reply_to.map(|id| id.to_string()).as_deref(), Some("om_2"));
}

#[tokio::test]
async fn a_picture_with_words_of_the_platform_is_one_event_and_so_is_its_edit() {
    let mut stage = Stage::new().await;
    let file = File::new(FileKind::Image, "b.png", MediaId::new("m").expect("valid"));
    let parts = |words: &str| vec![Content::Text(RichText::plain(words)), Content::File(file.clone())];
    let said = stage.said_there("om_a", parts("see"));
    stage.happens(said.clone()).await;
    stage.until("it is here", |stage| stage.heard().len() == 1).await;
    let heard = stage.heard().remove(0);
    assert_eq!(
        (
            heard["content"]["msgtype"].as_str(),
            heard["content"]["body"].as_str(),
            heard["content"]["filename"].as_str()
        ),
        (Some("m.image"), Some("see"), Some("b.png"))
    );
    let Happened::Message(message) = said else { unreachable!("a message") };
    let edited = Happened::Edited { message: message.id, from: message.from, parts: parts("see this") };
    stage.happens(edited).await;
    stage.until("its edit is here", |stage| stage.heard().len() == 2).await;
    let content = stage.heard().remove(1)["content"].take();
    assert_eq!(content["m.new_content"]["body"], "see this");
    assert_eq!(content["m.relates_to"]["event_id"], heard["event_id"]);
}
