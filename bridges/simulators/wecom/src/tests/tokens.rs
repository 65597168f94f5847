//! Access tokens, refusals of every call, and what goes wrong with all of them.

use bytes::Bytes;
use serde_json::{Value, json};

use super::client::{APP, text, world, world_with};

const LIST: &str = "/cgi-bin/department/simplelist";

#[tokio::test]
async fn a_token_is_the_same_until_it_ends() {
    let world = world().await;
    let again = world.token_for("secret").await;
    assert_eq!((text(&again, "access_token"), &again["errcode"]), (world.token.clone(), &json!(0)));
    assert!(again["expires_in"].as_u64().unwrap() > 7_000);
    world.act(json!({ "do": "expire_tokens", "app": APP })).await;
    assert_eq!(world.code(LIST, Value::Null).await, 42_001);
    assert_ne!(text(&world.token_for("secret").await, "access_token"), world.token);
    world.fail("token.short", Value::Null);
    assert_eq!(world.token_for("secret").await["expires_in"], 0);
}

#[tokio::test]
async fn a_token_lives_two_hours() {
    let world = world().await;
    assert_eq!(world.code(LIST, Value::Null).await, 0);
    world.skip_minutes(121);
    assert_eq!(world.code(LIST, Value::Null).await, 42_001);
}

#[tokio::test]
async fn wrong_secrets_are_refused_and_then_the_caller_is_banned() {
    let world = world().await;
    let code = async |path: &str| world.get(path).await["errcode"].as_i64().unwrap();
    assert_eq!(code("/cgi-bin/gettoken?corpsecret=x").await, 41_002);
    assert_eq!(code("/cgi-bin/gettoken?corpid=x").await, 41_004);
    assert_eq!(code("/cgi-bin/gettoken?corpid=wwother&corpsecret=secret").await, 40_013);
    for _ in 0..5 {
        assert_eq!(world.token_for("wrong").await["errcode"], 40_001);
    }
    assert_eq!(world.token_for("secret").await["errcode"], 45_009);
    world.skip_minutes(61);
    assert_eq!(world.token_for("secret").await["errcode"], 0);
}

#[tokio::test]
async fn a_token_belongs_into_the_query_and_errors_say_their_trace() {
    let world = world().await;
    let refused = world.get(LIST).await;
    assert_eq!(refused["errcode"], 41_001);
    assert!(text(&refused, "errmsg").contains("hint: [") && text(&refused, "errmsg").contains("from ip: "));
    assert_eq!(world.get(&format!("{LIST}?access_token=wrong")).await["errcode"], 40_014);
    let (status, _, body) = world.raw("GET", "/cgi-bin/no/such", "", Bytes::new(), None).await.unwrap();
    assert_eq!((status, body.len()), (404, 0));
    let path = format!("/cgi-bin/message/recall?access_token={}", world.token);
    let (status, _, body) =
        world.raw("POST", &path, "application/json", "{\"msgid\":".into(), None).await.unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("Warning: wrong json format."));
}

#[tokio::test]
async fn an_app_is_refused_for_what_it_is() {
    let world = world().await;
    let change = async |what: Value| {
        let mut command = json!({ "do": "change_app", "app": APP });
        command.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        world.act(command).await;
    };
    change(json!({ "trusted": false })).await;
    assert_eq!(world.code(LIST, Value::Null).await, 60_020);
    assert_eq!(world.token_for("secret").await["errcode"], 60_020);
    change(json!({ "trusted": true, "disabled": true })).await;
    assert_eq!(world.code(LIST, Value::Null).await, 50_003);
    change(json!({ "disabled": false, "contact_sync": true })).await;
    assert_eq!(world.send("lisi", "x").await["errcode"], 48_002);
    assert_eq!(world.code("/cgi-bin/user/get?userid=lisi", Value::Null).await, 48_009);
    change(json!({ "contact_sync": false, "granted": [] })).await;
    assert_eq!(world.code("/cgi-bin/oa/getapprovaldetail", json!({ "sp_no": "1" })).await, 301_055);
    assert_eq!(world.code("/cgi-bin/oa/calendar/get", json!({ "cal_id_list": [] })).await, 48_002);
    assert_eq!(world.code("/cgi-bin/user/list_id", json!({})).await, 48_002);
}

#[tokio::test]
async fn faults_of_calls_are_what_they_are_called() {
    let world = world().await;
    let codes = [
        ("api.busy", Value::Null, -1),
        ("api.frequency", Value::Null, 45_009),
        ("api.concurrency", Value::Null, 45_033),
        ("api.address", Value::Null, 60_020),
        ("api.code", json!(301_057), 301_057),
    ];
    for (name, value, code) in codes {
        world.fail(name, value);
        assert_eq!(world.code(LIST, Value::Null).await, code, "{name}");
        assert_eq!(world.code(LIST, Value::Null).await, 0, "after {name}");
    }
    world.fail("api.slow", json!(1));
    assert_eq!(world.code(LIST, Value::Null).await, 0);
    for name in ["api.disconnected", "api.answer_lost", "api.truncated"] {
        world.fail(name, Value::Null);
        assert!(world.try_ask(LIST, Value::Null).await.is_err(), "{name}");
    }
    world.fail("api.garbage", Value::Null);
    assert_eq!(world.ask(LIST, Value::Null).await, Value::Null);
    world.fail("api.server_error", json!(502));
    let path = format!("{LIST}?access_token={}", world.token);
    assert_eq!(world.raw("GET", &path, "", Bytes::new(), None).await.unwrap().0, 502);
    world.fail("api.without_errcode", Value::Null);
    let bare = world.ask(LIST, Value::Null).await;
    assert!(bare["errcode"].is_null() && bare["department_id"].is_array());
    assert_eq!(world.order(json!({ "do": "struck" }))["api.busy"], 1);
}

#[tokio::test]
async fn a_token_can_be_ended_by_a_fault_for_good() {
    for (name, code) in [("api.token_expired", 42_001), ("api.token_revoked", 40_014)] {
        let world = world().await;
        world.fail(name, Value::Null);
        assert_eq!(world.code(LIST, Value::Null).await, code);
        assert_eq!(world.code(LIST, Value::Null).await, 40_014, "it is forgotten");
        assert_ne!(text(&world.token_for("secret").await, "access_token"), world.token);
    }
}

#[tokio::test]
async fn an_answer_is_lost_after_all_was_done() {
    let world = world().await;
    let chat = world.with_app("lisi").await;
    world.fail("api.answer_lost", Value::Null);
    let body = json!({ "touser": "lisi", "agentid": APP, "msgtype": "text", "text": { "content": "once" } });
    assert!(world.try_ask("/cgi-bin/message/send", body).await.is_err());
    assert_eq!(world.words(&chat).await, ["once"]);
}

#[tokio::test]
async fn who_calls_too_often_is_blocked_for_a_while() {
    let world = world_with(|settings| settings.calls_per_minute = 2).await;
    assert_eq!(world.code(LIST, Value::Null).await, 0);
    assert_eq!(world.code(LIST, Value::Null).await, 0);
    assert_eq!(world.code(LIST, Value::Null).await, 45_009);
    assert_eq!(world.code("/cgi-bin/department/list", Value::Null).await, 0, "another call is another count");
    world.skip_minutes(2);
    assert_eq!(world.code(LIST, Value::Null).await, 0);
}

#[tokio::test]
async fn the_platform_says_its_addresses() {
    let world = world().await;
    for path in ["/cgi-bin/get_api_domain_ip", "/cgi-bin/getcallbackip"] {
        let answer = world.ask(path, Value::Null).await;
        assert!(
            answer["ip_list"]
                .as_array()
                .unwrap()
                .iter()
                .any(|address| text(&json!({ "a": address }), "a").ends_with('*'))
        );
    }
}
