//! What the guarded client lets through and what it refuses, against servers on loopback.

#![expect(clippy::unwrap_used, reason = "in a test a missing value is a failure")]

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request as Incoming,
    response::{IntoResponse, Redirect},
    routing::{any, get, post},
};
use outbound::{Limits, LookedUp, Lookup, Outbound, OutboundError, OutboundSettings, Request, parse_range};

const LIMITS: Limits = Limits { bytes_max: 1000, time_max: Duration::from_secs(20), redirects_max: 3 };

/// A resolver that gives each name one list of addresses after the other, and the last one for ever.
#[derive(Default)]
struct Scripted(Mutex<HashMap<&'static str, Vec<Vec<IpAddr>>>>);

impl Scripted {
    fn with(names: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        let script = names.iter().map(|(name, lists)| (*name, lists.iter().rev().map(parse).collect()));
        Arc::new(Self(Mutex::new(script.collect())))
    }
}

impl Lookup for Scripted {
    fn lookup(&self, name: String) -> LookedUp {
        let mut script = self.0.lock().unwrap();
        let answer = script.get_mut(name.as_str()).map(|answers| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop().unwrap(),
        });
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

async fn serve(address: &str, router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let bound = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    bound
}

fn allowing(ranges: &[&str], hosts: &[&str]) -> OutboundSettings {
    OutboundSettings {
        allowed_ranges: ranges.iter().map(|range| parse_range(range).unwrap()).collect(),
        allowed_hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        ..OutboundSettings::default()
    }
}

/// A page and a counter of those who saw it.
fn secret() -> (Router, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let page = any(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { "secret" }
    });
    (Router::new().fallback(page), seen)
}

#[tokio::test]
async fn t18_private_addresses_are_refused_before_anybody_is_connected_to() {
    let (page, seen) = secret();
    let port = serve("127.0.0.1:0", page).await.port();
    let lookup = Scripted::with(&[
        ("inside.test", &[&["127.0.0.1"]]),
        ("mapped.test", &[&["::ffff:127.0.0.1"]]),
        ("metadata.test", &[&["169.254.169.254", "fd00:ec2::254"]]),
    ]);
    let outbound = Outbound::with_lookup(OutboundSettings::default(), lookup).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "inside.test",
        "mapped.test",
        "metadata.test",
    ] {
        let error = outbound.get(&format!("http://{host}:{port}/"), LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::Blocked(_)), "{host}: {error}");
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn t18_the_name_localhost_of_the_system_is_refused() {
    let (page, seen) = secret();
    let port = serve("127.0.0.1:0", page).await.port();
    let outbound = Outbound::new(OutboundSettings::default()).unwrap();
    let error = outbound.get(&format!("http://localhost:{port}/"), LIMITS).await.unwrap_err();
    assert_eq!(error, OutboundError::Blocked("localhost".to_owned()));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn t18_every_redirect_is_judged_again() {
    let (page, seen) = secret();
    let inside = serve("127.0.0.1:0", page).await;
    let targets = [
        format!("http://{inside}/"),
        format!("http://private.test:{}/", inside.port()),
        format!("//{inside}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    for target in targets {
        let to = target.clone();
        let outside = Router::new().fallback(any(move || async move { Redirect::temporary(&to) }));
        let port = serve("127.0.0.1:0", outside).await.port();
        let lookup = Scripted::with(&[("web.test", &[&["127.0.0.1"]]), ("private.test", &[&["127.0.0.1"]])]);
        let outbound = Outbound::with_lookup(allowing(&[], &["web.test"]), lookup).unwrap();
        let error = outbound.get(&format!("http://web.test:{port}/"), LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::Blocked(_)), "{target}: {error}");
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_to_another_scheme_or_with_credentials_is_refused() {
    for target in ["file:///etc/passwd", "ftp://web.test/", "http://user:password@web.test/"] {
        let outside = Router::new().fallback(any(move || async move { Redirect::temporary(target) }));
        let port = serve("127.0.0.1:0", outside).await.port();
        let lookup = Scripted::with(&[("web.test", &[&["127.0.0.1"]])]);
        let outbound = Outbound::with_lookup(allowing(&[], &["web.test"]), lookup).unwrap();
        let error = outbound.get(&format!("http://web.test:{port}/"), LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::InvalidUrl(_)), "{target}: {error}");
    }
}

#[tokio::test]
async fn t18_a_name_that_changes_its_address_is_judged_by_the_address_connected_to() {
    let first = serve("127.0.0.2:0", Router::new().fallback(any(|| async { "public" }))).await;
    let (page, seen) = secret();
    let second = serve("127.0.0.1:0", page).await;
    let lookup = Scripted::with(&[("rebind.test", &[&["127.0.0.2"], &["127.0.0.1"]])]);
    let outbound = Outbound::with_lookup(allowing(&["127.0.0.2"], &[]), lookup).unwrap();

    let answer = outbound.get(&format!("http://rebind.test:{}/", first.port()), LIMITS).await.unwrap();
    assert_eq!(answer.body, "public");
    let error = outbound.get(&format!("http://rebind.test:{}/", second.port()), LIMITS).await.unwrap_err();
    assert_eq!(error, OutboundError::Blocked("rebind.test".to_owned()));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn t18_of_mixed_addresses_only_the_good_ones_are_connected_to() {
    let (page, seen) = secret();
    let inside = serve("127.0.0.1:0", page).await;
    let good = format!("127.0.0.2:{}", inside.port());
    serve(&good, Router::new().fallback(any(|| async { "public" }))).await;
    let lookup = Scripted::with(&[("mixed.test", &[&["127.0.0.1", "::1", "127.0.0.2"]])]);
    let outbound = Outbound::with_lookup(allowing(&["127.0.0.2/32"], &[]), lookup).unwrap();

    let answer = outbound.get(&format!("http://mixed.test:{}/", inside.port()), LIMITS).await.unwrap();
    assert_eq!(answer.body, "public");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_bound_and_handed_back_when_not_wanted() {
    let router = Router::new()
        .route("/round", get(|| async { Redirect::temporary("/round") }))
        .route("/a", get(|| async { Redirect::to("/b") }))
        .route("/b", get(|| async { Redirect::permanent("c") }))
        .route("/c", get(|| async { "there" }));
    let base = serve("127.0.0.1:0", router).await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"], &[])).unwrap();

    let answer = outbound.get(&format!("http://{base}/a"), LIMITS).await.unwrap();
    assert_eq!((answer.url.path(), &answer.body[..]), ("/c", &b"there"[..]));
    let error = outbound.get(&format!("http://{base}/round"), LIMITS).await.unwrap_err();
    assert_eq!(error, OutboundError::TooManyRedirects);
    let none = Limits { redirects_max: 0, ..LIMITS };
    let answer = outbound.get(&format!("http://{base}/a"), none).await.unwrap();
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn a_body_is_posted_again_only_where_the_status_says_so() {
    let echo = |body: Bytes| async move { body };
    let router = Router::new()
        .route("/kept", post(|| async { Redirect::temporary("/echo") }))
        .route("/found", post(|| async { (http::StatusCode::FOUND, [(http::header::LOCATION, "/echo")]) }))
        .route("/echo", post(echo));
    let base = serve("127.0.0.1:0", router).await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"], &[])).unwrap();

    let kept = outbound.post_json(&format!("http://{base}/kept"), "{\"a\":1}", LIMITS).await.unwrap();
    assert_eq!((kept.status.as_u16(), &kept.body[..]), (200, &b"{\"a\":1}"[..]));
    let found = outbound.post_json(&format!("http://{base}/found"), "{}", LIMITS).await.unwrap();
    assert_eq!(found.status, 302);
}

#[tokio::test]
async fn another_host_does_not_get_the_authorization() {
    let shown = |request: Incoming| async move {
        request.headers().contains_key("authorization").to_string().into_response()
    };
    let other = serve("127.0.0.1:0", Router::new().fallback(any(shown))).await;
    let target = format!("http://{other}/");
    let router = Router::new()
        .route("/away", get(move || async move { Redirect::temporary(&target) }))
        .route("/here", get(|| async { Redirect::temporary("/shown") }))
        .route("/shown", get(shown));
    let base = serve("127.0.0.1:0", router).await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"], &[])).unwrap();
    for (path, expected) in [("here", "true"), ("away", "false")] {
        let request = Request::get(format!("http://{base}/{path}")).header("authorization", "Bearer x");
        let answer = outbound.open(request, LIMITS).await.unwrap().collect().await.unwrap();
        assert_eq!(answer.body, expected, "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_never_ends_is_given_up() {
    let endless = || async {
        let pieces =
            futures_util::stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 100])));
        Body::from_stream(pieces)
    };
    let stuck = || async {
        let pieces = futures_util::stream::pending::<Result<Bytes, io::Error>>();
        Body::from_stream(pieces)
    };
    let router = Router::new()
        .route("/announced", get(|| async { "x".repeat(1001) }))
        .route("/fits", get(|| async { "x".repeat(1000) }))
        .route("/endless", get(endless))
        .route("/stuck", get(stuck))
        .route("/silent", get(std::future::pending::<()>));
    let base = serve("127.0.0.1:0", router).await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"], &[])).unwrap();
    let get = async |path: &str, limits| outbound.get(&format!("http://{base}/{path}"), limits).await;

    assert_eq!(get("fits", LIMITS).await.unwrap().body.len(), 1000);
    for path in ["announced", "endless"] {
        assert_eq!(
            get(path, LIMITS).await.unwrap_err(),
            OutboundError::TooLarge { bytes_max: 1000 },
            "{path}"
        );
    }
    let short = Limits { time_max: Duration::from_millis(100), ..LIMITS };
    for path in ["stuck", "silent"] {
        assert_eq!(get(path, short).await.unwrap_err(), OutboundError::Timeout, "{path}");
    }

    for (path, bytes_max, bound) in [("fits", 999, 999), ("announced", 2000, 1000)] {
        let request = Request::get(format!("http://{base}/{path}"));
        let narrowed = outbound.open(request, LIMITS).await.unwrap().at_most(bytes_max);
        let error = narrowed.collect().await.unwrap_err();
        assert_eq!(error, OutboundError::TooLarge { bytes_max: bound }, "{path}");
    }
}

#[tokio::test]
async fn t18_the_proxy_is_reached_but_a_url_that_names_it_is_not() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let proxy = any(move |request: Incoming| {
        log.lock().unwrap().push(request.uri().to_string());
        async { "by proxy" }
    });
    let proxy = serve("127.0.0.1:0", Router::new().fallback(proxy)).await;
    let lookup = Scripted::with(&[
        ("proxy.test", &[&["127.0.0.1"]]),
        ("public.test", &[&["8.8.8.8"]]),
        ("private.test", &[&["8.8.8.8", "10.0.0.1"]]),
    ]);
    let proxy_url = format!("http://proxy.test:{}", proxy.port());
    let settings = OutboundSettings { proxy: Some(proxy_url.clone()), ..OutboundSettings::default() };
    let outbound = Outbound::with_lookup(settings, lookup).unwrap();

    for url in ["http://public.test/x", "http://unknown.test/y", "http://1.1.1.1/z"] {
        assert_eq!(outbound.get(url, LIMITS).await.unwrap().body, "by proxy", "{url}");
    }
    let blocked = [proxy_url, format!("http://{proxy}/"), "http://private.test/".to_owned()];
    for url in blocked {
        let error = outbound.get(&url, LIMITS).await.unwrap_err();
        assert!(matches!(error, OutboundError::Blocked(_)), "{url}: {error}");
    }
    assert_eq!(*seen.lock().unwrap(), ["http://public.test/x", "http://unknown.test/y", "http://1.1.1.1/z"]);
}

#[tokio::test]
async fn names_without_address_and_closed_ports_are_told_apart_from_blocked_ones() {
    let outbound = Outbound::with_lookup(allowing(&["127.0.0.0/8"], &[]), Scripted::with(&[])).unwrap();
    let error = outbound.get("http://nobody.test/", LIMITS).await.unwrap_err();
    assert_eq!(error, OutboundError::Unresolvable("nobody.test".to_owned()));
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let error = outbound.get(&format!("http://{closed}/"), LIMITS).await.unwrap_err();
    assert!(matches!(error, OutboundError::Connect(_)), "{error}");
    assert!(error.is_temporary());
}

#[test]
fn settings_that_cannot_be_used_are_found_at_the_start() {
    let authorities = OutboundSettings { extra_authorities_pem: Some(b"no".to_vec()), ..Default::default() };
    let proxy = OutboundSettings { proxy: Some("::not a url::".to_owned()), ..Default::default() };
    for settings in [authorities, proxy] {
        assert!(matches!(Outbound::new(settings), Err(OutboundError::Setup(_))));
    }
}

#[tokio::test]
async fn a_request_may_go_to_another_host_than_its_url_names() {
    let page = any(|request: Incoming| async move {
        request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned()
    });
    let port = serve("127.0.0.1:0", Router::new().fallback(page)).await.port();
    let lookup = Scripted::with(&[("target.test", &[&["127.0.0.1"]]), ("inside.test", &[&["127.0.0.2"]])]);
    let settings = OutboundSettings { http1_only: true, ..allowing(&["127.0.0.1"], &[]) };
    let outbound = Outbound::with_lookup(settings, lookup).unwrap();
    let asked = |host: &str| Request::get(format!("http://{host}:{port}/")).header("host", "named.test");

    let answer = outbound.open(asked("named.test").connect_to("target.test"), LIMITS).await.unwrap();
    assert_eq!(answer.collect().await.unwrap().body, "named.test");
    let refused = outbound.open(asked("named.test").connect_to("inside.test"), LIMITS).await.unwrap_err();
    assert!(matches!(refused, OutboundError::Blocked(_)), "{refused}");
    let refused = outbound.open(asked("127.0.0.2").connect_to("target.test"), LIMITS).await.unwrap_err();
    assert!(matches!(refused, OutboundError::InvalidUrl(_)), "{refused}");
}

/// A resolver that knows services alone.
struct Services(Vec<outbound::Service>);

impl Lookup for Services {
    fn lookup(&self, _: String) -> LookedUp {
        Box::pin(async { Err(io::Error::other("no such name")) })
    }

    fn services(&self, _: String) -> outbound::FoundServices {
        let services = self.0.clone();
        Box::pin(async { Ok(services) })
    }
}

#[tokio::test]
async fn services_come_in_the_order_that_their_records_want() {
    let service =
        |priority, weight, host: &str| outbound::Service { priority, weight, host: host.to_owned(), port: 1 };
    let records =
        vec![service(2, 9, "last"), service(1, 1, "second"), service(0, 0, ""), service(1, 5, "first")];
    let outbound = Outbound::with_lookup(OutboundSettings::default(), Arc::new(Services(records))).unwrap();
    let found = outbound.services("_matrix-fed._tcp.a.test").await.unwrap();
    let hosts: Vec<_> = found.into_iter().map(|service| service.host).collect();
    assert_eq!(hosts, ["first", "second", "last"]);
}
