//! Media: up, down, thumbnails, and what keeps them from doing harm.

use std::io::Cursor;

use futures_util::stream;
use http::Method;
use image::{DynamicImage, ImageFormat, ImageReader, RgbImage};
use serde_json::json;
use testkit::{Content, ServerProcess, User, World, free_port, mxc_path};

const LEGACY: &str = "/_matrix/media/v3";
const MEBIBYTE: usize = 1024 * 1024;

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 128]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut out, format).unwrap();
    out.into_inner()
}

async fn thumbnail(user: &User, uri: &str, query: &str) -> Content {
    user.fetches(&format!("/_matrix/client/v1/media/thumbnail/{}?{query}", mxc_path(uri)), &[]).await
}

fn errcode(content: &Content) -> String {
    let body: serde_json::Value = serde_json::from_slice(&content.bytes).unwrap();
    body["errcode"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    let world = World::start().await;
    let [alice, bob] = world.users(["alice", "bob"]).await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    let uri = alice.uploads(&bytes, "application/x-special", Some("report 1.bin")).await;
    assert!(uri.starts_with("mxc://"));

    let content = bob.downloads(&uri).await;
    assert_eq!((content.status, content.bytes == bytes), (200, true));
    assert_eq!(content.header("content-type"), Some("application/x-special"));
    assert_eq!(content.header("content-length"), Some("300000"));
    assert_eq!(content.header("content-disposition"), Some("attachment; filename=\"report 1.bin\""));
    assert!(content.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none';"));
    assert_eq!(content.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(content.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(content.header("content-encoding"), None);
    assert_eq!(content.header("access-control-allow-origin"), Some("*"));

    let empty = alice.uploads(b"", "text/plain", None).await;
    let content = bob.downloads(&empty).await;
    assert_eq!((content.status, content.bytes.len()), (200, 0));
    assert_eq!(content.header("content-disposition"), Some("inline"));
}

#[tokio::test]
async fn names_are_told_in_every_script_and_can_be_chosen_by_the_asker() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    for (name, expected) in [
        ("ascii", "inline; filename=ascii"),
        ("name;with;semicolons", "inline; filename=\"name;with;semicolons\""),
        ("报告 №1.png", "inline; filename*=utf-8''%E6%8A%A5%E5%91%8A%20%E2%84%961.png"),
        ("\u{1f414}", "inline; filename*=utf-8''%F0%9F%90%94"),
        ("a\r\nSet-Cookie: x", "inline; filename=\"aSet-Cookie: x\""),
    ] {
        let uri = alice.uploads(b"x", "image/png", Some(name)).await;
        assert_eq!(alice.downloads(&uri).await.header("content-disposition"), Some(expected), "{name}");
    }
    let uri = alice.uploads(b"x", "image/png", Some("mine.png")).await;
    let path = format!("/_matrix/client/v1/media/download/{}/%E2%98%95.png", mxc_path(&uri));
    let content = alice.fetches(&path, &[]).await;
    assert_eq!(content.header("content-disposition"), Some("inline; filename*=utf-8''%E2%98%95.png"));
}

#[tokio::test]
async fn only_safe_types_are_shown_in_place() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    for (content_type, expected) in [
        ("image/png", "inline"),
        ("Text/Plain; charset=utf-8", "inline"),
        ("text/html", "attachment"),
        ("image/svg+xml", "attachment"),
    ] {
        let uri = alice.uploads(b"<script>alert(1)</script>", content_type, None).await;
        let content = alice.downloads(&uri).await;
        assert_eq!(content.header("content-disposition"), Some(expected), "{content_type}");
        assert_eq!(content.header("content-type"), Some(content_type));
    }
}

#[tokio::test]
async fn parts_are_served_and_what_is_known_is_not_sent_again() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    let uri = alice.uploads(b"0123456789", "video/mp4", None).await;
    let path = format!("/_matrix/client/v1/media/download/{}", mxc_path(&uri));

    let part = alice.fetches(&path, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, &part.bytes[..]), (206, &b"234"[..]));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    let tail = alice.fetches(&path, &[("range", "bytes=-3")]).await;
    assert_eq!((tail.status, &tail.bytes[..]), (206, &b"789"[..]));
    assert_eq!(alice.fetches(&path, &[("range", "bytes=10-")]).await.status, 416);
    assert_eq!(alice.fetches(&path, &[("range", "bytes=0-1,4-5")]).await.bytes, "0123456789");

    let tag = part.header("etag").unwrap().to_owned();
    let known = alice.fetches(&path, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    assert_eq!(alice.fetches(&path, &[("if-none-match", "\"other\"")]).await.status, 200);
}

#[tokio::test]
async fn media_need_a_token_and_the_old_paths_are_frozen_unless_opened() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    let stranger = world.stranger();
    let uri = alice.uploads(&picture(100, 100, ImageFormat::Png), "image/png", None).await;
    let place = mxc_path(&uri);
    let old = [
        format!("{LEGACY}/download/{place}"),
        format!("{LEGACY}/download/{place}/name.png"),
        format!("{LEGACY}/thumbnail/{place}?width=32&height=32"),
        format!("/_matrix/media/r0/download/{place}"),
        format!("/_matrix/media/v1/download/{place}"),
        format!("/_matrix/media/v1/thumbnail/{place}?width=32&height=32"),
    ];
    let new = [
        format!("/_matrix/client/v1/media/download/{place}"),
        format!("/_matrix/client/v1/media/thumbnail/{place}"),
        "/_matrix/client/v1/media/config".to_owned(),
        format!("{LEGACY}/config"),
        format!("{LEGACY}/preview_url?url=http://example.org"),
    ];
    for path in &new {
        stranger.get(path).await.fails_as(401, "M_MISSING_TOKEN");
    }
    for path in &old {
        stranger.get(path).await.fails_as(404, "M_NOT_FOUND");
        assert_eq!(alice.fetches(path, &[]).await.status, 200, "{path}");
    }
    stranger.tries_to_upload("x", "text/plain", None).await.fails_as(401, "M_MISSING_TOKEN");
    stranger.post("/_matrix/media/v1/create", json!({})).await.fails_as(401, "M_MISSING_TOKEN");

    let open = World::configured(|config| config.media.without_token = true).await;
    let carol = open.user("carol").await;
    let uri = carol.uploads(b"public", "text/plain", None).await;
    let content = open.stranger().fetches(&format!("{LEGACY}/download/{}", mxc_path(&uri)), &[]).await;
    assert_eq!((content.status, &content.bytes[..]), (200, &b"public"[..]));
}

#[tokio::test]
async fn unknown_media_are_not_found_and_those_of_servers_that_are_away_cannot_be_had() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    let uri = alice.uploads(b"x", "text/plain", None).await;
    let server = mxc_path(&uri).split('/').next().unwrap().to_owned();
    for (place, status, code) in [
        (format!("{server}/unknown"), 404, "M_NOT_FOUND"),
        ("other.example/abc".to_owned(), 502, "M_UNKNOWN"),
        (format!("{server}/..%2f..%2fx"), 404, "M_NOT_FOUND"),
    ] {
        let content = alice.fetches(&format!("/_matrix/client/v1/media/download/{place}"), &[]).await;
        assert_eq!((content.status, errcode(&content).as_str()), (status, code), "{place}");
        let path = format!("/_matrix/client/v1/media/thumbnail/{place}?width=1&height=1");
        assert_eq!(alice.fetches(&path, &[]).await.status, status, "{place}");
    }
    let bad = alice.fetches("/_matrix/client/v1/media/download/not%20a%20server/abc", &[]).await;
    assert_eq!((bad.status, errcode(&bad).as_str()), (400, "M_INVALID_PARAM"));
}

#[tokio::test]
async fn the_configured_size_is_told_and_kept() {
    let world = World::configured(|config| config.media.upload_mebibytes_max = 1).await;
    let alice = world.user("alice").await;
    for path in ["/_matrix/client/v1/media/config", "/_matrix/media/v3/config", "/_matrix/media/r0/config"] {
        assert_eq!(alice.get(path).await.ok()["m.upload.size"], MEBIBYTE);
    }
    alice.tries_to_upload(vec![0; MEBIBYTE], "text/plain", None).await.ok();
    alice.tries_to_upload(vec![0; MEBIBYTE + 1], "text/plain", None).await.fails_as(413, "M_TOO_LARGE");
    let pieces = stream::iter((0..20).map(|_| Ok(vec![0; 65_536].into())));
    alice.streams_up(pieces).await.fails_as(413, "M_TOO_LARGE");
    alice.uploads(b"and the connection still works", "text/plain", None).await;
}

#[tokio::test]
async fn types_and_quota_are_the_operators() {
    let world = World::configured(|config| {
        config.media.denied_types = vec!["text/html".to_owned()];
        config.media.user_mebibytes_max = Some(1);
    })
    .await;
    let [alice, bob] = world.users(["alice", "bob"]).await;
    alice.tries_to_upload("x", "Text/HTML; charset=utf-8", None).await.fails_as(403, "M_FORBIDDEN");
    alice.uploads(&vec![0; MEBIBYTE - 10], "text/plain", None).await;
    alice.tries_to_upload(vec![0; 11], "text/plain", None).await.fails_as(403, "M_FORBIDDEN");
    bob.uploads(&[0; 11], "text/plain", None).await;
}

#[tokio::test]
async fn t20_multipart_and_compressed_uploads_are_refused_unread() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    for (name, value) in [
        ("content-type", "multipart/form-data; boundary=x"),
        ("content-type", "Multipart/Mixed; boundary=y"),
        ("content-encoding", "gzip"),
        ("content-encoding", "zstd"),
    ] {
        for path in ["/_matrix/media/v3/upload", "/_matrix/client/v3/createRoom"] {
            // A body that never ends: whoever read it would never answer.
            let body = if path.ends_with("upload") {
                reqwest::Body::wrap_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>())
            } else {
                "{}".into()
            };
            alice.sends_body(Method::POST, path, body, &[(name, value)]).await.fails_as(415, "M_UNKNOWN");
        }
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::on_disk().await;
    let alice = world.user("alice").await;
    let pieces = stream::iter([Ok(vec![1; 100_000].into()), Err(std::io::Error::other("the line broke"))]);
    let broken = tokio::spawn({
        let alice = alice.clone();
        async move { drop(alice.streams_up(pieces).await) }
    });
    assert!(broken.await.is_err(), "the client itself sees its broken body");
    alice.uploads(b"another", "text/plain", None).await;
    let incoming = world.data_directory().join("media/incoming");
    let mut left = usize::MAX;
    for _ in 0..500 {
        left = std::fs::read_dir(&incoming).unwrap().count();
        if left == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_id_can_be_made_ahead_of_its_content() {
    let world = World::start().await;
    let [alice, bob] = world.users(["alice", "bob"]).await;
    let made = alice.post("/_matrix/media/v1/create", json!({})).await.ok();
    assert!(made["unused_expires_at"].as_u64().unwrap() > 1_577_836_800_000);
    let uri = made["content_uri"].as_str().unwrap().to_owned();
    let download = format!("/_matrix/client/v1/media/download/{}", mxc_path(&uri));
    let upload = format!("/_matrix/media/v3/upload/{}?filename=late.txt", mxc_path(&uri));

    alice.get(&format!("{download}?timeout_ms=0")).await.fails_as(504, "M_NOT_YET_UPLOADED");
    let thumbnail = format!("/_matrix/client/v1/media/thumbnail/{}?width=9&height=9", mxc_path(&uri));
    alice.get(&format!("{thumbnail}&timeout_ms=0")).await.fails_as(504, "M_NOT_YET_UPLOADED");
    let text = [("content-type", "text/plain")];
    bob.sends_body(Method::PUT, &upload, "bob's", &text).await.fails_as(403, "M_FORBIDDEN");

    let waiting = tokio::spawn({
        let (bob, path) = (bob.clone(), format!("{download}?timeout_ms=50000"));
        async move { bob.fetches(&path, &[]).await }
    });
    alice.sends_body(Method::PUT, &upload, "at last", &text).await.ok();
    let content = waiting.await.unwrap();
    assert_eq!((content.status, &content.bytes[..]), (200, &b"at last"[..]));
    assert_eq!(content.header("content-disposition"), Some("inline; filename=late.txt"));

    alice.sends_body(Method::PUT, &upload, "again", &text).await.fails_as(409, "M_CANNOT_OVERWRITE_MEDIA");
    let server = mxc_path(&uri).split('/').next().unwrap();
    let unknown = format!("/_matrix/media/v3/upload/{server}/unknown");
    alice.sends_body(Method::PUT, &unknown, "x", &text).await.fails_as(404, "M_NOT_FOUND");
    let elsewhere = "/_matrix/media/v3/upload/other.example/abc";
    alice.sends_body(Method::PUT, elsewhere, "x", &text).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn only_so_many_ids_can_be_made_ahead() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    let mut last = None;
    for _ in 0..60 {
        let mut answer = alice.post("/_matrix/media/v1/create", json!({})).await;
        if answer.status() != 200 {
            last = Some(answer);
            break;
        }
    }
    let body = last.expect("the sixtieth empty id is too many").fails_as(429, "M_LIMIT_EXCEEDED");
    assert!(body["retry_after_ms"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_image_is_shown_smaller_and_never_larger() {
    let world = World::start().await;
    let alice = world.user("alice").await;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let uri = alice.uploads(&picture(600, 300, format), format.to_mime_type(), None).await;
        for (query, width, height) in [
            ("width=32&height=32&method=scale", 32, 16),
            ("width=32&height=32&method=crop", 32, 32),
            ("width=300&height=200", 320, 160),
            ("width=320&height=240&animated=true", 320, 160),
        ] {
            let content = thumbnail(&alice, &uri, query).await;
            assert_eq!(content.status, 200, "{format:?} {query}");
            let content_type = content.header("content-type").unwrap().to_owned();
            let expected = if format == ImageFormat::Png { "image/png" } else { "image/jpeg" };
            assert_eq!(content_type, expected, "{format:?}");
            let disposition = content.header("content-disposition").unwrap();
            assert!(disposition.starts_with("inline; filename=thumbnail."), "{disposition}");
            assert!(content.header("content-security-policy").is_some());
            let image = ImageReader::new(Cursor::new(&content.bytes)).with_guessed_format().unwrap();
            assert_eq!(image.into_dimensions().unwrap(), (width, height), "{format:?} {query}");
        }
    }
    let small = picture(20, 20, ImageFormat::Png);
    let uri = alice.uploads(&small, "image/png", None).await;
    assert_eq!(thumbnail(&alice, &uri, "width=800&height=600").await.bytes, small);
    thumbnail_fails(&alice, &uri, "width=-1&height=5", 400).await;
    thumbnail_fails(&alice, &uri, "width=5", 400).await;
    thumbnail_fails(&alice, &uri, "width=1.5&height=5", 400).await;
}

async fn thumbnail_fails(user: &User, uri: &str, query: &str, status: u16) {
    let content = thumbnail(user, uri, query).await;
    assert_eq!(content.status, status, "{query}");
    assert!(errcode(&content).starts_with("M_"), "{query}");
}

#[tokio::test]
async fn t19_what_is_no_harmless_image_gets_no_thumbnail() {
    let world = World::configured(|config| config.media.thumbnail_megapixels_max = 1).await;
    let alice = world.user("alice").await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>";
    for (bytes, content_type) in [
        (&svg[..], "image/svg+xml"),
        (&svg[..], "image/png"),
        (b"%PDF-1.7", "application/pdf"),
        (b"%!PS-Adobe-3.0", "image/png"),
        (b"", "image/png"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
    ] {
        let uri = alice.uploads(bytes, content_type, None).await;
        thumbnail_fails(&alice, &uri, "width=32&height=32", 400).await;
    }
    let large = picture(1200, 1000, ImageFormat::Png);
    let uri = alice.uploads(&large, "image/png", None).await;
    let content = thumbnail(&alice, &uri, "width=32&height=32").await;
    assert_eq!((content.status, errcode(&content).as_str()), (413, "M_TOO_LARGE"));
    assert_eq!(alice.downloads(&uri).await.bytes, large, "the file itself is served");
}

#[tokio::test]
async fn media_survive_a_restart() {
    let mut world = World::on_disk().await;
    let alice = world.user("alice").await;
    let bytes = picture(300, 300, ImageFormat::Png);
    let uri = alice.uploads(&bytes, "image/png", Some("kept.png")).await;
    let before = thumbnail(&alice, &uri, "width=64&height=64&method=crop").await;
    world.restarts().await;
    let content = alice.downloads(&uri).await;
    assert_eq!((content.status, content.bytes == bytes), (200, true));
    assert_eq!(content.header("content-disposition"), Some("inline; filename=kept.png"));
    let after = thumbnail(&alice, &uri, "width=64&height=64&method=crop").await;
    assert_eq!(before.bytes, after.bytes);
}

#[tokio::test]
async fn uploads_beyond_the_rate_are_told_when_to_come_back() {
    let world = World::configured(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.media = config::ActionRate { per_second: 0.01, burst: 2 };
    })
    .await;
    let [alice, bob] = world.users(["alice", "bob"]).await;
    for _ in 0..2 {
        alice.uploads(b"x", "text/plain", None).await;
    }
    let body = alice.tries_to_upload("x", "text/plain", None).await.fails_as(429, "M_LIMIT_EXCEEDED");
    assert!(body["retry_after_ms"].as_u64().unwrap() > 1_000);
    bob.uploads(b"x", "text/plain", None).await;
}

/// A figure of the process in `/proc`, in bytes.
fn memory(process: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn t20_a_large_file_goes_up_and_down_in_little_memory() {
    const PIECES: usize = 1600;
    const PIECE_BYTES: usize = 65_536;
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let process = server.id().unwrap();
    // Once, so that what is loaded at the first use counts as idle.
    let small = alice.uploads(b"warm", "text/plain", None).await;
    alice.downloads(&small).await;
    let idle = memory(process, "VmRSS");
    // From here on the high-water mark is that of the file alone.
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();

    let pieces = stream::iter((0..PIECES).map(|number| Ok(vec![number as u8; PIECE_BYTES].into())));
    let body = alice.streams_up(pieces).await.ok();
    let uri = body["content_uri"].as_str().unwrap();
    let up = memory(process, "VmHWM").saturating_sub(idle);
    let content = alice.downloads(uri).await;
    assert_eq!(content.bytes.len(), PIECES * PIECE_BYTES);
    let both = memory(process, "VmHWM").saturating_sub(idle);
    assert!(up < 16 * MEBIBYTE, "the upload took {up} bytes of memory");
    assert!(both < 16 * MEBIBYTE, "the download took {both} bytes of memory");
}
