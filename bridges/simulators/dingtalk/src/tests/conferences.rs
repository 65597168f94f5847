//! Video conferences: begun at once or scheduled, attended, ended, and told of in order.

use serde_json::{Value, json};

use super::client::{World, world};

const NOW: &str = "/v1.0/conference/videoConferences";
const LATER: &str = "/v1.0/conference/scheduleConferences";

/// The unionIds of `li` and `zhang`.
async fn unions(world: &World) -> [String; 2] {
    let people = world.act(json!({ "do": "overview" })).await["people"].clone();
    [0, 1].map(|place| people[place]["union_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_conference_begins_at_once_and_tells_who_comes_until_it_is_closed() {
    let world = world().await;
    let mut line = world.connect().await;
    let [li, zhang] = unions(&world).await;
    let body = json!({ "userId": zhang, "confTitle": "计".repeat(60), "inviteUserIds": [li] });
    let (status, made) = world.new_api("POST", NOW, body).await;
    assert_eq!(status, 200, "{made}");
    let begun = line.told("meeting_status_change").await;
    assert_eq!((&begun["changeScene"], &begun["statusSeqNum"]), (&json!("conference_created"), &json!(1)));
    let model = &begun["openConfModel"];
    assert_eq!((&model["conferenceId"], &model["status"]), (&made["conferenceId"], &json!(2)));
    assert_eq!((&model["title"], &model["bizType"]), (&json!("计".repeat(50)), &json!("0")), "it is cut");
    let again = line.told("meeting_status_change_target_push").await;
    assert_eq!(again["openConfModel"]["creatorNick"], "张三");
    for called in [&zhang, &li] {
        let event = line.told("meeting_member_status_change").await;
        assert_eq!(
            (&event["changeScene"], &event["openMemberModels"][0]["userId"]),
            (&json!("user_invited"), &json!(called))
        );
    }
    let attend = |what: &str| json!({ "do": what, "person": "li", "conference": made["conferenceId"] });
    world.act(attend("join_conference")).await;
    let came = line.told("meeting_member_status_change").await;
    assert_eq!((&came["changeScene"], &came["statusSeqNum"]), (&json!("user_join"), &json!(4)));
    let one = format!("{NOW}/{}", made["conferenceId"].as_str().unwrap());
    let read = world.new_api("GET", &one, Value::Null).await.1["confInfo"].clone();
    assert_eq!((&read["activeNum"], &read["invitedNum"]), (&json!(1), &json!(2)));
    let of_li = format!("/v1.0/conference/users/lists?unionId={li}");
    let running = world.new_api("GET", &of_li, Value::Null).await.1;
    assert_eq!(running["conferenceList"][0]["conferenceId"], made["conferenceId"]);
    world.act(attend("leave_conference")).await;
    assert!(world.try_to(attend("leave_conference")).await.is_err(), "nobody goes twice");
    let page = world.new_api("GET", &format!("{one}/members?maxResults=1"), Value::Null).await.1;
    assert_eq!((&page["totalCount"], &page["nextToken"]), (&json!(2), &json!("1")));
    let refused = world.new_api("DELETE", &format!("{one}?unionId={li}"), Value::Null).await;
    assert_eq!((refused.0, &refused.1["code"]), (404, &json!("permissionError")), "only who began it");
    let closed = world.new_api("DELETE", &format!("{one}?unionId={zhang}"), Value::Null).await.1;
    assert_eq!(closed["code"], 200);
    let ended = line.told("meeting_status_change").await;
    assert_eq!(
        (&ended["changeScene"], &ended["openConfModel"]["status"]),
        (&json!("conference_closed"), &json!(1))
    );
    assert!(ended["openConfModel"]["endTime"].is_u64());
    assert!(world.try_to(attend("join_conference")).await.is_err(), "it is over");
}

#[tokio::test]
async fn a_conference_with_a_wrong_title_or_strangers_is_refused() {
    let world = world().await;
    let [li, zhang] = unions(&world).await;
    let stranger = json!({ "do": "add_person", "user_id": "x", "name": "X", "outside": true });
    let stranger = world.act(stranger).await["union_id"].clone();
    let table = [
        (json!({ "userId": zhang }), 400, "paramsTitleError"),
        (json!({ "userId": zhang, "confTitle": "x".repeat(257) }), 400, "paramsTitleError"),
        (json!({ "userId": "nobody", "confTitle": "Plan" }), 400, "unknownUserError"),
        (
            json!({ "userId": zhang, "confTitle": "Plan", "inviteUserIds": [stranger] }),
            400,
            "orgAccessForbidden",
        ),
    ];
    for (body, status, code) in table {
        let refused = world.new_api("POST", NOW, body).await;
        assert_eq!((refused.0, &refused.1["code"]), (status, &json!(code)));
    }
    world.fail("conference.system_error", 1, Value::Null).await;
    let body = json!({ "userId": li, "confTitle": "x".repeat(256), "inviteCaller": false });
    let refused = world.new_api("POST", NOW, body.clone()).await;
    assert_eq!((refused.0, &refused.1["code"]), (500, &json!("systemError")));
    assert_eq!(world.new_api("POST", NOW, body).await.0, 200);
    world.fail("conference.system_error", 1, Value::Null).await;
    let of_li = format!("/v1.0/conference/users/lists?unionId={li}");
    assert_eq!(world.new_api("GET", &of_li, Value::Null).await.0, 500, "whatever is asked");
}

#[tokio::test]
async fn a_scheduled_conference_is_moved_attended_and_cancelled_by_its_creator() {
    let world = world().await;
    let mut line = world.connect().await;
    let [li, zhang] = unions(&world).await;
    let body = |creator: &str, title: &str| json!({ "creatorUnionId": creator, "title": title, "startTime": 2_000_000_000_000_u64, "endTime": 2_000_003_600_000_u64 });
    let made = world.new_api("POST", LATER, body(&zhang, "Plan")).await.1;
    let id = made["scheduleConferenceId"].clone();
    let with_id = |mut body: Value| {
        body["scheduleConferenceId"] = id.clone();
        body
    };
    let refused = world.new_api("PUT", LATER, with_id(body(&li, "Mine"))).await.1;
    assert_eq!(refused["code"], "permissionError");
    let moved = world.new_api("PUT", LATER, with_id(body(&zhang, "Other plan"))).await.1;
    assert_eq!(moved["success"], true);
    let infos = format!("{LATER}/{}/infos?requestUnionId={zhang}", id.as_str().unwrap());
    let read = world.new_api("GET", &infos, Value::Null).await.1;
    assert_eq!((&read["title"], &read["roomCode"]), (&json!("Other plan"), &made["roomCode"]));
    let came = json!({ "do": "join_conference", "person": "li", "conference": id });
    let began = world.act(came.clone()).await["conference"].clone();
    let event = line.told("meeting_status_change").await;
    let model = &event["openConfModel"];
    assert_eq!((&model["conferenceId"], &model["scheduleConferenceId"]), (&began, &id));
    assert_eq!(model["bizType"], "3");
    assert_eq!(world.act(came.clone()).await["conference"], began, "it begins once");
    let cancel = with_id(json!({ "creatorUnionId": zhang }));
    assert_eq!(world.new_api("POST", &format!("{LATER}/cancel"), cancel.clone()).await.1["success"], true);
    let refused = world.new_api("POST", &format!("{LATER}/cancel"), cancel).await.1;
    assert_eq!(refused["code"], "paramsError");
    assert_eq!(world.new_api("GET", &infos, Value::Null).await.1["code"], "paramsError");
    let wrong = json!({ "creatorUnionId": zhang, "title": "Plan", "startTime": 5, "endTime": 5 });
    assert_eq!(world.new_api("POST", LATER, wrong).await.1["code"], "paramsError");
}
