//! The doors for calendar programs: CalDAV (RFC 4791) for the calendar of whoever shows a password for it, and a private
//! address from which it can be read.
//!
//! A calendar is its owner's alone. The door writes what the program wrote; what it means for other people is
//! [`Scheduling`]'s, in the same commit.

mod answer;
mod feed;
mod object;
mod paths;
mod properties;
mod propfind;
mod report;
mod scheduling;
pub(crate) mod xml;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use ruma::{OwnedUserId, UserId};
use tokio::sync::Semaphore;

pub(crate) use self::paths::feed_path;
use self::{answer::Refusal, paths::Place};
pub use self::{
    paths::{PATHS, ROOT, WELL_KNOWN_PATH},
    scheduling::{Change, Refused, Scheduling, What},
};
use crate::{
    Address, Calendars,
    limits::{REQUEST_BYTES_MAX, REQUEST_TIME_MAX, REQUESTS_MAX, UNREAD_BYTES_MAX},
};

/// What this door can do (RFC 4918, 18; RFC 4791, 5.1).
const ABILITIES: &str = "1, 3, calendar-access";

/// The methods it takes.
const METHODS: &str = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT";

/// The doors. Cloning shares them.
#[derive(Clone)]
pub struct Doors(Arc<Inner>);

struct Inner {
    calendars: Calendars,
    scheduling: Arc<dyn Scheduling>,
    places: Semaphore,
}

/// Who asks: a person of this server.
struct Caller {
    user: OwnedUserId,
    /// Their address as text, by which calendars are kept.
    owner: String,
}

/// A request, read whole.
struct Asked {
    method: Method,
    place: Place,
    headers: HeaderMap,
    body: Bytes,
}

impl Doors {
    /// Doors to these calendars.
    #[must_use]
    pub fn new(calendars: Calendars, scheduling: Arc<dyn Scheduling>) -> Self {
        Self(Arc::new(Inner { calendars, scheduling, places: Semaphore::new(REQUESTS_MAX) }))
    }

    /// The routes: everything below [`ROOT`], and [`WELL_KNOWN_PATH`].
    pub fn router(&self) -> Router {
        Router::new()
            .route(WELL_KNOWN_PATH, any(dav))
            .route(&format!("{ROOT}feeds/{{secret}}"), get(feed::read))
            .route(ROOT, any(dav))
            .route(&format!("{ROOT}{{*path}}"), any(dav))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone())
    }

    fn calendars(&self) -> &Calendars {
        &self.0.calendars
    }
}

async fn dav(State(doors): State<Doors>, request: Request) -> Response {
    let is_head = request.method() == Method::HEAD;
    let Ok(_place) = doors.0.places.try_acquire() else {
        return Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "Too many requests at once").into_response();
    };
    let answered = tokio::time::timeout(REQUEST_TIME_MAX, Box::pin(answer(&doors, request))).await;
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => {
            Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "The request took too long").into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("dav"), HeaderValue::from_static(ABILITIES));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if is_head { response.map(|_| Body::empty()) } else { response }
}

async fn answer(doors: &Doors, request: Request) -> Result<Response, Refusal> {
    if request.method() == Method::OPTIONS {
        return Ok((StatusCode::OK, [(header::ALLOW, METHODS)]).into_response());
    }
    if request.uri().path() == WELL_KNOWN_PATH {
        pass_over(request).await;
        return Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, ROOT)]).into_response());
    }
    // Nothing is kept for somebody whom nobody knows.
    let caller = match doors.admitted(request.headers()).await {
        Ok(caller) => caller,
        Err(refusal) => {
            pass_over(request).await;
            return Err(refusal);
        }
    };
    let asked = asked(request).await?;
    if asked.place.user().is_some_and(|user| user != caller.user.localpart()) {
        return Err(Refusal::plain(StatusCode::FORBIDDEN, "This is somebody else's calendar"));
    }
    match asked.method.as_str() {
        "PROPFIND" => propfind::answer(doors, &caller, &asked).await,
        "PROPPATCH" => propfind::refuse_changes(&asked),
        "REPORT" => report::answer(doors, &caller, &asked).await,
        "GET" | "HEAD" => object::get(doors, &caller, &asked).await,
        "PUT" => object::put(doors, &caller, &asked).await,
        "DELETE" => object::delete(doors, &caller, &asked).await,
        _ => Err(Refusal::plain(StatusCode::METHOD_NOT_ALLOWED, "This cannot be done with a calendar here")),
    }
}

/// Reads what nobody looks at, unless it is large: a connection with something unread on it is closed, and the program, which asks
/// again on it, would have no answer.
async fn pass_over(request: Request) {
    let mut unread = Limited::new(request.into_body(), UNREAD_BYTES_MAX);
    while let Some(Ok(_)) = unread.frame().await {}
}

async fn asked(request: Request) -> Result<Asked, Refusal> {
    let (parts, body) = request.into_parts();
    let place = Place::of(parts.uri.path())
        .ok_or_else(|| Refusal::plain(StatusCode::NOT_FOUND, "There is nothing at this address"))?;
    let body = Limited::new(body, REQUEST_BYTES_MAX).collect().await.map_err(|_| {
        Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large, or ended early")
    })?;
    Ok(Asked { method: parts.method, place, headers: parts.headers, body: body.to_bytes() })
}

impl Doors {
    /// Lets in whoever shows the name of an account of this server and a password of its calendar.
    async fn admitted(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let refused = || Refusal::unauthorized();
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, credentials) = shown.and_then(|shown| shown.split_once(' ')).ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(refused());
        }
        let credentials =
            STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let credentials = credentials.ok_or_else(refused)?;
        // Ids of accounts have a colon of their own, our passwords have none.
        let (name, password) = credentials.rsplit_once(':').ok_or_else(refused)?;
        let user = self.user(name).ok_or_else(refused)?;
        let owner = Address::from(user.clone()).to_string();
        if !self.calendars().is_password(&owner, password).await? {
            metrics::counter!("calendar_logins_total", "outcome" => "refused").increment(1);
            return Err(refused());
        }
        metrics::counter!("calendar_logins_total", "outcome" => "admitted").increment(1);
        Ok(Caller { user, owner })
    }

    /// The account that somebody means: all of its id, or the part before the colon.
    fn user(&self, name: &str) -> Option<OwnedUserId> {
        let server = &self.calendars().0.parts.server_name;
        if name.starts_with('@') {
            return UserId::parse(name).ok().filter(|user| user.server_name() == server);
        }
        UserId::parse(format!("@{name}:{server}")).ok()
    }
}
