//! Media of apps.

use bytes::Bytes;
use serde_json::{Value, json};

use super::client::{APP, World, text, world, world_with};

async fn fetch(world: &World, id: &str, range: Option<&str>) -> Result<(u16, String, Bytes), String> {
    let path = format!("/cgi-bin/media/get?access_token={}&media_id={id}", world.token);
    let (status, headers, bytes) = world.raw("GET", &path, "", Bytes::new(), range).await?;
    Ok((status, headers["content-type"].to_str().unwrap().to_owned(), bytes))
}

#[tokio::test]
async fn what_is_uploaded_is_sent_and_fetched() {
    let world = world().await;
    let uploaded = world.upload_media("file", "报告.txt", b"0123456789").await;
    assert!(uploaded["created_at"].is_string());
    let id = text(&uploaded, "media_id");
    let body = json!({ "touser": "lisi", "agentid": APP, "msgtype": "file", "file": { "media_id": id } });
    assert_eq!(world.code("/cgi-bin/message/send", body.clone()).await, 0);
    let chat = world.with_app("lisi").await;
    assert_eq!(world.shown(&chat, "lisi").await[0]["attachments"][0]["name"], "报告.txt");
    assert_eq!(fetch(&world, &id, None).await.unwrap().2, "0123456789");
    let recorded = format!("/cgi-bin/media/get/jssdk?access_token={}&media_id={id}", world.token);
    assert_eq!(world.raw("GET", &recorded, "", Bytes::new(), None).await.unwrap().2, "0123456789");
    let (status, _, part) = fetch(&world, &id, Some("bytes=2-4")).await.unwrap();
    assert_eq!((status, &part[..]), (206, &b"234"[..]));
    let mut wrong = body;
    wrong["msgtype"] = "image".into();
    wrong["image"] = json!({ "media_id": id });
    assert_eq!(world.code("/cgi-bin/message/send", wrong).await, 40_004);
}

#[tokio::test]
async fn media_are_refused_for_their_kind_size_and_age() {
    let world = world().await;
    let code = async |kind: &str, bytes: &[u8]| world.upload_media(kind, "a", bytes).await["errcode"].clone();
    assert_eq!(code("sticker", b"123456").await, 40_004);
    assert_eq!(code("file", b"12345").await, 40_006);
    assert_eq!(code("image", b"GIF89a123").await, 40_005);
    assert_eq!(code("voice", b"OggS12345").await, 301_017);
    assert_eq!(code("voice", b"#!AMR\n123").await, 0);
    assert_eq!(code("voice", &[b"#!AMR\n".as_slice(), &vec![0; 2 << 20]].concat()).await, 45_001);
    let id = text(&world.upload_media("image", "a.png", b"\x89PNG1234").await, "media_id");
    assert_eq!(fetch(&world, &id, None).await.unwrap().1, "image/png");
    let mut world = world;
    world.skip_minutes(3 * 24 * 60 + 1);
    world.token = text(&world.token_for("secret").await, "access_token");
    let (status, kind, body) = fetch(&world, &id, None).await.unwrap();
    let refused: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &refused["errcode"]), (200, &json!(40_007)));
    assert!(kind.starts_with("application/json"));
}

#[tokio::test]
async fn downloads_fail_as_faults_want() {
    let world = world().await;
    let id = text(&world.upload_media("file", "a.txt", b"0123456789").await, "media_id");
    world.fail("media.expired", Value::Null);
    assert!(fetch(&world, &id, None).await.unwrap().1.starts_with("application/json"));
    world.fail("media.truncated", Value::Null);
    assert!(fetch(&world, &id, None).await.is_err());
    world.fail("media.type", Value::Null);
    let (_, kind, bytes) = fetch(&world, &id, None).await.unwrap();
    assert_eq!((kind.as_str(), &bytes[..]), ("application/json", &b"0123456789"[..]));
}

#[tokio::test]
async fn a_picture_for_good_has_an_address() {
    let world = world().await;
    let path = format!("/cgi-bin/media/uploadimg?access_token={}", world.token);
    let url = text(&world.upload(&path, "a.png", b"\x89PNG1234").await, "url");
    let (status, _, bytes) = world.raw("GET", &url, "", Bytes::new(), None).await.unwrap();
    assert_eq!((status, &bytes[..]), (200, &b"\x89PNG1234"[..]));
}

#[tokio::test]
async fn pictures_for_good_are_counted_by_the_day() {
    let mut world = world_with(|settings| settings.pictures_per_day = 2).await;
    let code = async |world: &World| {
        let path = format!("/cgi-bin/media/uploadimg?access_token={}", world.token);
        world.upload(&path, "a.png", b"\x89PNG1234").await["errcode"].clone()
    };
    assert_eq!(
        (code(&world).await, code(&world).await, code(&world).await),
        (json!(0), json!(0), json!(45_009))
    );
    world.skip_minutes(24 * 60 + 1);
    world.token = text(&world.token_for("secret").await, "access_token");
    assert_eq!(code(&world).await, 0);
}
