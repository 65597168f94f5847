//! What goes wrong on Feishu alone: pages of members that are shorter or longer than was asked for, another program that takes what
//! was meant for us, and a bot that the company does not let work.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use std::collections::BTreeSet;

use bridge_api::ConversationId;
use conformance::{Said, Stage, limits::PAGES_MAX};
use serde_json::json;

/// More people than stand on one page.
const PEOPLE: usize = 130;

async fn members(stage: &Stage, group: &ConversationId) -> Vec<String> {
    let connector = stage.connector();
    let members = connector.members().unwrap();
    let (mut names, mut from) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = stage.insist(|| members.members(group, from.as_ref())).await.unwrap();
        names.extend(page.items.into_iter().filter(|person| !person.bot).map(|person| person.name));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_listed_once_however_long_the_pages_are() {
    let stage = Stage::on("feishu", false).await;
    let people: Vec<String> = (0..PEOPLE).map(|number| format!("p{number:03}")).collect();
    for person in &people {
        let add = json!({ "do": "add_person", "user_id": person, "name": person, "email": "" });
        stage.platform.act(add).await;
    }
    let group = json!({
        "do": "add_chat", "name": "all", "owner": stage.platform.us(), "people": people, "bots": [],
    });
    let made = stage.platform.act(group).await;
    let group = ConversationId::new(made["chat_id"].as_str().unwrap()).unwrap();
    let expected: BTreeSet<String> = people.into_iter().collect();
    for fault in ["members.page_short", "members.page_long"] {
        stage.platform.act(json!({ "do": "fail", "name": fault, "times": 1 })).await;
        let names = members(&stage, &group).await;
        assert_eq!(stage.platform.struck(fault).await, 1, "{fault}");
        let once: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!((names.len(), &once), (PEOPLE, &expected), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_took_and_acknowledged_is_found_in_the_history() {
    let stage = Stage::on("feishu", false).await;
    let group = stage.platform.group("shared").await;
    let rival = json!({ "do": "add_rival", "app": stage.platform.us(), "acknowledges": true });
    stage.platform.act(rival).await;
    let mut said = Vec::new();
    for number in 0..12 {
        said.push(stage.platform.say("zhang", &group, Said::Text(format!("shared {number}"))).await);
    }
    // With the next connection, in time and place, and nothing of it twice.
    stage.restart().await;
    stage.catch_up(&group).await;
    for id in &said {
        stage.heard(id).await;
    }
    let heard: BTreeSet<_> = stage.inbox.messages().into_iter().map(|message| message.id).collect();
    assert_eq!((heard.len(), stage.inbox.messages().len()), (said.len(), said.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_not_in_use_is_found_by_the_check() {
    let stage = Stage::on("feishu", false).await;
    for (status, words) in [(1, "disabled"), (4, "administrator"), (6, "licence")] {
        let fail = json!({ "do": "fail", "name": "bot.status", "times": 1, "value": status });
        stage.platform.act(fail).await;
        let steps = stage.connector().check().await;
        assert!(!steps[0].works(), "{status}");
        assert!(format!("{:?}", steps[0].outcome).contains(words), "{status}: {:?}", steps[0].outcome);
    }
    assert!(stage.connector().check().await[0].works());
}
