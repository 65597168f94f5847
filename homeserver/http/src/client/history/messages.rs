//! `GET /_matrix/client/v3/rooms/{roomId}/messages`

use axum::extract::{Query, State};
use http::Uri;
use model::TimelinePos;
use rooms::{filter::EventFilter, pagination::PageQuery};
use ruma::api::{
    Direction, IncomingRequest, Metadata, client::message::get_message_events::v3::Request,
    error::DeserializationError,
};
use serde::Deserialize;

use super::{count, place, viewer};
use crate::{
    App, GuestAllowed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
    extract::WithFilter,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithFilter<AnyDirection>>,
) -> Result<JsonBytes, MatrixError> {
    let WithFilter { request: AnyDirection(request), part: extras } = request;
    let mut query = PageQuery {
        from: place("from", request.from.as_deref())?,
        to: place("to", request.to.as_deref())?,
        direction: request.dir,
        limit: count(request.limit),
        filter: EventFilter::new(&request.filter).with_extras(extras),
        lazy_load_members: !request.filter.lazy_load_options.is_disabled(),
        has_more_elsewhere: false,
    };
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    if query.direction == Direction::Backward {
        let before = query.from.unwrap_or(TimelinePos::MAX).min(room.newest());
        query.has_more_elsewhere = app.federation.fetch_history(room.room(), before, query.limit).await?;
    }
    let page = app.rooms.page(&app.store, viewer(&caller), &room, &query).await?;
    let mut answer = ObjectWriter::with_capacity(total(&page.chunk) + total(&page.state) + 100);
    answer.array("chunk", &page.chunk).text("start", &page.start).optional_text("end", page.end.as_deref());
    if !page.state.is_empty() {
        answer.array("state", &page.state);
    }
    Ok(answer.finish())
}

/// The request without its demand for `dir`: clients that leave it out have always been sent forward.
pub struct AnyDirection(Request);

#[derive(Deserialize)]
struct DirectionArgument {
    dir: Option<String>,
}

impl Metadata for AnyDirection {
    const METHOD: http::Method = Request::METHOD;
    const RATE_LIMITED: bool = Request::RATE_LIMITED;
    type Authentication = <Request as Metadata>::Authentication;
    type PathBuilder = <Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = Request::PATH_BUILDER;
}

impl IncomingRequest for AnyDirection {
    type EndpointError = <Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = <Request as IncomingRequest>::OutgoingResponse;

    fn try_from_http_request_inner(
        mut request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        if let Some(uri) = with_direction(request.uri()) {
            *request.uri_mut() = uri;
        }
        Ok(Self(Request::try_from_http_request_inner(request, path_args)?))
    }
}

/// The same address with `dir=f` added, when it has no `dir`.
fn with_direction(uri: &Uri) -> Option<Uri> {
    if Query::<DirectionArgument>::try_from_uri(uri).is_ok_and(|Query(argument)| argument.dir.is_some()) {
        return None;
    }
    let separator = if uri.query().is_some_and(|query| !query.is_empty()) { "&" } else { "" };
    let query = uri.query().unwrap_or_default();
    format!("{}?{query}{separator}dir=f", uri.path()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_direction_is_forward() {
        for (given, expected) in [
            ("/messages", Some("/messages?dir=f")),
            ("/messages?", Some("/messages?dir=f")),
            ("/messages?limit=1", Some("/messages?limit=1&dir=f")),
            ("/messages?dir=b", None),
            ("/messages?limit=1&dir=x", None),
        ] {
            let uri = with_direction(&given.parse().unwrap());
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), expected, "{given}");
        }
    }
}
