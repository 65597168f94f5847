//! URL previews: what a page says of itself, and pages that want to see our network.

use std::{
    collections::HashMap,
    io::{self, Cursor},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::any,
};
use config::Config;
use image::{DynamicImage, ImageFormat};
use outbound::{LookedUp, Lookup};
use serde_json::Value;
use server::Options;
use testkit::{User, World, segment};

/// A web server on loopback: path → answer, with a count of the requests.
#[derive(Clone)]
struct Web {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

type Page = Arc<dyn Fn() -> Response + Send + Sync>;

impl Web {
    async fn start(pages: Vec<(&'static str, Page)>) -> Self {
        let pages: HashMap<&str, Page> = pages.into_iter().collect();
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&seen);
        let answer = any(move |request: Request| {
            counter.fetch_add(1, Ordering::SeqCst);
            let page = pages.get(request.uri().path()).cloned();
            async move { page.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| page()) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { address, seen }
    }

    /// A server that has one secret and counts who comes near it.
    async fn private() -> Self {
        let page = || html("<title>inside</title>");
        Self::start(vec![("/", page()), ("/secret", page()), ("/image.png", png(4, 4))]).await
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

fn html(text: &str) -> Page {
    typed("text/html; charset=utf-8", text.as_bytes().to_vec())
}

fn typed(content_type: &'static str, body: Vec<u8>) -> Page {
    Arc::new(move || ([(header::CONTENT_TYPE, content_type)], body.clone()).into_response())
}

fn redirect(target: String) -> Page {
    Arc::new(move || Redirect::temporary(&target).into_response())
}

fn png(width: u32, height: u32) -> Page {
    typed("image/png", png_bytes(width, height))
}

fn png_bytes(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// Names below `.test`: `web.test` is opened by the operator, the others are not.
struct Names;

impl Lookup for Names {
    fn lookup(&self, name: String) -> LookedUp {
        let address = match name.as_str() {
            "web.test" | "denied.test" | "inside.test" => Ok("127.0.0.1"),
            "mapped.test" => Ok("::ffff:127.0.0.1"),
            "metadata.test" => Ok("169.254.169.254"),
            _ => Err(io::Error::other("no such name")),
        };
        Box::pin(async move { Ok(vec![address?.parse().unwrap()]) })
    }
}

async fn world() -> World {
    world_with(|_| {}).await
}

async fn world_with(change: impl FnOnce(&mut Config)) -> World {
    let options = Options { lookup: Some(Arc::new(Names)), ..Options::default() };
    let settings = |config: &mut Config| {
        config.url_previews.enabled = true;
        config.outbound.allowed_hosts = vec!["web.test".to_owned(), "denied.test".to_owned()];
        change(config);
    };
    World::in_process(settings, options).await
}

async fn preview(user: &User, url: &str) -> testkit::Answer {
    user.get(&format!("/_matrix/client/v1/media/preview_url?url={}", segment(url))).await
}

#[tokio::test]
async fn a_page_is_previewed_with_its_image() {
    let page = "<html prefix='og: http://ogp.me/ns#'><head><title>The Rock (1996)</title>
        <meta property='og:title' content='The Rock'/><meta property='og:type' content='video.movie'/>
        <meta property='og:url' content='http://www.imdb.com/title/tt0117500/'/>
        <meta property='og:image' content='test.png'/><meta property='og:image:width' content='9999'/></head>";
    let web = Web::start(vec![("/a/page.html", html(page)), ("/a/test.png", png(279, 129))]).await;
    let world = world().await;
    let [alice, bob] = world.users(["alice", "bob"]).await;
    let url = web.url("web.test", "/a/page.html");
    let og = preview(&alice, &url).await.ok();
    assert_eq!(og["og:title"], "The Rock");
    assert_eq!(og["og:type"], "video.movie");
    assert_eq!(og["og:url"], "http://www.imdb.com/title/tt0117500/");
    assert_eq!((&og["og:image:width"], &og["og:image:height"]), (&279.into(), &129.into()));
    assert_eq!(og["og:image:type"], "image/png");
    let bytes = png_bytes(279, 129);
    assert_eq!(og["matrix:image:size"], bytes.len());
    let image = bob.downloads(og["og:image"].as_str().unwrap()).await;
    assert_eq!(image.bytes, bytes);

    let legacy = format!("/_matrix/media/v3/preview_url?url={}", segment(&format!("{url}#part")));
    assert_eq!(bob.get(&legacy).await.ok(), og, "the same preview for everybody");
    assert_eq!(web.seen(), 2, "the page and its image were asked for once");
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_request() {
    let web = Web::start(vec![("/", html("<title>busy</title>"))]).await;
    let world = world().await;
    let alice = world.user("alice").await;
    let asks = (0..10).map(|_| {
        let (alice, url) = (alice.clone(), web.url("web.test", "/"));
        tokio::spawn(async move { preview(&alice, &url).await.ok()["og:title"].clone() })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert_eq!(ask.await.unwrap(), "busy");
    }
    assert_eq!(web.seen(), 1);
}

#[tokio::test]
async fn pages_without_opengraph_other_alphabets_images_and_texts_are_understood() {
    let gbk = b"<meta charset=gbk><title>\xc1\xac\xc7\xc5</title><p>\xc4\xe3\xba\xc3".to_vec();
    let oembed = br#"{"type":"video","title":"Embedded","provider_name":"Tube","thumbnail_url":"/i.png"}"#;
    let link = "<link rel=alternate type='application/json+oembed' href='/oembed'><title>Plain</title>";
    let web = Web::start(vec![
        ("/plain", html("<title>T</title><script>x</script><p>First <b>text</b>.</p>")),
        ("/gbk", typed("text/html", gbk)),
        ("/i.png", png(3, 2)),
        ("/text.txt", typed("text/plain", b"hello\nworld".to_vec())),
        ("/binary", typed("application/zip", vec![0; 100])),
        ("/embed", html(link)),
        ("/oembed", typed("application/json", oembed.to_vec())),
        ("/noimage", html("<title>N</title><meta property=og:image content='/plain'>")),
    ])
    .await;
    let world = world().await;
    let alice = world.user("alice").await;
    let of = async |path: &str| preview(&alice, &web.url("web.test", path)).await.ok();
    let plain = of("/plain").await;
    assert_eq!((&plain["og:title"], &plain["og:description"]), (&"T".into(), &"First text.".into()));
    assert_eq!(of("/gbk").await["og:title"], "连桥");
    assert_eq!(of("/i.png").await["og:image:height"], 2);
    assert_eq!(of("/text.txt").await["og:description"], "hello world");
    assert_eq!(of("/binary").await, serde_json::json!({}));
    let embedded = of("/embed").await;
    assert_eq!((&embedded["og:title"], &embedded["og:site_name"]), (&"Embedded".into(), &"Tube".into()));
    assert_eq!(embedded["og:image:width"], 3);
    assert_eq!(of("/noimage").await, serde_json::json!({ "og:title": "N" }));
}

/// Whatever goes wrong sounds the same, so that nobody learns what our network looks like.
fn is_refused(mut answer: testkit::Answer, url: &str) {
    let status = answer.status();
    let body: Value = answer.body().clone();
    assert_eq!((status, body["errcode"].as_str()), (502, Some("M_UNKNOWN")), "{url}: {body}");
    assert_eq!(body["error"], "the page could not be fetched", "{url}");
}

#[tokio::test]
async fn t18_no_preview_of_private_addresses_in_any_spelling() {
    let private = Web::private().await;
    let world = world().await;
    let alice = world.user("alice").await;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "inside.test",
        "mapped.test",
        "metadata.test",
        "169.254.169.254",
        "unknown.test",
    ] {
        let url = private.url(host, "/secret");
        is_refused(preview(&alice, &url).await, &url);
    }
    assert_eq!(private.seen(), 0);
}

#[tokio::test]
async fn t18_no_redirect_image_or_oembed_leads_inside() {
    let private = Web::private().await;
    let at = |host: &str, path: &str| private.url(host, path);
    let with_image =
        |url: String| html(&format!("<title>T</title><meta property='og:image' content='{url}'>"));
    let with_oembed =
        |url: String| html(&format!("<title>T</title><link type='application/json+oembed' href='{url}'>"));
    let web = Web::start(vec![
        ("/to-address", redirect(at("127.0.0.1", "/secret"))),
        ("/to-name", redirect(at("inside.test", "/secret"))),
        ("/to-mapped", redirect(at("[::ffff:7f00:1]", "/secret"))),
        ("/to-metadata", redirect("http://169.254.169.254/latest/meta-data/".to_owned())),
        ("/to-file", redirect("file:///etc/passwd".to_owned())),
        ("/round", redirect("/round".to_owned())),
        ("/image", with_image(at("inside.test", "/image.png"))),
        ("/image-redirect", with_image("/to-image".to_owned())),
        ("/to-image", redirect(at("127.0.0.1", "/image.png"))),
        ("/oembed", with_oembed(at("inside.test", "/secret"))),
        ("/oembed-redirect", with_oembed("/to-address".to_owned())),
    ])
    .await;
    let world = world().await;
    let alice = world.user("alice").await;
    for path in ["/to-address", "/to-name", "/to-mapped", "/to-metadata", "/to-file", "/round"] {
        is_refused(preview(&alice, &web.url("web.test", path)).await, path);
    }
    for path in ["/image", "/image-redirect", "/oembed", "/oembed-redirect"] {
        let og = preview(&alice, &web.url("web.test", path)).await.ok();
        assert_eq!(og, serde_json::json!({ "og:title": "T" }), "{path}");
    }
    assert_eq!(private.seen(), 0);
}

#[tokio::test]
async fn t18_denied_domains_stay_denied_after_a_redirect_and_beat_allowed_ones() {
    let denied = Web::private().await;
    let web = Web::start(vec![
        ("/to-denied", redirect(denied.url("denied.test", "/secret"))),
        ("/fine", html("<title>fine</title>")),
    ])
    .await;
    let world = world_with(|config| {
        config.url_previews.allowed_domains = vec!["test".to_owned()];
        config.url_previews.denied_domains = vec!["denied.test".to_owned()];
    })
    .await;
    let alice = world.user("alice").await;
    preview(&alice, &denied.url("denied.test", "/secret")).await.fails_as(403, "M_FORBIDDEN");
    preview(&alice, "http://example.org/").await.fails_as(403, "M_FORBIDDEN");
    is_refused(preview(&alice, &web.url("web.test", "/to-denied")).await, "/to-denied");
    assert_eq!(preview(&alice, &web.url("web.test", "/fine")).await.ok()["og:title"], "fine");
    assert_eq!(denied.seen(), 0);
}

#[tokio::test]
async fn t18_endless_and_broken_pages_are_cut_or_given_up() {
    let endless = || -> Response {
        let head =
            futures_util::stream::once(async { Ok::<_, io::Error>("<title>endless</title>".to_owned()) });
        let rest = futures_util::stream::repeat_with(|| Ok("<p>more ".repeat(1000)));
        let body = axum::body::Body::from_stream(futures_util::StreamExt::chain(head, rest));
        ([(header::CONTENT_TYPE, "text/html")], body).into_response()
    };
    let bomb = "<div>".repeat(200_000);
    let large_image = typed("image/png", [png_bytes(1, 1), vec![0; 11 << 20]].concat());
    let web = Web::start(vec![
        ("/endless", Arc::new(endless)),
        ("/deep", html(&format!("<title>deep</title>{bomb}"))),
        ("/large.png", large_image),
        ("/fake.png", typed("image/png", b"<svg/>".to_vec())),
        ("/error", Arc::new(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())),
    ])
    .await;
    let world = world().await;
    let alice = world.user("alice").await;
    let of = async |path: &str| preview(&alice, &web.url("web.test", path)).await;
    assert_eq!(of("/endless").await.ok()["og:title"], "endless");
    assert_eq!(of("/deep").await.ok()["og:title"], "deep");
    assert_eq!(of("/large.png").await.ok(), serde_json::json!({}));
    assert_eq!(of("/fake.png").await.ok(), serde_json::json!({}));
    for path in ["/error", "/missing"] {
        is_refused(of(path).await, path);
    }
    let seen = web.seen();
    is_refused(of("/error").await, "/error");
    assert_eq!(web.seen(), seen, "a failure is remembered for a while");
}

#[tokio::test]
async fn previews_are_off_unless_the_operator_wants_them_and_only_for_web_pages() {
    let off = World::start().await;
    let alice = off.user("alice").await;
    preview(&alice, "https://example.org/").await.fails_as(403, "M_FORBIDDEN");
    let on = world().await;
    let bob = on.user("bob").await;
    let long = format!("http://web.test/{}", "x".repeat(8_000));
    for url in ["", "web.test", "file:///etc/passwd", "ftp://web.test/", "http://a:b@web.test/", &long] {
        preview(&bob, url).await.fails_as(403, "M_FORBIDDEN");
    }
    bob.get("/_matrix/client/v1/media/preview_url").await.fails_as(400, "M_MISSING_PARAM");
}

#[tokio::test]
async fn previews_have_a_rate_of_their_own() {
    let world = world_with(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.preview = config::ActionRate { per_second: 0.01, burst: 1 };
    })
    .await;
    let alice = world.user("alice").await;
    is_refused(preview(&alice, "http://unknown.test/").await, "unknown");
    let body = preview(&alice, "http://unknown.test/").await.fails_as(429, "M_LIMIT_EXCEEDED");
    assert!(body["retry_after_ms"].as_u64().unwrap() > 1_000);
}
