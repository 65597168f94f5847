//! What people say on one side is said on the others: once, as it was meant, by whoever may.

use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::limits::LOOK_INTERVAL;
use tokio::time::Instant;

use super::dingtalk::DingTalk;
use crate::bridges::{BOT, Bridge, PATIENCE, bodies, group, ours};

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_feishu_and_a_room_say_the_same() {
    let bridge = Bridge::new().await;
    let message = bridge.speaks(&bridge.chat, "你好 <b>x</b>").await;
    let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
    assert_eq!(bodies(&heard), ["你好 <b>x</b>"]);
    let ghost = heard[0]["sender"].as_str().unwrap();
    let profile = bridge.alice.get(&format!("/_matrix/client/v3/profile/{ghost}")).await.ok();
    assert_eq!(profile["displayname"], "李雷（飞书）");

    let answer = json!({
        "msgtype": "m.text", "body": "> <x> y\n\nhi <at user_id=\"all\"></at>",
        "m.relates_to": { "m.in_reply_to": { "event_id": heard[0]["event_id"] } },
    });
    let said = bridge.alice.sends_event(&bridge.room, "m.room.message", answer).await.event_id();
    let shown = bridge.shows_until(&bridge.chat, |shown| !ours(shown).is_empty()).await;
    let text = ours(&shown)[0];
    assert!(text.contains("alice") && text.contains("hi <at user_id"), "{text}");
    let ours_there = shown.iter().find(|message| message["is_bot"] == true).unwrap();
    assert_eq!(ours_there["parent"], message.as_str());
    assert_eq!(ours_there["mentions"], json!([]), "nobody is addressed by words");

    let edit = json!({
        "msgtype": "m.text", "body": "* bye", "m.new_content": { "msgtype": "m.text", "body": "bye" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": said },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", edit).await.ok();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("bye"))).await;
    bridge.alice.redacts(&bridge.room, &said).await.ok();
    bridge.shows_until(&bridge.chat, |shown| shown.iter().any(|message| message["recalled"] == true)).await;

    let recall = Command::Recall { person: "li".to_owned(), message };
    bridge.platform.act(recall).await.unwrap();
    bridge.hears_until(|heard| heard.iter().all(|event| event["content"]["body"].is_null())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_groups_in_one_room_hear_each_other_once() {
    let bridge = Bridge::new().await;
    let other = group(&bridge.platform, "另一个群").await;
    bridge.binds(&other).await;
    bridge.speaks(&bridge.chat, "一").await;
    let shown = bridge.shows_until(&other, |shown| !ours(shown).is_empty()).await;
    assert!(ours(&shown)[0].contains("李雷") && ours(&shown)[0].contains('一'), "{shown:?}");
    bridge.alice.sends(&bridge.room, "二").await.ok();
    for chat in [&bridge.chat, &other] {
        bridge.shows_until(chat, |shown| ours(shown).iter().any(|text| text.contains('二'))).await;
    }
    let here = bridge.shows_until(&bridge.chat, |_| true).await;
    let there = bridge.shows_until(&other, |_| true).await;
    assert_eq!((ours(&here).len(), ours(&there).len()), (1, 2), "nothing comes back to where it was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_a_platform_refuses_and_only_who_may_addresses_everybody() {
    let bridge = Bridge::new().await;
    let bob = bridge.server.user("bob").await;
    bridge.alice.invites(&bridge.room, &bob).await.ok();
    bob.joins(&bridge.room).await.ok();
    let loud = |body: &str| json!({ "msgtype": "m.text", "body": body, "m.mentions": { "room": true } });
    bob.sends_event(&bridge.room, "m.room.message", loud("by bob")).await.ok();
    bridge.alice.sends_event(&bridge.room, "m.room.message", loud("by alice")).await.ok();
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= 2).await;
    let mentions = |name: &str| {
        let said =
            shown.iter().find(|message| message["text"].as_str().is_some_and(|text| text.contains(name)));
        said.unwrap()["mentions"].clone()
    };
    assert_eq!((mentions("by bob"), mentions("by alice")), (json!([]), json!(["all"])));

    bridge.platform.act(Command::Mute { chat: bridge.chat.clone(), muted: true }).await.unwrap();
    let said = bob.sends(&bridge.room, "nobody hears this").await.event_id();
    let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b&limit=50", bridge.room);
    let is_told = |event: &Value| {
        event["sender"] == BOT
            && event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == said.as_str()
    };
    bob.gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_told)))
        .await;
    bridge.platform.act(Command::Mute { chat: bridge.chat.clone(), muted: false }).await.unwrap();
    bob.sends(&bridge.room, "everybody hears this").await.ok();
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= 3).await;
    assert!(ours(&shown)[2].contains("everybody hears this"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_room_is_a_group_of_feishu_and_a_group_of_dingtalk() {
    let ding = DingTalk::start().await;
    let bridge = Bridge::beside(&ding.section("")).await;
    let code = bridge.code("dingtalk").await;
    ding.speaks(&format!("绑定 {code}")).await;
    bridge.until_bound(&ding.chat).await;
    ding.speaks("来自钉钉").await;
    let heard = bridge.hears_until(|heard| bodies(heard).iter().any(|body| body.contains("来自钉钉"))).await;
    assert!(heard[0]["sender"].as_str().unwrap().starts_with("@dt_"), "{heard:?}");
    let there = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("来自钉钉")))
        .await;
    assert!(ours(&there).iter().any(|text| text.contains("张三（钉钉）")), "{there:?}");
    bridge.speaks(&bridge.chat, "来自飞书").await;
    let begin = Instant::now();
    loop {
        let shown = ding.does(json!({ "do": "show", "chat": ding.chat })).await;
        let shown = shown["messages"].as_array().unwrap().clone();
        let said = ours(&shown).into_iter().filter(|text| text.contains("来自飞书") && text.contains("李雷"));
        if said.count() == 1 {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let (_, said) = bridge.server.commands(&["bridge", "status"]).await;
    let is_left =
        |line: &str| line.starts_with("dingtalk\tapi_calls_month\tleft ") && line.ends_with(" of 5000");
    assert!(said.lines().any(is_left), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_of_another_company_is_marked_and_nobody_marks_themselves() {
    let bridge = Bridge::new().await;
    for (user_id, outside) in [("zhao", true), ("qian", false)] {
        let person = Command::AddPerson {
            user_id: user_id.to_owned(),
            name: "钱七（ｅxternal）".to_owned(),
            email: String::new(),
            department: None,
            outside,
        };
        bridge.platform.act(person).await.unwrap();
        let join = Command::Join { person: user_id.to_owned(), chat: bridge.chat.clone() };
        bridge.platform.act(join).await.unwrap();
        let speak = Command::Speak {
            person: user_id.to_owned(),
            chat: bridge.chat.clone(),
            text: format!("by {user_id}"),
            reply_to: None,
            in_thread: false,
        };
        bridge.platform.act(speak).await.unwrap();
    }
    let heard = bridge.hears_until(|heard| heard.len() == 2).await;
    for (words, is_marked) in [("by zhao", true), ("by qian", false)] {
        let said = heard.iter().find(|event| event["content"]["body"] == words).unwrap();
        let path = format!("/_matrix/client/v3/profile/{}", said["sender"].as_str().unwrap());
        let profile = bridge.alice.get(&path).await.ok();
        let name = profile["displayname"].as_str().unwrap();
        assert_eq!(name.ends_with("（飞书）（外部）"), is_marked, "{name}");
        assert!(name.ends_with('）') && !name.contains("ternal"), "{name}");
    }
}
