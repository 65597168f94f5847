//! What WeCom tells of people who leave the company: who, and nothing else.

use bridge_api::{Arrival, ConversationId, Happened, PersonId};
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
