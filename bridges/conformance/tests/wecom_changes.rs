//! What WeCom tells of people who leave the company, which is who and nothing else, and what it answers of people and groups of which it
//! tells nothing.

use bridge_api::{Ability, Arrival, ConversationId, Happened, PersonId};
use conformance::{Said, Stage};
use serde_json::json;

/// Who left the company, and where, if that is said.
fn gone(stage: &Stage) -> Vec<(PersonId, Option<ConversationId>)> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::PersonGone(person) => Some((person, arrival.conversation)),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

/// How often it was told that somebody is another one than before.
fn changed(stage: &Stage, person: &PersonId) -> usize {
    let is_theirs = |arrival: &&Arrival| matches!(&arrival.what, Happened::PersonChanged(changed) if changed.id == *person);
    stage.inbox.arrivals().iter().filter(is_theirs).count()
}

async fn is_removed(stage: &Stage) {
    stage.platform.act(json!({ "do": "remove_person", "user_id": "li" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_the_company_is_told_once_and_changes_of_departments_stop_nothing() {
    for callbacks in [false, true] {
        let stage = Stage::on("wecom", callbacks).await;
        let place = stage.platform.direct("zhang").await;
        let north = json!({ "do": "set_department", "department_id": 8, "name": "North", "parent": 1 });
        stage.platform.act(north).await;
        stage.platform.act(json!({ "do": "remove_department", "department_id": 8 })).await;
        is_removed(&stage).await;
        let li = stage.platform.person("li");
        let is_told = || async { !gone(&stage).is_empty() };
        stage.until("that Li left", is_told).await;
        let connector = stage.connector();
        let directory = connector.directory().unwrap();
        assert_eq!(stage.insist(|| directory.person(&li)).await.unwrap(), None);
        let said = stage.platform.say("zhang", &place, Said::Text("and we stay".into())).await;
        stage.heard(&said).await;
        assert_eq!(gone(&stage), [(li, None::<ConversationId>)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_back_before_their_leaving_is_heard_of_has_not_left() {
    let stage = Stage::on("wecom", false).await;
    let li = stage.platform.person("li");
    // The news of it is held back until they are there again.
    stage.platform.act(json!({ "do": "fail", "name": "delivery.delayed", "times": 1, "value": 1_500 })).await;
    is_removed(&stage).await;
    stage.platform.act(json!({ "do": "add_person", "user_id": "li", "name": "Li Si" })).await;
    let both = || async { changed(&stage, &li) == 2 };
    stage.until("that Li came, and the late news as a change of theirs", both).await;
    assert!(gone(&stage).is_empty(), "{:?}", gone(&stage));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaving_of_somebody_comes_again_until_it_can_be_looked_at() {
    let stage = Stage::on("wecom", false).await;
    let path = "/cgi-bin/user/get";
    stage.platform.act(json!({ "do": "fail", "name": "api.address", "times": 2, "path": path })).await;
    is_removed(&stage).await;
    let expected = [(stage.platform.person("li"), None::<ConversationId>)];
    let is_told = || async { gone(&stage) == expected };
    stage.until("that Li left, at last", is_told).await;
    assert_eq!(stage.platform.struck("api.address").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_renamed_or_quits_is_gone_under_the_old_id_and_who_loses_the_app_is_not() {
    let stage = Stage::on("wecom", true).await;
    let (li, zhang) = (stage.platform.person("li"), stage.platform.person("zhang"));
    let place = stage.platform.direct("zhang").await;
    let scope = json!({ "do": "change_app", "app": 1_000_002, "departments": [], "people": ["li"] });
    stage.platform.act(scope).await;
    let lost = |arrival: &Arrival| match arrival.what {
        Happened::BotRemoved { .. } => arrival.conversation.clone(),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that Zhang lost the app", lost).await, place);
    let connector = stage.connector();
    let (directory, conversations) = (connector.directory().unwrap(), connector.conversations().unwrap());
    assert!(conversations.tells_absence(&place));
    assert_eq!(stage.insist(|| conversations.conversation(&place)).await.unwrap(), None);
    assert_eq!(stage.insist(|| directory.has_left(&zhang)).await.unwrap(), None, "he is out of sight");
    assert_eq!(stage.insist(|| directory.has_left(&li)).await.unwrap(), Some(false));
    // Nothing tells of it.
    stage.platform.act(json!({ "do": "fail", "name": "delivery.dropped", "times": 1 })).await;
    stage.platform.act(json!({ "do": "change_person", "user_id": "li", "has_left": true })).await;
    assert_eq!(stage.insist(|| directory.has_left(&li)).await.unwrap(), Some(true));
    stage.platform.act(json!({ "do": "change_person", "user_id": "li", "has_left": false })).await;
    let everybody = json!({ "do": "change_app", "app": 1_000_002, "departments": [1], "people": [] });
    stage.platform.act(everybody).await;
    stage.platform.act(json!({ "do": "change_person", "user_id": "li", "new_user_id": "li2" })).await;
    let is_gone = || async { gone(&stage).contains(&(li.clone(), None)) };
    stage.until("that nobody is called Li any more", is_gone).await;
    let li2 = PersonId::new("li2").unwrap();
    let is_known = || async { changed(&stage, &li2) == 1 };
    stage.until("that somebody is called by the new id", is_known).await;
    assert_eq!(stage.insist(|| directory.has_left(&li)).await.unwrap(), Some(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_its_own_groups_the_app_learns_what_nothing_tells() {
    let stage = Stage::on("wecom", false).await;
    let group = stage.platform.place(Ability::Names, "own").await;
    let connector = stage.connector();
    let (members, conversations) = (connector.members().unwrap(), connector.conversations().unwrap());
    assert!(conversations.tells_absence(&group) && members.lists_everybody(&group));
    stage.platform.rename("zhang", &group, "renamed").await;
    stage.platform.leave("li", &group).await;
    let found = stage.insist(|| conversations.conversation(&group)).await.unwrap().unwrap();
    assert_eq!(found.name, "renamed");
    let page = stage.insist(|| members.members(&group, None)).await.unwrap();
    let there: Vec<PersonId> = page.items.into_iter().map(|person| person.id).collect();
    assert_eq!(there, [stage.platform.person("zhang")]);
    stage.platform.dissolve("zhang", &group).await;
    assert_eq!(stage.insist(|| conversations.conversation(&group)).await.unwrap(), None);
}
