//! What Feishu tells of people who leave the company, come back, and come into sight of the app.

use bridge_api::{Arrival, Happened, PersonId};
use conformance::{Said, Stage};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_the_company_is_told_and_changes_of_departments_stop_nothing() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        let group = stage.platform.group("company").await;
        for command in [
            json!({ "do": "add_department", "department_id": "north", "name": "North", "parent": "0" }),
            json!({ "do": "change_department", "department_id": "north", "name": "Far north" }),
            json!({ "do": "remove_department", "department_id": "north" }),
            json!({ "do": "change_person", "user_id": "li", "resigned": true }),
        ] {
            stage.platform.act(command).await;
        }
        let li = stage.platform.person("li");
        let gone = |arrival: &Arrival| match &arrival.what {
            Happened::PersonGone(person) => Some((person.clone(), arrival.conversation.clone())),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("that Li left", gone).await, (li, None));
        let said = stage.platform.say("zhang", &group, Said::Text("and we stay".into())).await;
        stage.heard(&said).await;
    }
}

/// Who was told to have left the company.
fn gone(stage: &Stage) -> Vec<PersonId> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::PersonGone(person) => Some(person),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

async fn resigns(stage: &Stage, resigned: bool) {
    let change = json!({ "do": "change_person", "user_id": "li", "resigned": resigned });
    stage.platform.act(change).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_back_before_their_leaving_is_heard_of_has_not_left() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        // The news of it is held back until they are there again.
        let delayed = json!({ "do": "fail", "name": "delivery.delayed", "times": 1, "value": 1_500 });
        stage.platform.act(delayed).await;
        resigns(&stage, true).await;
        resigns(&stage, false).await;
        let li = stage.platform.person("li");
        let there = |arrival: &Arrival| match &arrival.what {
            Happened::PersonChanged(person) if person.id == li => Some(person.name.clone()),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("the late news as a change of theirs", there).await, "Li Si");
        assert!(gone(&stage).is_empty(), "{:?}", gone(&stage));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaving_of_somebody_is_told_once_as_soon_as_it_can_be_looked_at() {
    let stage = Stage::on("feishu", false).await;
    let fail = json!({ "do": "fail", "name": "api.server_error", "times": 2, "path": "/contact/v3/users/" });
    stage.platform.act(fail).await;
    resigns(&stage, true).await;
    let is_told = || async { !gone(&stage).is_empty() };
    stage.until("that Li left, at last", is_told).await;
    assert_eq!(stage.platform.struck("api.server_error").await, 2);
    assert_eq!(gone(&stage), [stage.platform.person("li")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_out_of_sight_has_not_left_and_who_comes_into_it_gets_a_name() {
    let stage = Stage::on("feishu", false).await;
    let see = async |everybody: bool| {
        let people: &[&str] = if everybody { &[] } else { &["zhang"] };
        let scope = json!({
            "do": "change_contact_scope", "app": stage.platform.us(), "everybody": everybody,
            "departments": [], "people": people,
        });
        stage.platform.act(scope).await;
    };
    let li = stage.platform.person("li");
    let connector = stage.connector();
    let directory = connector.directory().unwrap();
    see(false).await;
    assert_eq!(stage.insist(|| directory.person(&li)).await.unwrap(), None);
    see(true).await;
    let seen = |arrival: &Arrival| match &arrival.what {
        Happened::PersonChanged(person) if person.id == li => Some(person.name.clone()),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("what Li is called", seen).await, "Li Si");
    assert!(gone(&stage).is_empty(), "{:?}", gone(&stage));
}

/// What everybody was called that was told of, in the order in which it came.
fn called(stage: &Stage) -> Vec<(PersonId, String)> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::PersonChanged(person) => Some((person.id, person.name)),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_new_gets_a_name_and_what_nobody_sees_here_is_not_told() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        let wang = json!({ "do": "add_person", "user_id": "wang", "name": "Wang Wu", "email": "" });
        stage.platform.act(wang).await;
        let change = |more: serde_json::Value| {
            let mut command = json!({ "do": "change_person", "user_id": "li" });
            command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            command
        };
        stage.platform.act(change(json!({ "job_title": "Head of sales" }))).await;
        stage.platform.act(change(json!({ "name": "Li Fang" }))).await;
        let both = || async { called(&stage).len() >= 2 };
        stage.until("who is new and who is called otherwise", both).await;
        let mut told = called(&stage);
        told.sort_by(|one, other| one.1.cmp(&other.1));
        let [li, wang] = ["li", "wang"].map(|person| stage.platform.person(person));
        assert_eq!(told, [(li, "Li Fang".to_owned()), (wang, "Wang Wu".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_event_brings_no_old_name_back() {
    let stage = Stage::on("feishu", false).await;
    let delayed = json!({ "do": "fail", "name": "delivery.delayed", "times": 1, "value": 1_500 });
    stage.platform.act(delayed).await;
    for name in ["Li Er", "Li San"] {
        stage.platform.act(json!({ "do": "change_person", "user_id": "li", "name": name })).await;
    }
    let both = || async { called(&stage).len() == 2 };
    stage.until("both events", both).await;
    let li = stage.platform.person("li");
    assert_eq!(called(&stage), vec![(li, "Li San".to_owned()); 2]);
}
