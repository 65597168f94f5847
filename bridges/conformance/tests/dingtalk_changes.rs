//! What DingTalk tells of groups and of people who leave the company, where it says too little by itself.

use bridge_api::{Arrival, ConversationId, Happened, PersonId};
use conformance::{Said, Stage};
use serde_json::{Value, json};

async fn fails(stage: &Stage, name: &str, times: u64) {
    stage.platform.act(json!({ "do": "fail", "name": name, "times": times })).await;
}

async fn changes(stage: &Stage, what: Value) {
    let mut change = json!({ "do": "change_person", "user_id": "li" });
    for (name, value) in what.as_object().into_iter().flatten() {
        change[name.as_str()] = value.clone();
    }
    stage.platform.act(change).await;
}

/// Who left, the company or a group, and where, if that is said.
fn left(stage: &Stage) -> Vec<(PersonId, Option<ConversationId>)> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::PersonGone(person) => vec![(person, arrival.conversation)],
        Happened::Left { people, .. } => {
            people.into_iter().map(|person| (person, arrival.conversation.clone())).collect()
        }
        _ => Vec::new(),
    };
    stage.inbox.arrivals().into_iter().flat_map(of).collect()
}

/// Somebody spoke to us in each of these groups.
async fn groups(stage: &Stage, names: &[&str]) -> Vec<ConversationId> {
    let mut groups = Vec::new();
    for name in names {
        let group = stage.platform.group(name).await;
        let said = stage.platform.say("li", &group, Said::Text("here".into())).await;
        stage.heard(&said).await;
        groups.push(group);
    }
    groups
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_group_that_names_a_person_for_it_is_known_by_its_chat() {
    for callbacks in [false, true] {
        let stage = Stage::on("dingtalk", callbacks).await;
        let group = stage.platform.group("misplaced").await;
        let li = stage.platform.person("li");
        fails(&stage, "event.misplaced", 4).await;
        stage.platform.leave("li", &group).await;
        let gone = |arrival: &Arrival| match &arrival.what {
            Happened::Left { people, .. } if *people == [li.clone()] => arrival.conversation.clone(),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("that Li left", gone).await, group);
        stage.platform.join("li", &group).await;
        let came = |arrival: &Arrival| match &arrival.what {
            Happened::Joined { people } => arrival.conversation.clone().zip(people.first().cloned()),
            _ => None,
        };
        let (place, person) = stage.inbox.hear("that Li came", came).await;
        assert_eq!((place, person.name.as_str()), (group.clone(), "Li Si"));
        stage.platform.rename("zhang", &group, "other").await;
        let renamed = |arrival: &Arrival| match &arrival.what {
            Happened::Renamed { name, .. } => arrival.conversation.clone().zip(Some(name.clone())),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("the name", renamed).await, (group.clone(), "other".to_owned()));
        stage.platform.dissolve("zhang", &group).await;
        let over = |arrival: &Arrival| match &arrival.what {
            Happened::Dissolved => arrival.conversation.clone(),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("the end", over).await, group);
        assert_eq!(stage.platform.struck("event.misplaced").await, 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_the_company_is_told_once_wherever_they_spoke() {
    for callbacks in [false, true] {
        let stage = Stage::on("dingtalk", callbacks).await;
        let known = groups(&stage, &["one", "two"]).await;
        changes(&stage, json!({ "resigned": true })).await;
        let li = stage.platform.person("li");
        let is_told = || async { !left(&stage).is_empty() };
        stage.until("that Li left", is_told).await;
        let connector = stage.connector();
        let directory = connector.directory().unwrap();
        assert_eq!(stage.insist(|| directory.person(&li)).await.unwrap(), None);
        for group in &known {
            let said = stage.platform.say("zhang", group, Said::Text("and we stay".into())).await;
            stage.heard(&said).await;
        }
        assert_eq!(left(&stage), [(li, None::<ConversationId>)], "for all groups in one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_back_before_their_leaving_is_heard_of_stays_where_they_are() {
    let stage = Stage::on("dingtalk", false).await;
    let known = groups(&stage, &["one"]).await;
    // The news of it is held back until they are there again.
    stage.platform.act(json!({ "do": "fail", "name": "delivery.delayed", "times": 1, "value": 1_500 })).await;
    changes(&stage, json!({ "resigned": true })).await;
    changes(&stage, json!({ "resigned": false })).await;
    stage.platform.join("li", &known[0]).await;
    let came = |arrival: &Arrival| matches!(arrival.what, Happened::Joined { .. }).then_some(());
    stage.inbox.hear("that Li came", came).await;
    let told = || async {
        let deliveries = stage.platform.act(json!({ "do": "deliveries" })).await;
        let mut lines = deliveries.as_array().into_iter().flatten();
        lines.any(|line| line["what"] == "user_leave_org" && line["outcome"] == "acknowledged")
    };
    stage.until("the late news is delivered", told).await;
    let next = stage.platform.say("li", &known[0], Said::Text("again".into())).await;
    stage.heard(&next).await;
    assert!(left(&stage).is_empty(), "{:?}", left(&stage));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaving_of_somebody_comes_again_until_it_can_be_looked_at() {
    let stage = Stage::on("dingtalk", false).await;
    groups(&stage, &["one"]).await;
    let path = "/topapi/v2/user/get";
    stage.platform.act(json!({ "do": "fail", "name": "api.busy", "times": 5, "path": path })).await;
    changes(&stage, json!({ "resigned": true })).await;
    let expected = [(stage.platform.person("li"), None::<ConversationId>)];
    let is_told = || async { left(&stage) == expected };
    stage.until("that Li left, at last", is_told).await;
    assert!(stage.platform.struck("api.busy").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_gone_between_a_list_and_a_look_is_nobody_and_there_the_next_time() {
    let stage = Stage::on("dingtalk", false).await;
    let connector = stage.connector();
    let directory = connector.directory().unwrap();
    let li = stage.platform.person("li");
    fails(&stage, "contacts.person_gone", 1).await;
    assert_eq!(stage.insist(|| directory.person(&li)).await.unwrap(), None);
    let again = stage.insist(|| directory.person(&li)).await.unwrap();
    assert_eq!(again.map(|person| person.name).as_deref(), Some("Li Si"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_of_somebody_or_of_a_group_is_what_they_are_called_from_then_on() {
    let stage = Stage::on("dingtalk", false).await;
    let group = groups(&stage, &["before"]).await.remove(0);
    changes(&stage, json!({ "name": "李四" })).await;
    let changed = |arrival: &Arrival| match &arrival.what {
        Happened::PersonChanged(person) => Some(person.name.clone()),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("the name", changed).await, "李四");
    stage.platform.rename("zhang", &group, "after").await;
    let renamed = |arrival: &Arrival| matches!(arrival.what, Happened::Renamed { .. }).then_some(());
    stage.inbox.hear("the other name", renamed).await;
    let connector = stage.connector();
    let conversations = connector.conversations().unwrap();
    let page = stage.insist(|| conversations.list(None)).await.unwrap();
    let listed = page.items.iter().find(|known| known.id == group).unwrap();
    assert_eq!(listed.name, "after", "where groups are chosen by name");
}
