//! The company: departments and people as administrators change them, what apps are told, and where everybody stands.

use serde_json::{Value, json};

use super::client::{APP, world};

#[tokio::test]
async fn departments_come_change_and_go_and_apps_are_told() {
    let world = world().await;
    let mut line = world.connect().await;
    world.act(json!({ "do": "add_department", "department_id": 3, "name": "North", "parent": 2 })).await;
    assert_eq!(line.told("org_dept_create").await["deptId"], json!([3]));
    let move_person = json!({ "do": "change_person", "user_id": "li", "departments": [3] });
    world.act(move_person).await;
    let path = "/topapi/v2/department/listparentbyuser";
    let above = world.old_api("POST", path, json!({ "userid": "li" })).await;
    assert_eq!(above["result"]["parent_list"], json!([{ "parent_dept_id_list": [3, 2, 1] }]));
    let change = |more: Value| {
        let mut change = json!({ "do": "change_department", "department_id": 3 });
        for (name, value) in more.as_object().unwrap() {
            change[name] = value.clone();
        }
        change
    };
    world.act(change(json!({ "name": "South", "parent": 1 }))).await;
    assert_eq!(line.told("org_dept_modify").await["deptId"], json!([3]));
    let path = "/topapi/v2/department/listparentbydept";
    let above = world.old_api("POST", path, json!({ "dept_id": 3 })).await;
    assert_eq!(above["result"]["parent_id_list"], json!([3, 1]));
    assert!(world.try_to(change(json!({ "parent": 3 }))).await.is_err(), "nothing is below itself");
    let remove = json!({ "do": "remove_department", "department_id": 3 });
    assert!(world.try_to(remove.clone()).await.is_err(), "somebody is in it");
    world.act(json!({ "do": "change_person", "user_id": "li", "departments": [2] })).await;
    world.act(remove).await;
    assert_eq!(line.told("org_dept_remove").await["deptId"], json!([3]));
    let gone = world.old_api("POST", "/topapi/v2/department/get", json!({ "dept_id": 3 })).await;
    assert_eq!(gone["errcode"], 60_003);
}

#[tokio::test]
async fn people_leave_come_back_and_become_administrators_and_apps_are_told() {
    let world = world().await;
    let mut line = world.connect().await;
    let change = |name: &str, value: bool| json!({ "do": "change_person", "user_id": "li", name: value });
    for (name, value, event) in [
        ("admin", true, "org_admin_add"),
        ("admin", false, "org_admin_remove"),
        ("resigned", true, "user_leave_org"),
        ("resigned", false, "user_add_org"),
    ] {
        world.act(change(name, value)).await;
        assert_eq!(line.told(event).await["userId"], json!(["li"]), "{event}");
    }
    let tell =
        |event: &str| json!({ "do": "tell", "app": APP, "event": event, "data": { "userId": ["li"] } });
    world.act(tell("user_active_org")).await;
    assert_eq!(line.told("user_active_org").await["userId"], json!(["li"]));
    assert!(world.try_to(tell("chat_quit")).await.is_err(), "people cause that");
}

#[tokio::test]
async fn somebody_is_gone_between_the_list_and_the_look() {
    let world = world().await;
    let listed = world.old_api("POST", "/topapi/user/listid", json!({ "dept_id": 2 })).await;
    assert_eq!(listed["result"]["userid_list"], json!(["li", "zhang"]));
    world.fail("contacts.person_gone", 1, Value::Null).await;
    let ask = async || world.old_api("POST", "/topapi/v2/user/get", json!({ "userid": "li" })).await;
    assert_eq!(ask().await["errcode"], 60_121);
    assert_eq!(ask().await["result"]["name"], "Li Si");
}

#[tokio::test]
async fn the_short_list_of_people_tells_their_names_alone() {
    let world = world().await;
    let page = json!({ "dept_id": 2, "cursor": 0, "size": 1 });
    let page = world.old_api("POST", "/topapi/user/listsimple", page).await["result"].clone();
    assert_eq!(page["list"], json!([{ "userid": "li", "name": "Li Si" }]));
    assert_eq!((&page["has_more"], &page["next_cursor"]), (&json!(true), &json!(1)));
}
