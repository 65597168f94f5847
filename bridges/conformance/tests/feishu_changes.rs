//! What becomes of messages of Feishu without an event that tells of it.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use bridge_api::{Arrival, ConversationId, Happened, Inbox as _, MessageId};
use conformance::{Said, Stage};
use serde_json::json;

/// What is read at once of a chat; the platform gives no longer pages.
const PAGE: usize = 50;

/// Reads again what was said last since a time, as the core does, and hands it in.
async fn read_again(stage: &Stage, group: &ConversationId, since_ms: u64) -> usize {
    let connector = stage.connector();
    let backfill = connector.backfill().unwrap();
    let latest = stage.insist(|| backfill.latest(group, since_ms)).await.unwrap();
    for arrival in &latest {
        stage.inbox.take(vec![arrival.clone()]).await.unwrap();
    }
    latest.len()
}

fn edits(stage: &Stage) -> Vec<(MessageId, String)> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::Edited { message, parts, .. } => Some((message, parts[0].to_plain())),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

fn recalls(stage: &Stage) -> Vec<MessageId> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::Recalled { message, .. } => Some(message),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_event_tells_of_messages_is_read_again_and_comes_once() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        let group = stage.platform.group("changes").await;
        let mut said = Vec::new();
        for (person, words) in [("zhang", "frist"), ("li", "second"), ("zhang", "topic")] {
            said.push(stage.platform.say(person, &group, Said::Text(words.into())).await);
        }
        let inside = stage.platform.answer("li", &said[2], "wihtin", true).await;
        for id in said.iter().chain([&inside]) {
            stage.heard(id).await;
        }
        stage.platform.edit("zhang", &said[0], "first").await;
        stage.platform.edit("li", &inside, "within").await;
        stage.platform.act(json!({ "do": "fail", "name": "delivery.dropped", "times": 1 })).await;
        stage.platform.recall("li", &said[1]).await;
        let rain = stage.platform.robot_says(&group, "rain").await;
        for _ in 0..2 {
            assert!(read_again(&stage, &group, 0).await > 0);
        }
        let expected = [(said[0].clone(), "first".to_owned()), (inside, "within".to_owned())];
        assert_eq!(edits(&stage), expected);
        assert_eq!(recalls(&stage), [said[1].clone()]);
        let heard: Vec<MessageId> = stage.inbox.messages().into_iter().map(|message| message.id).collect();
        assert_eq!((heard.len(), heard.last()), (5, Some(&rain)), "nothing else came, and nothing twice");
        // Changed once more, it is told once more.
        stage.platform.edit("zhang", &said[0], "first of all").await;
        read_again(&stage, &group, 0).await;
        assert_eq!(edits(&stage).last(), Some(&(said[0].clone(), "first of all".to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_in_a_group_has_read_our_newest_message_is_told_once() {
    let stage = Stage::on("feishu", false).await;
    let group = stage.platform.group("readers").await;
    stage.say(&group, "one", "one").await;
    let newest = stage.say(&group, "two", "two").await;
    assert_eq!(read_again(&stage, &group, 0).await, 2, "nobody has read anything");
    stage.platform.read("li", &group).await;
    for _ in 0..2 {
        assert_eq!(read_again(&stage, &group, 0).await, 3);
    }
    let of = |arrival: Arrival| match arrival.what {
        Happened::Read { person, messages } => Some((arrival.conversation, person, messages)),
        _ => None,
    };
    let told: Vec<_> = stage.inbox.arrivals().into_iter().filter_map(of).collect();
    assert_eq!(told, [(Some(group.clone()), stage.platform.person("li"), vec![newest])]);
    // Without the right to it the rest is read all the same.
    let fail =
        json!({ "do": "fail", "name": "api.code", "value": 99_991_672, "times": 1, "path": "/read_users" });
    stage.platform.act(fail).await;
    assert_eq!(read_again(&stage, &group, 0).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_read_again_than_one_page_and_nothing_from_before_its_time() {
    let stage = Stage::on("feishu", false).await;
    let group = stage.platform.group("many").await;
    let mut said = Vec::new();
    for number in 0..PAGE + 5 {
        said.push(stage.platform.say("zhang", &group, Said::Text(format!("{number}"))).await);
    }
    let (last, _) = stage.heard(&said[PAGE + 4]).await;
    assert_eq!(read_again(&stage, &group, 0).await, PAGE);
    // The platform counts in seconds, and what was said before its time in the same second is not taken either.
    let later_ms = last.at_ms + 1;
    stage.platform.edit("zhang", &said[PAGE + 4], "changed").await;
    assert_eq!(read_again(&stage, &group, later_ms).await, 0);
    assert!(edits(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_group_is_for_and_how_it_looks_is_told_by_itself() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        let group = stage.platform.group("described").await;
        let describe = |more: serde_json::Value| {
            let mut command = json!({ "do": "describe", "person": "zhang", "chat": group.as_str() });
            command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            command
        };
        stage.platform.act(describe(json!({ "description": "orders of the north" }))).await;
        stage.platform.act(describe(json!({ "description": "", "avatar": "img_v3_other" }))).await;
        let of = |arrival: Arrival| match arrival.what {
            Happened::Described { words, has_other_picture } => Some((words, has_other_picture)),
            _ => None,
        };
        let emptied =
            |arrival: &Arrival| of(arrival.clone()).filter(|(words, _)| words.as_deref() == Some(""));
        assert!(stage.inbox.hear("the second change", emptied).await.1);
        let first = |arrival: &Arrival| of(arrival.clone()).filter(|(_, is_other)| !is_other);
        let (words, _) = stage.inbox.hear("the first change", first).await;
        assert_eq!(words.as_deref(), Some("orders of the north"));
        let connector = stage.connector();
        let conversations = connector.conversations().unwrap();
        let found = stage.insist(|| conversations.conversation(&group)).await.unwrap().unwrap();
        assert!(found.avatar.unwrap().as_str().contains("img_v3_other"), "which picture it is the list says");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_gone_while_nobody_listens_is_found_gone_and_the_others_there() {
    let stage = Stage::on("feishu", false).await;
    let mut groups = Vec::new();
    for name in ["stays", "kept", "dissolved", "without us"] {
        groups.push(stage.platform.group(name).await);
    }
    let dissolve =
        json!({ "do": "dissolve", "person": "zhang", "chat": groups[1].as_str(), "keeps_history": true });
    stage.platform.act(dissolve).await;
    stage.platform.act(json!({ "do": "fail", "name": "delivery.dropped", "times": 2 })).await;
    stage.platform.dissolve("zhang", &groups[2]).await;
    stage.platform.invite_bot("zhang", &groups[3], false).await;
    let connector = stage.connector();
    let conversations = connector.conversations().unwrap();
    let mut there = Vec::new();
    for group in &groups {
        assert!(conversations.tells_absence(group));
        there.push(stage.insist(|| conversations.conversation(group)).await.unwrap().is_some());
    }
    assert_eq!(there, [true, false, false, false]);
    let listed = stage.insist(|| conversations.list(None)).await.unwrap();
    let listed: Vec<ConversationId> = listed.items.into_iter().map(|known| known.id).collect();
    assert_eq!(listed, groups[..1]);
    let person = ConversationId::new(stage.platform.person("li").as_str()).unwrap();
    assert!(!conversations.tells_absence(&person), "a chat with somebody may not have begun");
}
