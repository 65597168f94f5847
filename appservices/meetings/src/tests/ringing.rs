//! One ring at a guest's for each thing that happens: default push rules are silent about notices and new versions.

use kit::double::Stage;
use serde_json::Value;

use super::{LISI, ZHANGSAN, card, chat, office, reads, says};

/// What rings in a direct chat.
fn rings(stage: &Stage, chat: &str) -> Vec<Value> {
    let events = stage.events_of_bots(chat).into_iter();
    let is_silent = |event: &Value| {
        let content = &event["content"];
        content["msgtype"] == "m.notice" || content["m.relates_to"]["rel_type"] == "m.replace"
    };
    events.filter(|event| event["type"] == "m.room.message" && !is_silent(event)).collect()
}

/// What the file beside the card says now.
fn file(stage: &Stage, chat: &str) -> String {
    let events = stage.events_of_bots(chat);
    let names = |event: &&Value| event["content"]["body"] == "MT-20261105-0001.ics";
    let beside: Vec<&Value> = events.iter().filter(names).collect();
    let [first] = beside.as_slice() else { panic!("{beside:#?}") };
    let is_version = |event: &&Value| event["content"]["m.relates_to"]["event_id"] == first["event_id"];
    let newest = events.iter().rev().find(is_version).expect("the file");
    let new = &newest["content"]["m.new_content"];
    assert_eq!((&new["msgtype"], &new["filename"]), (&"m.file".into(), &"MT-20261105-0001.ics".into()));
    let bytes = stage.homeserver().file(new["url"].as_str().expect("an address"));
    String::from_utf8(bytes).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_rings_once_and_so_does_each_change() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 评审 @李四 明天 10:00 1h").await;
    let desk = chat(&stage, LISI);
    assert_eq!(rings(&stage, &desk).len(), 1);
    assert!(file(&stage, &desk).contains("METHOD:REQUEST"));
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 11:00").await;
    assert_eq!(rings(&stage, &desk).len(), 2);
    let moved = file(&stage, &desk);
    assert!(moved.contains("SEQUENCE:1") && moved.contains("T110000"), "{moved}");
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001").await;
    assert_eq!(rings(&stage, &desk).len(), 3);
    assert!(file(&stage, &desk).contains("METHOD:CANCEL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_anew_has_the_invitation_again() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 评审 @李四 @王五 明天 10:00 1h").await;
    let desk = chat(&stage, LISI);
    for (change, method) in [("remove", "METHOD:CANCEL"), ("add", "METHOD:REQUEST")] {
        says(&mut stage, ZHANGSAN, &room, &format!("!meet {change} MT-20261105-0001 @李四")).await;
        assert!(file(&stage, &desk).contains(method), "{}", file(&stage, &desk));
    }
    let own = card(&stage, &desk, "[已预定]");
    assert!(reads(&stage, &desk, &own).starts_with("[已预定]"), "{}", reads(&stage, &desk, &own));
    assert_eq!(rings(&stage, &desk).len(), 2, "{:#?}", stage.said(&desk));
}
