//! The private address: all of a calendar, to read. Whoever knows the address may, so it is long, random, and can be ended.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    Doors,
    answer::{Refusal, calendar},
};
use crate::{
    Event, Span,
    ics::{self, Method},
    limits::{FEED_EVENTS_MAX, FEED_PAST_MS},
};

pub(super) async fn read(
    State(doors): State<Doors>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Ok(_place) = doors.0.places.try_acquire() else {
        return Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "Too many requests at once").into_response();
    };
    file(&doors, &secret, &headers).await.unwrap_or_else(Refusal::into_response)
}

async fn file(doors: &Doors, secret: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let unknown = || Refusal::plain(StatusCode::NOT_FOUND, "There is no calendar at this address");
    let secret = secret.strip_suffix(".ics").ok_or_else(unknown)?;
    let calendars = doors.calendars();
    let owner = calendars.owner_of_feed(secret).await?.ok_or_else(unknown)?;
    let etag = format!("\"{}\"", calendars.newest(&owner).await?);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let from_ms = calendars.now_ms().saturating_sub(FEED_PAST_MS);
    let objects = calendars.objects_within(&owner, Span { from_ms, until_ms: u64::MAX }).await?;
    let events: Vec<Event> =
        objects.into_iter().take(FEED_EVENTS_MAX).map(|object| object.row.item.event).collect();
    let mut response = calendar(ics::write(Some(Method::Publish), &events), Some(&etag));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
