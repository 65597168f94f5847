//! Other networks: what services know of them, and the rooms they list for them.

use serde_json::json;
use testkit::{Bridge, segment};

use super::{CLIENT, shared_room, world};

fn protocol() -> serde_json::Value {
    json!({
        "user_fields": ["nick"], "location_fields": ["channel"], "icon": "mxc://test.example/irc",
        "field_types": { "nick": { "regexp": "[^ ]+", "placeholder": "nick" } },
        "instances": [{ "network_id": "libera", "desc": "Libera", "fields": {}, "icon": "mxc://test.example/l" }],
        "x.more": true,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_look_up_who_and_what_is_in_another_network() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "protocols: [irc]").await;
    let alice = w.user("alice").await;
    let get = |path: &str| format!("{CLIENT}/thirdparty/{path}");
    assert_eq!(alice.get(&get("protocols")).await.ok(), json!({}), "the service says nothing yet");
    bridge.answers("/_matrix/app/v1/thirdparty/protocol/irc", 200, protocol());
    let mut expected = protocol();
    expected["instances"][0]["instance_id"] = json!("irc|libera");
    assert_eq!(alice.get(&get("protocols")).await.ok(), json!({ "irc": expected }));
    assert_eq!(alice.get(&get("protocol/irc")).await.ok(), expected);
    alice.get(&get("protocol/xmpp")).await.fails_as(404, "M_NOT_FOUND");
    let user = json!([{ "userid": "@_irc_a:test.example", "protocol": "irc", "fields": { "nick": "a" } }]);
    bridge.answers("/_matrix/app/v1/thirdparty/user/irc", 200, user.clone());
    bridge.answers("/_matrix/app/v1/thirdparty/user", 200, user.clone());
    assert_eq!(alice.get(&get("user/irc?nick=a%20b")).await.ok(), user);
    assert_eq!(alice.get(&get("user?userid=%40_irc_a%3Atest.example")).await.ok(), user);
    let place =
        json!([{ "alias": "#_irc_c:test.example", "protocol": "irc", "fields": { "channel": "#c" } }]);
    bridge.answers("/_matrix/app/v1/thirdparty/location/irc", 200, place.clone());
    assert_eq!(alice.get(&get("location/irc?channel=%23c")).await.ok(), place);
    alice.get(&get("location?alias=%23_irc_c%3Atest.example")).await.fails_as(404, "M_NOT_FOUND");
    alice.get(&get("user/xmpp")).await.fails_as(404, "M_NOT_FOUND");
    let asked = bridge.received().into_iter().any(|received| {
        received.line.starts_with("GET /_matrix/app/v1/thirdparty/user/irc?nick=a")
            && received.authorization == "Bearer hs-irc"
    });
    assert!(asked, "the fields are handed on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_lists_rooms_for_its_networks() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "protocols: [irc]").await;
    let alice = w.user("alice").await;
    let room = alice.creates_room_like(json!({ "name": "Rust" })).await.room_id();
    let other = alice.creates_room_like(json!({ "name": "Python" })).await.room_id();
    let service = bridge.client(&w);
    let list = |room: &str| format!("{CLIENT}/directory/list/appservice/libera/{}", segment(room));
    for room in [&room, &other] {
        service.put(&list(room), json!({ "visibility": "public" })).await.ok();
    }
    alice.put(&list(&room), json!({ "visibility": "public" })).await.fails_as(403, "M_FORBIDDEN");
    let search =
        async |body: serde_json::Value| alice.post(&format!("{CLIENT}/publicRooms"), body).await.ok();
    let found = search(json!({ "third_party_instance_id": "irc|libera" })).await;
    assert_eq!(found["total_room_count_estimate"], 2);
    let filter = json!({ "generic_search_term": "rust" });
    let found = search(json!({ "third_party_instance_id": "irc|libera", "filter": filter })).await;
    assert_eq!(found["chunk"][0]["room_id"], room.as_str());
    assert_eq!(found["chunk"].as_array().unwrap().len(), 1);
    assert_eq!(search(json!({})).await["chunk"], json!([]), "they are not in the server's own list");
    service.put(&list(&room), json!({ "visibility": "private" })).await.ok();
    let found = search(json!({ "third_party_instance_id": "irc|libera", "limit": 10 })).await;
    assert_eq!(found["chunk"].as_array().unwrap().len(), 1);
    assert_eq!(search(json!({ "third_party_instance_id": "irc|other" })).await["chunk"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_service_are_found_when_its_registration_says_so() {
    for (key, is_found) in [("", false), ("lianqiao.in_user_directory: true", true)] {
        let bridge = Bridge::start("irc").await;
        let w = world(&bridge, key).await;
        let alice = w.user("alice").await;
        let (_, ghost) = shared_room(&w, &bridge, &alice).await;
        let body = json!({ "search_term": "_irc_ghost" });
        let answer = alice.post(&format!("{CLIENT}/user_directory/search"), body).await.ok();
        let found = answer["results"].as_array().unwrap().iter().map(|result| &result["user_id"]);
        assert_eq!(found.collect::<Vec<_>>(), is_found.then(|| json!(ghost)).iter().collect::<Vec<_>>());
    }
}
