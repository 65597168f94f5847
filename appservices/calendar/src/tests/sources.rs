//! Calendars elsewhere: feeds that are fetched, and CalDAV servers that are asked.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Router,
    http::{Method, StatusCode},
    routing::get,
};
use base::Shutdown;
use parking_lot::Mutex;
use store::{Batch, StoreError};
use tokio::sync::Notify;

use super::{NOW_MS, alice, alice_id, bob, calendars, doors::Notes, hour, put, shanghai};
use crate::{
    Address, Calendars, Doors, FirstLook, FirstLooks, FreeBusy as _, Schedule, Source, SourceFault, Span, ics,
};

const HOUR_MS: u64 = 3_600_000;
const DAY: Span = Span { from_ms: NOW_MS - 2 * HOUR_MS, until_ms: NOW_MS + 22 * HOUR_MS };

/// Serves routes on a port of this machine.
async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn add(calendars: &Calendars, owner: &Address, source: Source) -> String {
    let mut batch = Batch::new();
    let id = calendars.add_source(&mut batch, owner, source).await.unwrap();
    calendars.store().commit(batch).await.unwrap();
    id
}

async fn alice_by(calendars: &Calendars) -> Schedule {
    calendars.schedules(&alice_id(), &[alice()], DAY).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_feed_is_unknown_until_it_answered_and_when_it_is_old() {
    let (calendars, clock) = calendars().await;
    let said = Arc::new(Mutex::new((
        StatusCode::OK,
        ics::write(None, &[hour("f1", "2026-11-05T10:00:00", shanghai())]),
    )));
    let saying = Arc::clone(&said);
    let router = Router::new().route("/private.ics", get(move || async move { saying.lock().clone() }));
    let url = format!("{}/private.ics", served(router).await);
    let id = add(&calendars, &alice(), Source::Feed { url }).await;
    assert!(!alice_by(&calendars).await.known);
    calendars.fetch_due(&()).await.unwrap();
    let known = alice_by(&calendars).await;
    assert!(known.known);
    assert_eq!(known.intervals.iter().map(|busy| busy.from_ms).collect::<Vec<_>>(), [NOW_MS]);
    // It is not asked again before a quarter of an hour has passed.
    *said.lock() = (StatusCode::OK, ics::write(None, &[]));
    calendars.fetch_due(&()).await.unwrap();
    assert_eq!(alice_by(&calendars).await.intervals.len(), 1);
    clock.advance(15 * 60_000);
    calendars.fetch_due(&()).await.unwrap();
    assert!(alice_by(&calendars).await.intervals.is_empty());
    // One that fails is believed for an hour; its owner can see why it is not any more.
    *said.lock() = (StatusCode::GONE, String::new());
    clock.advance(30 * 60_000);
    calendars.fetch_due(&()).await.unwrap();
    assert!(alice_by(&calendars).await.known);
    clock.advance(31 * 60_000);
    calendars.fetch_due(&()).await.unwrap();
    assert!(!alice_by(&calendars).await.known);
    assert!(calendars.sources(&alice()).await.unwrap()[0].trouble.as_ref().unwrap().contains("410"));
    // One with an event that cannot be read may hide time.
    let broken = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Nowhere:20261105T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    *said.lock() = (StatusCode::OK, broken.to_owned());
    clock.advance(24 * HOUR_MS);
    calendars.fetch_due(&()).await.unwrap();
    assert!(!alice_by(&calendars).await.known);
    let mut batch = Batch::new();
    assert!(calendars.drop_source(&mut batch, &alice(), &id).await.unwrap());
    calendars.store().commit(batch).await.unwrap();
    assert!(alice_by(&calendars).await.known);
}

/// A CalDAV server where Bob is busy at ten, and a password of his there.
async fn server_of_bob() -> (String, String) {
    let (there, _) = calendars().await;
    put(&there, &bob(), &hour("there", "2026-11-05T10:00:00", shanghai())).await;
    let mut batch = Batch::new();
    let password = there.new_password(&mut batch, &bob(), "alice's bot").await.unwrap();
    there.store().commit(batch).await.unwrap();
    (served(Doors::new(there, Arc::new(Notes::default())).router()).await, password)
}

#[tokio::test]
async fn a_caldav_server_is_asked_with_the_password_for_it() {
    let (calendars, _) = calendars().await;
    let (server, password) = server_of_bob().await;
    let url = format!("{server}/_lianqiao/calendar/users/bob/default/");
    let source = |password: &str| Source::CalDav {
        url: url.clone(),
        user: "bob".to_owned(),
        password: password.to_owned(),
    };
    add(&calendars, &alice(), source(&password)).await;
    let known = alice_by(&calendars).await;
    assert!(known.known);
    assert_eq!(known.intervals.iter().map(|busy| busy.from_ms).collect::<Vec<_>>(), [NOW_MS]);
    add(&calendars, &alice(), source("wrong")).await;
    assert!(!alice_by(&calendars).await.known);
}

/// Notes what it is told, and keeps what was read.
#[derive(Default)]
struct Told(Mutex<Vec<Result<usize, SourceFault>>>);

#[async_trait]
impl FirstLooks for Told {
    async fn looked(&self, _: &mut Batch, look: FirstLook<'_>) -> Result<bool, StoreError> {
        self.0.lock().push(look.seen.map(|seen| seen.times));
        Ok(look.seen.is_ok())
    }
}

#[tokio::test]
async fn whoever_names_a_calendar_hears_once_what_came_of_it() {
    let (calendars, clock) = calendars().await;
    let (server, password) = server_of_bob().await;
    let login = |path: &str, password: &str| Source::CalDav {
        url: format!("{server}/_lianqiao/calendar/users/bob/{path}"),
        user: "bob".to_owned(),
        password: password.to_owned(),
    };
    let feed = |url: &str| Source::Feed { url: url.to_owned() };
    let events =
        ["2026-11-05T07:00:00", "2026-11-05T10:00:00"].map(|begins| hour(begins, begins, shanghai()));
    let file = ics::write(None, &events);
    let of_today = served(Router::new().route("/a.ics", get(move || async move { file }))).await;
    let told = Told::default();
    for (source, expected) in [
        (login("default/", &password), Ok(1)),
        (feed(&format!("{of_today}/a.ics")), Ok(1)),
        (login("default/", "wrong"), Err(SourceFault::Login)),
        (login("", &password), Err(SourceFault::NotACalendar)),
        (feed(&format!("{server}/nothing.ics")), Err(SourceFault::NotACalendar)),
        (feed("http://169.254.169.254/latest/meta-data"), Err(SourceFault::Blocked)),
        (feed("http://127.0.0.1:1/a.ics"), Err(SourceFault::Unreachable)),
    ] {
        let what = format!("{source:?}");
        let before = calendars.sources(&alice()).await.unwrap().len();
        add(&calendars, &alice(), source).await;
        calendars.fetch_due(&told).await.unwrap();
        assert_eq!(std::mem::take(&mut *told.0.lock()), [expected], "{what}");
        let known = calendars.sources(&alice()).await.unwrap().len();
        assert_eq!(
            known,
            before + usize::from(expected.is_ok()),
            "what cannot be asked is forgotten: {what}"
        );
    }
    clock.advance(25 * HOUR_MS);
    calendars.fetch_due(&told).await.unwrap();
    assert!(told.0.lock().is_empty(), "later looks are nobody's news");
    assert!(alice_by(&calendars).await.known);
}

#[tokio::test]
async fn a_later_look_at_a_caldav_server_only_sees_whether_its_owner_is_let_in() {
    let (calendars, clock) = calendars().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = Arc::clone(&asked);
    let answer = move |method: Method| async move {
        asking.lock().push(method.to_string());
        let calendar = "<multistatus xmlns=\"DAV:\"><response><href>/x</href><propstat><prop><resourcetype><c:calendar xmlns:c=\"urn:ietf:params:xml:ns:caldav\"/></resourcetype></prop></propstat></response></multistatus>";
        (StatusCode::MULTI_STATUS, calendar)
    };
    let server = served(Router::new().fallback(answer)).await;
    add(&calendars, &alice(), Source::CalDav { url: server, user: "u".to_owned(), password: "p".to_owned() })
        .await;
    for expected in [&["PROPFIND", "REPORT", "REPORT"][..], &["PROPFIND"]] {
        calendars.fetch_due(&()).await.unwrap();
        assert_eq!(std::mem::take(&mut *asked.lock()), expected);
        clock.advance(25 * HOUR_MS);
    }
}

#[tokio::test]
async fn a_server_that_never_answers_holds_up_no_shutdown() {
    let (calendars, _) = calendars().await;
    let asked = Arc::new(Notify::new());
    let asking = Arc::clone(&asked);
    let answer = move || async move {
        asking.notify_one();
        std::future::pending::<StatusCode>().await
    };
    let url = served(Router::new().fallback(answer)).await;
    add(&calendars, &alice(), Source::Feed { url }).await;
    let shutdown = Shutdown::new();
    let fetching = tokio::spawn(calendars.fetch_feeds(Arc::new(()), shutdown.clone()));
    asked.notified().await;
    shutdown.trigger();
    tokio::time::timeout(Duration::from_secs(10), fetching).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_know_the_question_is_asked_for_events() {
    let (calendars, _) = calendars().await;
    let text = ics::write(None, &[hour("there", "2026-11-05T10:00:00", shanghai())]);
    let text = quick_xml::escape::escape(text.as_str()).into_owned();
    let answer = move |body: String| async move {
        if body.contains("free-busy-query") {
            return (StatusCode::FORBIDDEN, String::new());
        }
        let body = format!(
            "<multistatus xmlns=\"DAV:\"><response><href>/x</href><propstat><prop><c:calendar-data xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{text}</c:calendar-data></prop></propstat></response></multistatus>"
        );
        (StatusCode::MULTI_STATUS, body)
    };
    let server = served(Router::new().fallback(answer)).await;
    let login = Source::CalDav { url: server, user: "u".to_owned(), password: "p".to_owned() };
    add(&calendars, &alice(), login).await;
    let known = alice_by(&calendars).await;
    assert!(known.known);
    assert_eq!(known.intervals.iter().map(|busy| busy.from_ms).collect::<Vec<_>>(), [NOW_MS]);
}

#[tokio::test]
async fn addresses_inside_and_those_that_are_none_are_not_asked() {
    let (calendars, _) = calendars().await;
    for url in ["file:///etc/passwd", "ftp://x.example/a.ics", "nonsense", ""] {
        let mut batch = Batch::new();
        let refused = calendars.add_source(&mut batch, &alice(), Source::Feed { url: url.to_owned() }).await;
        assert!(refused.is_err(), "{url}");
    }
    add(&calendars, &alice(), Source::Feed { url: "http://169.254.169.254/latest/meta-data".to_owned() })
        .await;
    calendars.fetch_due(&()).await.unwrap();
    let sources = calendars.sources(&alice()).await.unwrap();
    assert!(sources[0].trouble.is_some());
    assert!(!alice_by(&calendars).await.known);
}

#[tokio::test]
async fn to_the_calendar_of_somebody_who_left_no_door_is_open() {
    let (calendars, _) = calendars().await;
    add(&calendars, &alice(), Source::Feed { url: "https://feeds.example/a.ics".to_owned() }).await;
    let mut batch = Batch::new();
    calendars.new_password(&mut batch, &alice(), "phone").await.unwrap();
    calendars.new_feed(&mut batch, &alice()).await.unwrap();
    calendars.store().commit(batch).await.unwrap();
    let mut batch = Batch::new();
    calendars.close(&mut batch, &alice()).await.unwrap();
    calendars.store().commit(batch).await.unwrap();
    assert!(calendars.passwords(&alice()).await.unwrap().is_empty());
    assert!(calendars.sources(&alice()).await.unwrap().is_empty());
    assert_eq!(calendars.feed_made_ms(&alice()).await.unwrap(), None);
}
