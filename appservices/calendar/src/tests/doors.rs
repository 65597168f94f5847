//! The CalDAV door, as programs speak to it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use ruma::OwnedUserId;
use store::{Batch, StoreError};
use tower::ServiceExt as _;

use super::{alice, bob, calendars, hour, put, shanghai};
use crate::{
    Attendee, Calendars, Change, Doors, Event, Partstat, Party, Refused, Role, Scheduling, What, ics,
    limits::FAILURES_MAX,
};

const CALENDAR: &str = "/_lianqiao/calendar/users/alice/default/";

/// Notes what it is told, and refuses what is called so.
#[derive(Default)]
pub(super) struct Notes(Mutex<Vec<Change>>);

#[async_trait]
impl Scheduling for Notes {
    async fn organized(&self, _uid: &str) -> Result<Option<(OwnedUserId, Event)>, StoreError> {
        Ok(None)
    }

    async fn changed(&self, change: &Change, _batch: &mut Batch) -> Result<(), Refused> {
        if matches!(&change.what, What::Put { after, .. } if after.title == "refused") {
            return Err(Refused::ByRule("not that".to_owned()));
        }
        self.0.lock().push(change.clone());
        Ok(())
    }
}

struct Door {
    calendars: Calendars,
    router: Router,
    notes: Arc<Notes>,
    password: String,
}

async fn door() -> Door {
    let (calendars, _) = calendars().await;
    let notes = Arc::new(Notes::default());
    let router = Doors::new(calendars.clone(), notes.clone()).router();
    let mut batch = Batch::new();
    let password = calendars.new_password(&mut batch, &alice(), "phone").await.unwrap();
    calendars.store().commit(batch).await.unwrap();
    Door { calendars, router, notes, password }
}

struct Said {
    status: StatusCode,
    etag: Option<String>,
    body: String,
}

impl Door {
    async fn ask_as(
        &self,
        login: Option<(&str, &str)>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Said {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((user, password)) = login {
            let credentials = STANDARD.encode(format!("{user}:{password}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let etag = response.headers().get(header::ETAG).map(|etag| etag.to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Said { status, etag, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Said {
        self.ask_as(Some(("alice", self.password.as_str())), method, path, headers, body).await
    }

    fn told(&self) -> Vec<Change> {
        std::mem::take(&mut *self.notes.0.lock())
    }
}

fn file(uid: &str, start: &str) -> String {
    ics::write(None, &[hour(uid, start, shanghai())])
}

fn report(name: &str, inner: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><C:{name} xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>{inner}</C:{name}>"#
    )
}

fn sync(token: &str) -> String {
    format!(
        r#"<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"#
    )
}

fn token(body: &str) -> &str {
    let (_, rest) = body.split_once("<D:sync-token>").unwrap();
    rest.split_once('<').unwrap().0
}

#[tokio::test]
async fn nobody_gets_in_without_a_password_for_the_calendar() {
    let door = door().await;
    let get = |login| door.ask_as(login, "PROPFIND", CALENDAR, &[("depth", "0")], "");
    assert_eq!(get(None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(Some(("alice", "wrong"))).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(Some(("bob", door.password.as_str()))).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        get(Some(("@alice:evil.example", door.password.as_str()))).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(get(Some(("alice", door.password.as_str()))).await.status, StatusCode::MULTI_STATUS);
    assert_eq!(
        get(Some(("@alice:corp.example", door.password.as_str()))).await.status,
        StatusCode::MULTI_STATUS
    );
    // Somebody else's calendar, with one's own password.
    let other = door.ask("PROPFIND", "/_lianqiao/calendar/users/bob/default/", &[], "").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    // A password that is dropped opens nothing.
    let id = door.calendars.passwords(&alice()).await.unwrap()[0].id.clone();
    let mut batch = Batch::new();
    assert!(door.calendars.drop_password(&mut batch, &alice(), &id).await.unwrap());
    door.calendars.store().commit(batch).await.unwrap();
    assert_eq!(get(Some(("alice", door.password.as_str()))).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn after_many_wrong_passwords_the_right_one_waits_too() {
    let door = door().await;
    for _ in 0..FAILURES_MAX {
        let said = door.ask_as(Some(("alice", "wrong")), "PROPFIND", CALENDAR, &[], "").await;
        assert_eq!(said.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(door.ask("PROPFIND", CALENDAR, &[], "").await.status, StatusCode::UNAUTHORIZED);
    door.calendars.0.parts.clock.advance(crate::limits::FAILURES_WINDOW_MS);
    assert_eq!(door.ask("PROPFIND", CALENDAR, &[], "").await.status, StatusCode::MULTI_STATUS);
}

#[tokio::test]
async fn a_question_that_is_answered_elsewhere_or_refused_is_read_so_that_the_connection_stays() {
    let door = door().await;
    for (path, status) in
        [("/.well-known/caldav", StatusCode::MOVED_PERMANENTLY), (CALENDAR, StatusCode::UNAUTHORIZED)]
    {
        let is_read = Arc::new(AtomicBool::new(false));
        let read = Arc::clone(&is_read);
        let parts = ["<a", "/>", ""].map(Ok::<_, std::io::Error>);
        let body = stream::iter(parts).inspect(move |part| {
            read.fetch_or(matches!(part, Ok("")), Ordering::Relaxed);
        });
        let request = Request::builder().method("PROPFIND").uri(path).body(Body::from_stream(body)).unwrap();
        let response: Response<Body> = door.router.clone().oneshot(request).await.unwrap();
        assert_eq!((response.status(), is_read.load(Ordering::Relaxed)), (status, true), "{path}");
    }
}

#[tokio::test]
async fn a_program_finds_the_calendar_from_the_name_of_the_server() {
    let door = door().await;
    let said = door.ask_as(None, "PROPFIND", "/.well-known/caldav", &[], "").await;
    assert_eq!(said.status, StatusCode::MOVED_PERMANENTLY);
    let ask = r#"<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:current-user-principal/><C:calendar-home-set/><D:nonsense/></D:prop></D:propfind>"#;
    let said = door.ask("PROPFIND", "/_lianqiao/calendar/", &[("depth", "0")], ask).await;
    assert!(
        said.body
            .contains("<D:current-user-principal><D:href>/_lianqiao/calendar/principals/alice/</D:href>"),
        "{}",
        said.body
    );
    assert!(said.body.contains("<D:nonsense/>") && said.body.contains("404 Not Found"), "{}", said.body);
    let said = door.ask("PROPFIND", "/_lianqiao/calendar/principals/alice/", &[("depth", "0")], ask).await;
    assert!(
        said.body.contains("<C:calendar-home-set><D:href>/_lianqiao/calendar/users/alice/</D:href>"),
        "{}",
        said.body
    );
    let said = door.ask("PROPFIND", "/_lianqiao/calendar/users/alice/", &[("depth", "1")], "").await;
    assert!(
        said.body.contains("<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"),
        "{}",
        said.body
    );
    let options = door.ask_as(None, "OPTIONS", CALENDAR, &[], "").await;
    assert_eq!(options.status, StatusCode::OK);
}

#[tokio::test]
async fn an_event_is_written_read_and_removed_by_its_version() {
    let door = door().await;
    let path = format!("{CALENDAR}a%20b.ics");
    let text = file("u1", "2026-11-05T10:00:00");
    let made = door.ask("PUT", &path, &[("if-none-match", "*")], &text).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let version = made.etag.unwrap();
    let read = door.ask("GET", &path, &[], "").await;
    assert_eq!(
        (read.status, read.etag.as_deref(), read.body.as_str()),
        (StatusCode::OK, Some(version.as_str()), text.as_str())
    );
    assert_eq!(
        door.ask("GET", &path, &[("if-none-match", &version)], "").await.status,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(
        door.ask("PUT", &path, &[("if-none-match", "*")], &text).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(
        door.ask("PUT", &path, &[("if-match", "\"0\"")], &text).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    let moved = file("u1", "2026-11-05T15:00:00");
    let changed = door.ask("PUT", &path, &[("if-match", &version)], &moved).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    // Its sequence rose here, so what is kept is not what was sent, and no version is told.
    assert_eq!(changed.etag, None);
    let told = door.told();
    assert!(matches!(&told[1].what, What::Put { before: Some(_), after } if after.sequence == 1), "{told:?}");
    assert_eq!(
        door.ask("DELETE", &path, &[("if-match", &version)], "").await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(door.ask("DELETE", &path, &[], "").await.status, StatusCode::NO_CONTENT);
    assert!(matches!(&door.told()[..], [Change { what: What::Removed { .. }, .. }]));
    assert_eq!(door.ask("GET", &path, &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_may_not_be_kept_is_refused_by_the_name_of_its_condition() {
    let door = door().await;
    let event =
        |lines: &str| format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{lines}END:VCALENDAR\r\n");
    let with = |lines: &str| {
        event(&format!("BEGIN:VEVENT\r\nUID:u9\r\nDTSTAMP:20261101T000000Z\r\n{lines}END:VEVENT\r\n"))
    };
    door.ask("PUT", &format!("{CALENDAR}u1.ics"), &[], &file("u1", "2026-11-05T10:00:00")).await;
    for (text, condition) in [
        (with("DTSTART:20261105T020000Z\r\nRRULE:FREQ=DAILY\r\n"), "C:max-instances"),
        (with("DTSTART;TZID=Nowhere:20261105T020000\r\n"), "C:valid-calendar-data"),
        ("nothing".to_owned(), "C:valid-calendar-data"),
        (event("BEGIN:VTODO\r\nUID:u9\r\nEND:VTODO\r\n"), "C:supported-calendar-component"),
        (
            event("METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u9\r\nDTSTART:20261105T020000Z\r\nEND:VEVENT\r\n"),
            "C:valid-calendar-object-resource",
        ),
        (file("u1", "2026-11-05T10:00:00"), "C:no-uid-conflict"),
        (
            with(&format!("DTSTART:20261105T020000Z\r\nDESCRIPTION:{}\r\n", "x".repeat(600_000))),
            "C:max-resource-size",
        ),
    ] {
        let said = door.ask("PUT", &format!("{CALENDAR}u9.ics"), &[], &text).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{condition}: {}", said.body);
        assert!(said.body.contains(&format!("<{condition}/>")), "{condition}: {}", said.body);
    }
    let mut refused = hour("u9", "2026-11-05T10:00:00", shanghai());
    refused.title = "refused".to_owned();
    let said = door.ask("PUT", &format!("{CALENDAR}u9.ics"), &[], &ics::write(None, &[refused])).await;
    assert_eq!((said.status, said.body.as_str()), (StatusCode::FORBIDDEN, "not that"));
    assert_eq!(door.ask("GET", &format!("{CALENDAR}u9.ics"), &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_a_meeting_of_somebody_else_only_the_own_answer_is_written() {
    let door = door().await;
    let mut meeting = hour("m1", "2026-11-05T10:00:00", shanghai());
    meeting.organizer = Some(Party { address: bob(), name: String::new() });
    let asked = |address| Attendee {
        address,
        name: String::new(),
        role: Role::Required,
        partstat: Partstat::NeedsAction,
        answered_sequence: 0,
        answered_ms: 0,
    };
    meeting.attendees = vec![asked(alice()), asked(bob())];
    put(&door.calendars, &alice(), &meeting).await;
    let listed = door.ask("PROPFIND", CALENDAR, &[("depth", "1")], "").await;
    let href = listed
        .body
        .split("<D:href>")
        .map(|rest| rest.split('<').next().unwrap())
        .find(|href| href.starts_with(CALENDAR) && href.len() > CALENDAR.len())
        .unwrap()
        .to_owned();
    let mut wanted = meeting.clone();
    wanted.title = "Mine now".to_owned();
    wanted.start = super::at("2026-11-05T09:00:00");
    wanted.attendees[0].partstat = Partstat::Accepted;
    wanted.attendees[1].partstat = Partstat::Declined;
    let said = door.ask("PUT", &href, &[], &ics::write(None, &[wanted])).await;
    assert_eq!(said.status, StatusCode::NO_CONTENT, "{}", said.body);
    let kept = door.calendars.event(&alice(), "m1").await.unwrap().unwrap();
    assert_eq!(
        (kept.title.as_str(), kept.start, kept.sequence),
        (meeting.title.as_str(), meeting.start, meeting.sequence)
    );
    let answers: Vec<_> = kept.attendees.iter().map(|attendee| attendee.partstat).collect();
    assert_eq!(answers, [Partstat::Accepted, Partstat::NeedsAction]);
    assert!(matches!(&door.told()[..], [Change { what: What::Put { before: Some(_), .. }, .. }]));
}

#[tokio::test]
async fn reports_find_by_time_by_name_and_by_change() {
    let door = door().await;
    for (uid, start) in [("u1", "2026-11-05T10:00:00"), ("u2", "2026-11-20T10:00:00")] {
        let said = door.ask("PUT", &format!("{CALENDAR}{uid}.ics"), &[], &file(uid, start)).await;
        assert_eq!(said.status, StatusCode::CREATED);
    }
    let range = r#"<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20261105T000000Z" end="20261106T000000Z"/></C:comp-filter></C:comp-filter></C:filter>"#;
    let said = door.ask("REPORT", CALENDAR, &[("depth", "1")], &report("calendar-query", range)).await;
    assert!(said.body.contains("u1.ics") && !said.body.contains("u2.ics"), "{}", said.body);
    assert!(said.body.contains("BEGIN:VEVENT&#13;\n"), "{}", said.body);
    let hrefs = format!(
        "<D:href>{CALENDAR}u2.ics</D:href><D:href>{CALENDAR}nothing.ics</D:href><D:href>/_lianqiao/calendar/users/bob/default/u1.ics</D:href>"
    );
    let said = door.ask("REPORT", CALENDAR, &[], &report("calendar-multiget", &hrefs)).await;
    assert_eq!(
        (said.body.matches("UID:u2").count(), said.body.matches("404 Not Found").count()),
        (1, 2),
        "{}",
        said.body
    );

    let first = door.ask("REPORT", CALENDAR, &[], &sync("")).await;
    assert_eq!(first.body.matches("<D:response>").count(), 2, "{}", first.body);
    assert_eq!(
        door.ask("DELETE", &format!("{CALENDAR}u1.ics"), &[], "").await.status,
        StatusCode::NO_CONTENT
    );
    door.ask("PUT", &format!("{CALENDAR}u3.ics"), &[], &file("u3", "2026-11-05T10:00:00")).await;
    let second = door.ask("REPORT", CALENDAR, &[], &sync(token(&first.body))).await;
    assert!(
        second.body.contains("u3.ics") && second.body.contains("u1.ics") && !second.body.contains("u2.ics"),
        "{}",
        second.body
    );
    let third = door.ask("REPORT", CALENDAR, &[], &sync(token(&second.body))).await;
    assert_eq!(third.body.matches("<D:response>").count(), 0, "{}", third.body);
    for wrong in ["urn:x-lianqiao:sync:99999999", "other"] {
        let said = door.ask("REPORT", CALENDAR, &[], &sync(wrong)).await;
        assert!(
            said.status == StatusCode::FORBIDDEN && said.body.contains("valid-sync-token"),
            "{wrong}: {}",
            said.body
        );
    }
    let busy = r#"<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20261105T000000Z" end="20261106T000000Z"/></C:free-busy-query>"#;
    let said = door.ask("REPORT", CALENDAR, &[], busy).await;
    assert!(said.body.contains("FREEBUSY;FBTYPE=BUSY:20261105T020000Z/20261105T030000Z"), "{}", said.body);
    let said = door.ask("REPORT", CALENDAR, &[], r#"<D:expand-property xmlns:D="DAV:"/>"#).await;
    assert!(said.body.contains("<D:supported-report/>"), "{}", said.body);
}

#[tokio::test]
async fn hostile_xml_is_refused() {
    let door = door().await;
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let wide = format!("<a>{}</a>", "<b/>".repeat(30_000));
    let entities =
        r#"<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><D:propfind xmlns:D="DAV:">&c;</D:propfind>"#;
    for body in [deep.as_str(), &wide, entities, "<a>&unknown;</a>", "<a>", "<a></b>", "plain"] {
        let said = door.ask("PROPFIND", CALENDAR, &[], body).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST, "{}", &body[..body.len().min(60)]);
    }
    let said = door.ask("PUT", &format!("{CALENDAR}x.ics"), &[], &"x".repeat(2 * 1024 * 1024)).await;
    assert_eq!(said.status, StatusCode::PAYLOAD_TOO_LARGE);
    for path in [
        "/_lianqiao/calendar/users/alice/default/a/b",
        "/_lianqiao/calendar/users/alice/other/",
        "/_lianqiao/calendar/%zz",
    ] {
        assert_eq!(door.ask("GET", path, &[], "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_private_address_opens_the_calendar_until_it_is_ended() {
    let door = door().await;
    put(&door.calendars, &alice(), &hour("m1", "2026-11-05T10:00:00", shanghai())).await;
    let mut batch = Batch::new();
    let path = door.calendars.new_feed(&mut batch, &alice()).await.unwrap();
    door.calendars.store().commit(batch).await.unwrap();
    let said = door.ask_as(None, "GET", &path, &[], "").await;
    assert!(said.status == StatusCode::OK && said.body.contains("UID:m1"), "{}", said.body);
    let version = said.etag.unwrap();
    let again = door.ask_as(None, "GET", &path, &[("if-none-match", &version)], "").await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(door.ask_as(None, "PUT", &path, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    // A new one ends the old one, and ending it ends it.
    let mut batch = Batch::new();
    let newer = door.calendars.new_feed(&mut batch, &alice()).await.unwrap();
    door.calendars.store().commit(batch).await.unwrap();
    assert_eq!(door.ask_as(None, "GET", &path, &[], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(door.ask_as(None, "GET", &newer, &[], "").await.status, StatusCode::OK);
    let mut batch = Batch::new();
    assert!(door.calendars.revoke_feed(&mut batch, &alice()).await.unwrap());
    door.calendars.store().commit(batch).await.unwrap();
    assert_eq!(door.ask_as(None, "GET", &newer, &[], "").await.status, StatusCode::NOT_FOUND);
}
