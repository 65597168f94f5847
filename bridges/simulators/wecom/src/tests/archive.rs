//! The paid archive: what stands in it, who can read it, and what its own interfaces say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use serde_json::{Value, json};

use super::client::{World, text, world};
use super::door::{self as address, KEY, TOKEN};

const SECRET: &str = "archive";
const PUBLIC_KEY: &str = include_str!("../../../../connectors/wecom/src/archive/tests/public_key.pem");
const PRIVATE_KEY: &str = include_str!("../../../../connectors/wecom/src/archive/tests/private_key.pem");

/// What the door of the library answers: a status and its words.
async fn door(world: &World, what: &str, body: String) -> (u16, String) {
    let answer = world.raw("POST", &format!("/archive/{what}"), "text/plain", Bytes::from(body), None).await;
    let (status, _, bytes) = answer.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn page(world: &World, secret: &str, after: u64, most: usize) -> Value {
    let (status, words) = door(world, "chatdata", format!("{}\n{secret}\n{after}\n{most}", world.corp)).await;
    assert_eq!(status, 200, "{words}");
    serde_json::from_str(&words).unwrap()
}

async fn archive() -> World {
    let world = world().await;
    world.act(json!({ "do": "use_archive", "secret": SECRET, "version": 3, "public_key": PUBLIC_KEY })).await;
    world
}

async fn opened(world: &World, entry: &Value) -> Value {
    let key = RsaPrivateKey::from_pkcs8_pem(PRIVATE_KEY).unwrap();
    let sealed = STANDARD.decode(text(entry, "encrypt_random_key")).unwrap();
    let key = String::from_utf8(key.decrypt(Pkcs1v15Encrypt, &sealed).unwrap()).unwrap();
    let (status, words) = door(world, "decrypt", format!("{key}\n{}", text(entry, "encrypt_chat_msg"))).await;
    assert_eq!(status, 200, "{words}");
    serde_json::from_str(&words).unwrap()
}

#[tokio::test]
async fn what_is_said_in_groups_stands_there_for_who_has_the_private_key() {
    let world = archive().await;
    for words in ["你好", "again"] {
        world.act(json!({ "do": "speak", "person": "lisi", "chat": world.chat, "text": words })).await;
    }
    let first = page(&world, SECRET, 0, 1).await["chatdata"][0].clone();
    assert_eq!(first["publickey_ver"], 3);
    let said = opened(&world, &first).await;
    assert_eq!((&said["from"], &said["text"]["content"]), (&json!("lisi"), &json!("你好")));
    assert_eq!(said["tolist"], json!(["lisi", "ZhangSan"]));
    assert_ne!(text(&said, "roomid"), world.chat, "the archive has ids of its own");
    let rest = page(&world, SECRET, first["seq"].as_u64().unwrap(), 1_000).await;
    assert_eq!(opened(&world, &rest["chatdata"][0]).await["text"]["content"], "again");
    assert_eq!(page(&world, "wrong", 0, 1).await["errcode"], 40_001);
    let wrong = STANDARD.encode([0; 32]);
    let other = door(&world, "decrypt", format!("{wrong}\n{}", text(&first, "encrypt_chat_msg"))).await;
    assert_eq!(other, (418, "10006".to_owned()));
}

#[tokio::test]
async fn files_come_in_pieces_and_faults_as_codes() {
    let world = archive().await;
    let bytes = vec![7; 600_000];
    let upload =
        json!({ "do": "upload", "kind": "image", "name": "a.jpg", "base64": STANDARD.encode(&bytes) });
    let key = world.act(upload).await["key"].clone();
    let said = json!({ "do": "say", "person": "lisi", "chat": world.chat, "kind": "image", "content": { "key": key } });
    world.act(said).await;
    let entry = page(&world, SECRET, 0, 1).await["chatdata"][0].clone();
    let id = text(&opened(&world, &entry).await["image"], "sdkfileid");
    let piece = |index: &'static str| {
        let body = Bytes::from(format!("{index}\n{id}"));
        world.raw("POST", "/archive/media", "text/plain", body, None)
    };
    let (_, headers, first) = piece("").await.unwrap();
    assert_eq!((first.len(), headers["x-next"].to_str().unwrap()), (524_288, "Range:bytes=524288-1048575"));
    let (_, headers, last) = piece("Range:bytes=524288-1048575").await.unwrap();
    assert_eq!((first.len() + last.len(), headers["x-last"].to_str().unwrap()), (600_000, "1"));
    assert_eq!(door(&world, "media", "\nnothing".to_owned()).await.1, "10005");
    world.fail("archive.code", 10_009.into());
    assert_eq!(door(&world, "chatdata", String::new()).await, (418, "10009".to_owned()));
}

#[tokio::test]
async fn its_own_interfaces_say_groups_robots_and_consents() {
    let mut world = archive().await;
    let app_may = world.code("/cgi-bin/msgaudit/get_permit_user_list", json!({})).await;
    assert_eq!(app_may, 48_002);
    world.token = text(&world.token_for(SECRET).await, "access_token");
    let permits = world.ask("/cgi-bin/msgaudit/get_permit_user_list", json!({})).await;
    assert_eq!(permits["ids"].as_array().unwrap().len(), 2);
    let consent = json!({ "do": "consent", "chat": world.chat, "external_userid": "wmA", "agrees": false });
    world.act(consent).await;
    let room = text(&world.act(json!({ "do": "show_archive", "chat": world.chat })).await, "room");
    let group = world.ask("/cgi-bin/msgaudit/groupchat/get", json!({ "roomid": room })).await;
    assert_eq!(group["roomname"], "Sales");
    let agrees = world.ask("/cgi-bin/msgaudit/check_room_agree", json!({ "roomid": room })).await;
    assert_eq!(agrees["agreeinfo"][0]["agree_status"], "Disagree");
    let key =
        text(&world.act(json!({ "do": "add_webhook", "chat": world.chat, "name": "Alarm" })).await, "key");
    let said = json!({ "msgtype": "text", "text": { "content": "fire" } });
    world.ask(&format!("/cgi-bin/webhook/send?key={key}"), said).await;
    let entry = page(&world, SECRET, 0, 1).await["chatdata"][0].clone();
    let robot = text(&opened(&world, &entry).await, "from");
    assert!(robot.starts_with("wb"));
    let path = format!("/cgi-bin/msgaudit/get_robot_info?robot_id={robot}");
    assert_eq!(world.ask(&path, Value::Null).await["data"]["name"], "Alarm");
}

#[tokio::test]
async fn who_agreed_to_what_they_say_to_one_member_is_read_pair_by_pair() {
    let mut world = archive().await;
    world.token = text(&world.token_for(SECRET).await, "access_token");
    let consent = json!({ "do": "consent_to", "person": "lisi", "external_userid": "wmA", "agrees": false });
    world.act(consent).await;
    let path = "/cgi-bin/msgaudit/check_single_agree";
    let pair = |person: &str, external: &str| json!({ "userid": person, "exteranalopenid": external });
    let asked = json!({ "info": [pair("LISI", "wmA"), pair("zhangsan", "wmA")] });
    let answer = world.ask(path, asked).await;
    let said: Vec<_> = (0..2_usize).map(|place| text(&answer["agreeinfo"][place], "agree_status")).collect();
    assert_eq!(said, ["Disagree", "Default_Agree"]);
    assert_eq!(answer["agreeinfo"][0]["userid"], "lisi");
    assert_eq!(world.code(path, json!({ "info": [pair("nobody", "wmA")] })).await, 301_061);
    assert_eq!(world.code(path, json!({ "info": vec![pair("lisi", "wmA"); 101] })).await, 301_060);
    assert_eq!(world.code(path, json!({})).await, 40_063);
}

#[tokio::test]
async fn of_a_group_in_which_nobody_has_a_licence_nothing_stands_there() {
    let mut world = archive().await;
    let license =
        |person: &str, licensed: bool| json!({ "do": "license", "person": person, "licensed": licensed });
    let changes = [("lisi", false, "one"), ("zhangsan", false, "two"), ("LISI", true, "three")];
    for (person, licensed, words) in changes {
        world.act(license(person, licensed)).await;
        world.act(json!({ "do": "speak", "person": "lisi", "chat": world.chat, "text": words })).await;
    }
    let entries = page(&world, SECRET, 0, 10).await["chatdata"].clone();
    let mut words = Vec::new();
    for entry in entries.as_array().unwrap() {
        words.push(text(&opened(&world, entry).await["text"], "content"));
    }
    assert_eq!(words, ["one", "three"]);
    world.token = text(&world.token_for(SECRET).await, "access_token");
    let permits = world.ask("/cgi-bin/msgaudit/get_permit_user_list", json!({})).await;
    assert_eq!(permits["ids"], json!(["lisi"]));
}

#[tokio::test]
async fn its_address_is_told_at_most_every_fifteen_seconds_and_entries_go_after_five_days() {
    let world = archive().await;
    let mut told = address::door(vec![]).await;
    let to =
        json!({ "do": "use_callback", "app": 2_000_004, "url": told.url, "token": TOKEN, "aes_key": KEY });
    world.act(to).await;
    // Another key is another matter: the address stays.
    world.act(json!({ "do": "use_archive", "secret": SECRET, "version": 4, "public_key": PUBLIC_KEY })).await;
    for wait_ms in [0, 0, 15_000] {
        world.order(json!({ "do": "skip", "ms": wait_ms }));
        world.act(json!({ "do": "speak", "person": "lisi", "chat": world.chat, "text": "hello" })).await;
    }
    for _ in 0..2 {
        let event = told.next().await;
        assert_eq!(text(&event.outer(), "AgentID"), "2000004");
        assert_eq!(text(&event.fields(), "Event"), "msgaudit_notify");
    }
    assert!(told.is_quiet(), "the second was too soon");
    assert_eq!(page(&world, SECRET, 0, 10).await["chatdata"].as_array().unwrap().len(), 3);
    world.skip_minutes(5 * 24 * 60);
    assert_eq!(page(&world, SECRET, 0, 10).await["chatdata"], json!([]));
}
