//! Tokens, sends, recalls, uploads, contacts, and how both APIs refuse.

use serde_json::{Value, json};

use super::client::{APP, world, world_with};

#[tokio::test]
async fn both_generations_give_the_same_token_until_it_ends() {
    let mut world = world().await;
    let again = world.token_for("secret").await.1["accessToken"].clone();
    assert_eq!(again, world.token);
    let old = world.old_api("GET", &format!("/gettoken?appkey={APP}&appsecret=secret"), Value::Null).await;
    assert_eq!((&old["access_token"], &old["expires_in"]), (&again, &json!(7_200)));
    let refused = world.token_for("wrong").await;
    assert_eq!((refused.0, &refused.1["code"]), (400, &json!("invalidClientIdOrSecret")));
    let refused = world.old_api("GET", "/gettoken?appkey=x&appsecret=y", Value::Null).await;
    assert_eq!(refused["errcode"], 40_089);
    world.act(json!({ "do": "expire_tokens", "app": APP })).await;
    let (status, refused) = world.send("too late").await;
    assert_eq!((status, &refused["code"]), (400, &json!("InvalidAuthentication")));
    let refused = world.old_api("POST", "/topapi/v2/user/get", json!({ "userid": "li" })).await;
    assert_eq!(refused["errcode"], 40_014);
    let fresh = world.token_for("secret").await.1["accessToken"].as_str().unwrap().to_owned();
    assert_ne!(fresh, world.token);
    let corp = world.act(json!({ "do": "overview" })).await["corp_id"].as_str().unwrap().to_owned();
    let ask = json!({ "client_id": APP, "client_secret": "secret", "grant_type": "client_credentials" });
    let unified = world.new_api("POST", &format!("/v1.0/oauth2/{corp}/token"), ask).await;
    assert_eq!(unified.1["access_token"], fresh);
    world.token = fresh;
    assert_eq!(world.send("now").await.0, 200);
}

#[tokio::test]
async fn a_group_hears_a_robot_which_takes_it_back() {
    let world = world().await;
    let mut line = world.connect().await;
    let key = world.send("hi").await.1["processQueryKey"].clone();
    let path = "/v1.0/robot/groupMessages/query";
    let ask = json!({ "robotCode": APP, "openConversationId": world.chat, "processQueryKey": key });
    assert_eq!(world.new_api("POST", path, ask.clone()).await.1["readUserIds"], json!([]));
    world.act(json!({ "do": "read", "person": "li", "chat": world.chat })).await;
    assert_eq!(world.new_api("POST", path, ask).await.1["readUserIds"], json!(["li"]));
    let (name, event) = line.event().await;
    assert_eq!((name.as_str(), &event["processQueryKey"]), ("robot_msg_read", &key));
    let recall = json!({
        "robotCode": APP, "openConversationId": world.chat, "processQueryKeys": [key, "unknown"],
    });
    let path = "/v1.0/robot/groupMessages/recall";
    let (_, recalled) = world.new_api("POST", path, recall.clone()).await;
    assert_eq!(recalled["successResult"], json!([key]));
    assert_eq!(recalled["failedResult"]["unknown"], "invalid.processQueryKey");
    assert_eq!(world.shown().await[0]["recalled"], true);
    let key = world.send("old").await.1["processQueryKey"].as_str().unwrap().to_owned();
    // Tokens are renewed by asking for them.
    for _ in 0..13 {
        world.act(json!({ "do": "skip", "ms": 7_000_000 })).await;
        world.token_for("secret").await;
    }
    let late = json!({ "robotCode": APP, "openConversationId": world.chat, "processQueryKeys": [key] });
    let (_, refused) = world.new_api("POST", path, late).await;
    assert_eq!(refused["failedResult"][&key], "robot.processQueryKey.expired");
}

#[tokio::test]
async fn people_hear_a_robot_and_lists_name_those_who_do_not() {
    let world = world().await;
    world.fail("send.flow_controlled", 1, Value::Null).await;
    let body = json!({
        "robotCode": APP, "userIds": ["li", "zhang", "nobody"], "msgKey": "sampleText",
        "msgParam": "{\"content\":\"hi\"}",
    });
    let (status, answer) = world.new_api("POST", "/v1.0/robot/oToMessages/batchSend", body).await;
    assert_eq!(status, 200);
    assert_eq!(answer["invalidStaffIdList"], json!(["nobody"]));
    assert_eq!(answer["flowControlledStaffIdList"], json!(["li"]));
    let path = format!(
        "/v1.0/robot/oToMessages/readStatus?robotCode={APP}&processQueryKey={}",
        answer["processQueryKey"].as_str().unwrap().replace('+', "%2B")
    );
    let status = world.new_api("GET", &path, Value::Null).await.1;
    let expected = json!([{ "name": "张三", "userId": "zhang", "readStatus": "UNREAD" }]);
    assert_eq!(status["messageReadInfoList"], expected);
}

#[tokio::test]
async fn sends_are_refused_as_the_platform_does() {
    let world = world().await;
    let body = |changes: Value| {
        let mut body = json!({
            "robotCode": APP, "openConversationId": world.chat, "msgKey": "sampleText",
            "msgParam": "{\"content\":\"hi\"}",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let long = json!({ "content": "x".repeat(15_000) }).to_string();
    let cases = [
        (json!({ "robotCode": "" }), "invalidParameter.robotCode.empty"),
        (json!({ "robotCode": "another" }), "invalidParameter.robotCode.notExsit"),
        (json!({ "openConversationId": "cid" }), "invalid.openConversationId"),
        (json!({ "msgKey": "sampleSong" }), "invalidParameter.msgKey.invalid"),
        (json!({ "msgParam": { "content": "hi" } }), "invalidParameter.msgParam.invalid"),
        (json!({ "msgParam": long }), "invalidParameter.msgParam.tooLong"),
        (json!({ "msgParam": "{\"content\":\"http://unsafe.example/\"}" }), "contain.unsafe.url"),
    ];
    for (changes, code) in cases {
        let (status, refused) = world.new_api("POST", "/v1.0/robot/groupMessages/send", body(changes)).await;
        assert_eq!((status, refused["code"].as_str()), (400, Some(code)));
        assert!(refused["requestid"].is_string());
    }
    assert!(world.shown().await.is_empty());
    world.act(json!({ "do": "change_app", "app": APP, "scopes": ["Card.Instance.Write"] })).await;
    let (status, refused) = world.send("hi").await;
    assert_eq!(status, 403);
    assert_eq!(refused["accessdenieddetail"]["requiredScopes"], json!(["qyapi_robot_sendmsg"]));
}

#[tokio::test]
async fn haste_and_quotas_are_refused_by_their_codes() {
    let world = world_with(|settings| {
        settings.requests_per_second = 2;
        settings.calls_per_month = 3;
    })
    .await;
    assert_eq!((world.send("1").await.0, world.send("2").await.0), (200, 200));
    let (status, refused) = world.send("3").await;
    let code = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi";
    assert_eq!((status, refused["code"].as_str()), (403, Some(code)));
    world.act(json!({ "do": "skip", "ms": 1_000 })).await;
    assert_eq!(world.send("4").await.0, 200);
    let (_, refused) = world.send("5").await;
    assert_eq!(refused["code"], "Forbidden.AccessDenied.ApiCountLimitForOrg");
    let listed = json!({ "dept_id": 1 });
    let answer = world.old_api("POST", "/topapi/v2/department/listsub", listed.clone()).await;
    assert_eq!(answer["errcode"], 0, "contacts are not counted");
    world.old_api("POST", "/topapi/v2/department/listsub", listed.clone()).await;
    let refused = world.old_api("POST", "/topapi/v2/department/listsub", listed).await;
    assert_eq!(refused["errcode"], 90_018);
}

#[tokio::test]
async fn faults_of_the_api_look_as_they_do_there() {
    let world = world().await;
    world.fail("api.timed_out", 1, Value::Null).await;
    assert_eq!(world.send("done all the same").await.0, 504);
    assert_eq!(world.shown().await.len(), 1);
    let code = "Forbidden.AccessDenied.IpNotInWhiteList";
    world.fail("api.code", 1, json!({ "status": 403, "code": code })).await;
    let (status, refused) = world.send("x").await;
    assert_eq!((status, refused["code"].as_str()), (403, Some(code)));
    world.fail("api.banned", 1, Value::Null).await;
    let (status, banned) = world.send("x").await;
    assert_eq!((status, &banned["status"]), (200, &json!(1111)));
    world.fail("api.garbage", 1, Value::Null).await;
    assert_eq!(world.send("x").await, (200, Value::Null));
    world.fail("api.token_revoked", 1, Value::Null).await;
    assert_eq!(world.send("x").await.1["code"], "InvalidAuthentication");
    world.token_for("secret").await;
    world.fail("api.answer_lost", 1, Value::Null).await;
    let url = format!("{}/v1.0/robot/groups/robots/query", world.simulator.api_url());
    assert!(world.raw("POST", &url, "application/json", "{}".into()).await.is_err());
    assert_eq!(world.shown().await.len(), 1);
}

#[tokio::test]
async fn uploads_are_taken_by_kind_and_size() {
    let world = world().await;
    let upload = |kind: &str, part: &str, name: &str, length: usize| {
        let mut body =
            format!("--b\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\r\n")
                .into_bytes();
        body.resize(body.len() + length, b'x');
        body.extend_from_slice(b"\r\n--b--\r\n");
        let url = format!(
            "{}/media/upload?access_token={}&type={kind}",
            world.simulator.old_api_url(),
            world.token
        );
        (url, body)
    };
    let cases = [
        ("file", "media", "a.pdf", 10, 0),
        ("file", "media", "a.exe", 10, 40_004),
        ("film", "media", "a.pdf", 10, 40_004),
        ("file", "file", "a.pdf", 10, 40_035),
        ("voice", "media", "a.amr", (2 << 20) + 1, 40_006),
        ("image", "media", "a.webp", 10, 40_004),
        ("image", "media", "a.png", 10, 40_004),
    ];
    for (kind, part, name, length, code) in cases {
        let (url, body) = upload(kind, part, name, length);
        let answer = world.raw("POST", &url, "multipart/form-data; boundary=b", body.into()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.1).unwrap();
        assert_eq!(answer["errcode"], code, "{kind} {part} {name}");
        if code == 0 {
            let media = answer["media_id"].as_str().unwrap();
            assert!(media.starts_with('@'));
            let opened = world.act(json!({ "do": "open", "key": media })).await;
            assert_eq!(opened["name"], "a.pdf");
        }
    }
}

#[tokio::test]
async fn contacts_are_read_level_by_level_and_page_by_page() {
    let world = world().await;
    let children = world.old_api("POST", "/topapi/v2/department/listsub", json!({ "dept_id": 1 })).await;
    assert_eq!(children["result"][0]["name"], "Sales");
    let page = json!({ "dept_id": "2", "cursor": 0, "size": 1 });
    let page = world.old_api("POST", "/topapi/v2/user/list", page).await["result"].clone();
    assert_eq!((&page["list"][0]["userid"], &page["has_more"]), (&json!("li"), &json!(true)));
    let page = json!({ "dept_id": 2, "cursor": page["next_cursor"], "size": 1 });
    let page = world.old_api("POST", "/topapi/v2/user/list", page).await["result"].clone();
    assert_eq!((&page["list"][0]["name"], &page["has_more"]), (&json!("张三"), &json!(false)));
    let union = json!({ "unionid": page["list"][0]["unionid"] });
    let found = world.old_api("POST", "/topapi/user/getbyunionid", union).await;
    assert_eq!(found["result"], json!({ "contact_type": 0, "userid": "zhang" }));
    let nobody = world.old_api("POST", "/topapi/v2/user/get", json!({ "userid": "x" })).await;
    assert_eq!(nobody["errcode"], 60_121);
    let nowhere = world.old_api("POST", "/topapi/v2/user/list", json!({ "dept_id": 9 })).await;
    assert_eq!(nowhere["errcode"], 60_003);
    world.fail("contacts.text_numbers", 1, Value::Null).await;
    let texts = world.old_api("POST", "/topapi/v2/user/get", json!({ "userid": "li" })).await;
    assert_eq!(
        (&texts["result"]["active"], &texts["result"]["dept_id_list"]),
        (&json!("true"), &json!("[2]"))
    );
}
