//! When people of partners' servers are busy, and what servers of partners are told.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use ruma::{ServerName, UserId};
use serde_json::{Value, json};
use store::Batch;
use tower::ServiceExt as _;

use super::{NOW_MS, alice_id, bob, calendars, calendars_at, hour, put, shanghai};
use crate::{Address, FreeBusy as _, Home, HomeError, Span, Tier};

const BOB: &str = "@bob:corp.example";
const HOUR_MS: u64 = 3_600_000;
const DAY: Span = Span { from_ms: NOW_MS - 2 * HOUR_MS, until_ms: NOW_MS + 22 * HOUR_MS };

/// A homeserver whose partner says the same of everybody, but for one who is silent.
struct Partner(Value);

#[async_trait]
impl Home for Partner {
    async fn policy(&self, _: &UserId) -> Result<Option<Value>, HomeError> {
        Ok(None)
    }

    async fn set_policy(&self, _: &UserId, _: Value) -> Result<(), HomeError> {
        Ok(())
    }

    fn is_partner(&self, server: &ServerName) -> bool {
        server == "partner.example"
    }

    async fn availability(
        &self,
        asker: &UserId,
        who: &UserId,
        (start, end): (&str, &str),
    ) -> Result<Value, HomeError> {
        assert_eq!(asker.server_name(), "corp.example", "we vouch for our own people alone");
        match who.localpart() {
            "silent" => std::future::pending().await,
            "shy" => Err(HomeError::Refused("403 M_FORBIDDEN".to_owned())),
            _ => {
                let mut said = self.0.clone();
                said["user_id"] = json!(who);
                said["range_start"] = json!(start);
                said["range_end"] = json!(end);
                Ok(said)
            }
        }
    }
}

fn person(name: &str, server: &str) -> Address {
    Address::Matrix(UserId::parse(format!("@{name}:{server}")).unwrap())
}

#[tokio::test(start_paused = true)]
async fn partners_are_asked_and_everybody_else_is_unknown() {
    let busy = json!([{ "start": "2026-11-05T02:00:00Z", "end": "2026-11-05T03:00:00Z", "type": "BUSY", "title": "x" }]);
    let (calendars, _) = calendars_at(Some(Arc::new(Partner(json!({ "busy": busy }))))).await;
    let people = [
        person("eve", "partner.example"),
        person("silent", "partner.example"),
        person("shy", "partner.example"),
        person("eve", "other.example"),
        bob(),
    ];
    let found = calendars.schedules(&alice_id(), &people, DAY).await.unwrap();
    let known: Vec<_> = found.iter().map(|schedule| schedule.known).collect();
    assert_eq!(known, [true, false, false, false, true], "who is silent or says no is unknown");
    let [busy] = found[0].intervals.as_slice() else { panic!("{found:#?}") };
    assert_eq!((busy.from_ms, busy.until_ms, busy.title.as_deref()), (NOW_MS, NOW_MS + HOUR_MS, Some("x")));
    // Nobody asks a partner through us but our own people.
    let stranger = UserId::parse("@mallory:other.example").unwrap();
    let found = calendars.schedules(&stranger, &people, DAY).await.unwrap();
    assert!(found.iter().all(|schedule| !schedule.known));
}

#[tokio::test]
async fn a_partner_that_says_nonsense_is_unknown() {
    for busy in [json!(null), json!("all day"), json!([{ "start": "now", "end": "later", "type": "BUSY" }])] {
        let (calendars, _) = calendars_at(Some(Arc::new(Partner(json!({ "busy": busy }))))).await;
        let found = calendars.schedules(&alice_id(), &[person("eve", "partner.example")], DAY).await.unwrap();
        assert!(!found[0].known && found[0].intervals.is_empty());
    }
}

#[tokio::test]
async fn the_homeserver_is_told_what_the_server_that_asks_may_know() {
    let (calendars, _) = calendars().await;
    put(&calendars, &bob(), &hour("secret", "2026-11-05T10:00:00", shanghai())).await;
    let day = "start=2026-11-05T00:00:00Z&end=2026-11-06T00:00:00Z";
    let ask = async |user: &str, query: String| {
        let uri = format!("/_matrix/app/unstable/org.matrix.msc4496/user/{user}/availability?{query}");
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = crate::questions(calendars.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
    };
    let grants = async |to: &str, tier| {
        let mut batch = Batch::new();
        calendars.grant(&mut batch, &bob(), to, Some(tier)).await.unwrap();
        calendars.store().commit(batch).await.unwrap();
    };
    let of_server = || format!("{day}&server=partner.example");
    let of_eve = || format!("{day}&server=partner.example&asker=@eve:partner.example");
    assert_eq!(ask(BOB, of_server()).await.0, StatusCode::FORBIDDEN, "nothing is granted");
    grants("@eve:partner.example", Tier::Titles).await;
    assert_eq!(ask(BOB, of_server()).await.0, StatusCode::FORBIDDEN, "the server does not say for whom");
    let (status, said) = ask(BOB, of_eve()).await;
    assert_eq!((status, &said["busy"][0]["title"]), (StatusCode::OK, &json!("Title of secret")), "{said}");
    grants("partner.example", Tier::Busy).await;
    let (status, said) = ask(BOB, of_server()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        said,
        json!({
            "user_id": BOB, "range_start": "2026-11-05T00:00:00Z", "range_end": "2026-11-06T00:00:00Z",
            "busy": [{ "start": "2026-11-05T02:00:00Z", "end": "2026-11-05T03:00:00Z", "type": "BUSY" }],
        })
    );
    for query in [
        format!("{day}&server=partner.example&asker=@eve:other.example"),
        format!("{day}&server=partner.example&asker=eve"),
        format!("{day}&server=not%20a%20server"),
        "start=2026-11-05T00:00:00Z&end=2026-11-05T00:00:00Z&server=partner.example".to_owned(),
        "start=2026-11-05T00:00:00Z&end=2036-11-05T00:00:00Z&server=partner.example".to_owned(),
        "start=x&end=y&server=partner.example".to_owned(),
        "server=partner.example".to_owned(),
    ] {
        assert_eq!(ask(BOB, query.clone()).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
    assert_eq!(ask("@eve:partner.example", of_server()).await.0, StatusCode::FORBIDDEN, "nobody of ours");
}
