//! Files of bots: uploaded in pieces, fetched encrypted.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut as _, KeyIvInit as _};
use serde_json::{Value, json};

use super::client::{World, text, world};
use super::line::Line;
use crate::crypto;

async fn upload(line: &mut Line, bytes: &[u8], from: u64, md5: &str) -> Value {
    let chunks: Vec<&[u8]> = bytes.chunks(8).collect();
    let begin = json!({
        "type": "file", "filename": "a.txt", "total_size": bytes.len(), "total_chunks": chunks.len(), "md5": md5,
    });
    let id = line.tell("aibot_upload_media_init", begin).await["body"]["upload_id"].clone();
    // In any order.
    for (place, chunk) in chunks.iter().enumerate().rev() {
        let chunk = json!({
            "upload_id": id, "chunk_index": from + place as u64, "base64_data": STANDARD.encode(chunk),
        });
        assert_eq!(line.tell("aibot_upload_media_chunk", chunk).await["errcode"], 0);
    }
    line.tell("aibot_upload_media_finish", json!({ "upload_id": id })).await
}

#[tokio::test]
async fn files_are_uploaded_in_pieces_counted_from_either_number() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    line.callback().await;
    for from in [0, 1] {
        let done = upload(&mut line, b"0123456789abcdefg", from, &crypto::md5(b"0123456789abcdefg")).await;
        assert!(done["body"]["created_at"].is_string());
        let file = json!({
            "chatid": world.chat, "chat_type": 2, "msgtype": "file", "file": { "media_id": done["body"]["media_id"] },
        });
        assert_eq!(line.tell("aibot_send_msg", file).await["errcode"], 0);
    }
    assert_eq!(world.shown(&world.chat, "lisi").await[1]["attachments"][0]["name"], "a.txt");
    assert_ne!(upload(&mut line, b"0123456789abcdefg", 0, "0").await["errcode"], 0);
    let large = json!({ "type": "image", "filename": "a.png", "total_size": 11 << 20, "total_chunks": 30 });
    assert_eq!(line.tell("aibot_upload_media_init", large).await["errcode"], 45_001);
    world.fail("socket.chunk_busy", Value::Null);
    let chunk = json!({ "upload_id": "u", "chunk_index": 0, "base64_data": "AAAA" });
    assert_eq!(line.tell("aibot_upload_media_chunk", chunk).await["errmsg"], "system error");
}

/// A file that the bot is told of: its address and its key.
async fn told_of_file(world: &World, line: &mut Line) -> (String, Vec<u8>) {
    let chat = world.with_bot("lisi").await;
    let upload = json!({ "do": "upload", "kind": "file", "name": "报告.txt", "base64": STANDARD.encode("hello wecom") });
    let key = world.act(upload).await["key"].clone();
    let file =
        json!({ "do": "say", "person": "lisi", "chat": chat, "kind": "file", "content": { "key": key } });
    world.act(file).await;
    let file = line.callback().await["body"]["file"].clone();
    (text(&file, "url"), STANDARD.decode(format!("{}=", text(&file, "aeskey"))).unwrap())
}

fn decrypted(key: &[u8], bytes: &Bytes) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(key, &key[..16]).unwrap();
    let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut bytes).ok()?;
    let padding = usize::from(*plain.last()?);
    let content = plain.len().checked_sub(padding)?;
    let right =
        (1..=32).contains(&padding) && plain[content..].iter().all(|byte| usize::from(*byte) == padding);
    right.then(|| plain[..content].to_vec())
}

#[tokio::test]
async fn files_are_fetched_encrypted_for_five_minutes() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let (url, key) = told_of_file(&world, &mut line).await;
    let fetch = async |url: &str| world.raw("GET", url, "", Bytes::new(), None).await;
    let (status, headers, bytes) = fetch(&url).await.unwrap();
    assert_eq!((status, decrypted(&key, &bytes)), (200, Some(b"hello wecom".to_vec())));
    assert!(headers["content-disposition"].to_str().unwrap().contains("filename*=UTF-8''%E6%8A%A5"));
    for name in ["file.corrupt", "file.padding"] {
        world.fail(name, Value::Null);
        assert_eq!(decrypted(&key, &fetch(&url).await.unwrap().2), None, "{name}");
    }
    world.fail("file.gone", Value::Null);
    assert_eq!(fetch(&url).await.unwrap().0, 403);
    world.fail("media.truncated", Value::Null);
    assert!(fetch(&url).await.is_err());
    world.skip_minutes(6);
    assert_eq!(fetch(&url).await.unwrap().0, 403);
}
