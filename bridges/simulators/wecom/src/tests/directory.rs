//! People, departments and tags, and what apps are told when they change.

use serde_json::{Value, json};

use super::client::{APP, World, text, world};
use super::door::door;

#[tokio::test]
async fn departments_and_members_are_listed_within_the_scope() {
    let world = world().await;
    world.act(json!({ "do": "set_department", "department_id": 3, "name": "Desk", "parent": 2 })).await;
    world.act(json!({ "do": "add_person", "user_id": "wang", "name": "Wang", "departments": [3, 2] })).await;
    let ids = world.ask("/cgi-bin/department/simplelist", Value::Null).await["department_id"].clone();
    assert_eq!(ids[2], json!({ "id": 3, "parentid": 2, "order": 3 }));
    let below = world.ask("/cgi-bin/department/list?id=2", Value::Null).await["department"].clone();
    assert_eq!(below.as_array().unwrap().len(), 2);
    assert_eq!(world.ask("/cgi-bin/department/get?id=3", Value::Null).await["department"]["name"], "Desk");
    let members =
        world.ask("/cgi-bin/user/simplelist?department_id=2", Value::Null).await["userlist"].clone();
    let names: Vec<String> = members.as_array().unwrap().iter().map(|one| text(one, "userid")).collect();
    assert_eq!(names, ["lisi", "wang", "ZhangSan"]);
    world.fail("contacts.page_short", Value::Null);
    let short = world.ask("/cgi-bin/user/list?department_id=2", Value::Null).await["userlist"].clone();
    assert_eq!(short.as_array().unwrap().len(), 2);
    world.act(json!({ "do": "change_app", "app": APP, "departments": [3] })).await;
    let refused = world.ask("/cgi-bin/user/simplelist?department_id=2", Value::Null).await;
    assert_eq!((&refused["errcode"], &refused["userlist"]), (&json!(60_011), &json!([])));
    assert_eq!(world.code("/cgi-bin/department/get?id=9", Value::Null).await, 60_003);
}

#[tokio::test]
async fn a_member_is_known_by_any_case_and_without_addresses_since_2022() {
    let world = world().await;
    let user = world.ask("/cgi-bin/user/get?userid=ZHANGSAN", Value::Null).await;
    assert_eq!((&user["userid"], &user["name"]), (&json!("ZhangSan"), &json!("张三")));
    assert!(user["email"].is_null() && user["mobile"].is_null() && user["avatar"].is_null());
    world.act(json!({ "do": "change_app", "app": APP, "before_2022": true })).await;
    let user = world.ask("/cgi-bin/user/get?userid=zhangsan", Value::Null).await;
    assert_eq!(user["email"], "zhangsan@corp.example");
    let refused = world.ask("/cgi-bin/user/get?userid=nobody", Value::Null).await;
    assert_eq!((&refused["errcode"], &refused["department"]), (&json!(60_111), &json!([])));
    let by_email = json!({ "email": "LISI@corp.example", "email_type": 1 });
    assert_eq!(world.ask("/cgi-bin/user/get_userid_by_email", by_email).await["userid"], "lisi");
    assert_eq!(world.code("/cgi-bin/user/getuserid", json!({ "mobile": "1" })).await, 46_004);
}

#[tokio::test]
async fn memberships_come_page_by_page_for_the_secret_that_keeps_them() {
    let world = world().await;
    world.act(json!({ "do": "change_app", "app": APP, "contact_sync": true })).await;
    let page = world.ask("/cgi-bin/user/list_id", json!({ "limit": 1 })).await;
    assert_eq!(page["dept_user"], json!([{ "userid": "lisi", "department": 2 }]));
    let rest = json!({ "cursor": page["next_cursor"], "limit": 10 });
    let page = world.ask("/cgi-bin/user/list_id", rest).await;
    assert_eq!((&page["dept_user"][0]["userid"], &page["next_cursor"]), (&json!("ZhangSan"), &json!("")));
}

#[tokio::test]
async fn ids_are_converted_both_ways_and_tags_are_read() {
    let world = world().await;
    let open =
        world.ask("/cgi-bin/batch/userid_to_openuserid", json!({ "userid_list": ["lisi", "x"] })).await;
    assert_eq!(open["invalid_userid_list"], json!(["x"]));
    assert!(text(&open["open_userid_list"][0], "open_userid").starts_with("wo"));
    world.act(json!({ "do": "add_tag", "tag_id": 5, "name": "Desk" })).await;
    world.act(json!({ "do": "change_tag", "tag_id": 5, "add": ["lisi"] })).await;
    assert_eq!(world.ask("/cgi-bin/tag/list", Value::Null).await["taglist"][0]["tagname"], "Desk");
    let tag = world.ask("/cgi-bin/tag/get?tagid=5", Value::Null).await;
    assert_eq!(tag["userlist"], json!([{ "userid": "lisi", "name": "Li Si" }]));
    assert_eq!(world.code("/cgi-bin/tag/get?tagid=6", Value::Null).await, 40_068);
}

#[tokio::test]
async fn an_app_is_told_of_every_change_and_since_2022_of_ids_alone() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let changes = [
        (json!({ "do": "add_person", "user_id": "wang", "name": "Wang" }), "create_user", "UserID", "wang"),
        (
            json!({ "do": "change_person", "user_id": "WANG", "name": "W", "new_user_id": "wei" }),
            "update_user",
            "NewUserID",
            "wei",
        ),
        (json!({ "do": "remove_person", "user_id": "wei" }), "delete_user", "UserID", "wei"),
        (
            json!({ "do": "set_department", "department_id": 8, "name": "D", "parent": 1 }),
            "create_party",
            "Id",
            "8",
        ),
        (
            json!({ "do": "set_department", "department_id": 8, "name": "E", "parent": 1 }),
            "update_party",
            "Id",
            "8",
        ),
        (json!({ "do": "remove_department", "department_id": 8 }), "delete_party", "Id", "8"),
    ];
    for (command, change, field, value) in changes {
        world.act(command).await;
        let fields = door.next().await.fields();
        assert_eq!(
            (text(&fields, "Event"), text(&fields, "FromUserName")),
            ("change_contact".into(), "sys".into())
        );
        assert_eq!(
            (text(&fields, "ChangeType"), text(&fields, field)),
            (change.to_owned(), value.to_owned())
        );
        assert!(fields["Name"].is_null(), "{change}");
    }
    world.act(json!({ "do": "add_tag", "tag_id": 5, "name": "Desk" })).await;
    world.act(json!({ "do": "change_tag", "tag_id": 5, "add": ["lisi"] })).await;
    assert_eq!(text(&door.next().await.fields(), "AddUserItems"), "lisi");
    world.act(json!({ "do": "change_app", "app": APP, "before_2022": true })).await;
    world.act(json!({ "do": "change_person", "user_id": "lisi", "name": "李四" })).await;
    assert_eq!(text(&door.next().await.fields(), "Name"), "李四");
}

#[tokio::test]
async fn a_new_id_keeps_the_chats() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    world.act(json!({ "do": "change_person", "user_id": "lisi", "new_user_id": "li4" })).await;
    world.send("li4", "hello").await;
    assert_eq!(world.words(&chat).await, ["hello"]);
    assert!(
        world
            .try_to(json!({ "do": "speak", "person": "li4", "chat": world.chat, "text": "x" }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn how_a_member_stands_is_told_and_who_left_by_themselves_is_still_shown() {
    let world = world().await;
    world.act(json!({ "do": "change_app", "app": APP, "before_2022": true })).await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let table = [
        (json!({ "is_new": true }), 4),
        (json!({ "is_new": false, "disabled": true }), 2),
        (json!({ "disabled": false }), 1),
        (json!({ "has_left": true }), 5),
    ];
    for (mut change, status) in table {
        change["do"] = "change_person".into();
        change["user_id"] = "lisi".into();
        world.act(change).await;
        assert_eq!(door.next().await.fields()["Status"], status.to_string());
        let user = world.ask("/cgi-bin/user/get?userid=lisi", Value::Null).await;
        assert_eq!((&user["errcode"], &user["status"]), (&json!(0), &json!(status)));
    }
}

#[tokio::test]
async fn who_asks_for_numbers_of_nobody_is_refused_for_a_day() {
    let mut world = world().await;
    for number in 0..4 {
        let person = json!({ "do": "add_person", "user_id": format!("p{number}"), "name": "P", "mobile": format!("130{number}") });
        world.act(person).await;
    }
    let code = async |world: &World, mobile: &str| {
        world.code("/cgi-bin/user/getuserid", json!({ "mobile": mobile })).await
    };
    // Six members: one number of nobody is not too many, a second one is.
    assert_eq!((code(&world, "1300").await, code(&world, "1").await), (0, 46_004));
    assert_eq!((code(&world, "1301").await, code(&world, "2").await), (0, 46_004));
    assert_eq!(code(&world, "1300").await, 45_009);
    world.skip_minutes(24 * 60 + 1);
    world.token = text(&world.token_for("secret").await, "access_token");
    assert_eq!(code(&world, "1300").await, 0);
}
