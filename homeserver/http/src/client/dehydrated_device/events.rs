//! `…/dehydrated_device/{device_id}/events`, by GET as the proposal has it and by POST as older clients call it.

use axum::extract::State;
use bytes::Bytes;
use http::{Method, Request as HttpRequest};
use keys::DehydratedEvents;
use model::StreamPos;
use ruma::{
    OwnedDeviceId,
    api::{
        IncomingRequest, Metadata,
        client::dehydrated_device::get_events::unstable::{Request, Response},
        error::DeserializationError,
    },
    serde::Raw,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Answer, App, Authed, Caller, MatrixError, answer::JsonBytes, extract::percent_decode};

/// The GET, for which ruma has no type.
pub struct GetRequest {
    device_id: OwnedDeviceId,
    from: Option<String>,
}

impl Metadata for GetRequest {
    const METHOD: Method = Method::GET;
    const RATE_LIMITED: bool = Request::RATE_LIMITED;
    type Authentication = <Request as Metadata>::Authentication;
    type PathBuilder = <Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = Request::PATH_BUILDER;
}

impl IncomingRequest for GetRequest {
    type EndpointError = <Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = Response;

    fn try_from_http_request_inner(
        request: HttpRequest<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let mut query = request.uri().query().unwrap_or_default().split('&');
        let from = query.find_map(|pair| pair.strip_prefix("from=")).and_then(percent_decode);
        let device_id = path_args.first().copied().unwrap_or_default().into();
        Ok(Self { device_id, from })
    }
}

/// The answer to it: ruma's type would say `null` where the field must be absent.
#[derive(Serialize)]
struct Page {
    events: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
}

/// A page of messages; `next_batch` is there when there are more.
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<GetRequest>,
) -> Result<JsonBytes, MatrixError> {
    let page = page(&app, &caller, &request.device_id, request.from.as_deref()).await?;
    let next_batch = page.more.then(|| page.next.get().to_string());
    let text = serde_json::to_vec(&Page { events: events(page), next_batch });
    text.map(|text| JsonBytes(Bytes::from(text)))
        .map_err(|error| MatrixError::internal("serialise events", error))
}

/// The same for older clients, which ask until a page is empty: `next_batch` is always there, or they would begin
/// again at the first page.
pub async fn post(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let page = page(&app, &caller, &request.device_id, request.next_batch.as_deref()).await?;
    let next = page.next.get().to_string();
    let mut response = Response::new(events(page).into_iter().map(Raw::from_json).collect());
    response.next_batch = Some(next);
    Ok(Answer(response))
}

async fn page(
    app: &App,
    caller: &Caller,
    device: &ruma::DeviceId,
    from: Option<&str>,
) -> Result<DehydratedEvents, MatrixError> {
    let after = match from {
        None | Some("") => 0,
        Some(text) => {
            text.parse().map_err(|_| MatrixError::invalid_param("This is no token of this endpoint"))?
        }
    };
    Ok(app.keys.dehydrated_events(&app.store, &caller.user, device, StreamPos::new(after)).await?)
}

fn events(page: DehydratedEvents) -> Vec<Box<RawValue>> {
    let event = |event: &[u8]| RawValue::from_string(String::from_utf8(event.to_vec()).ok()?).ok();
    page.events.iter().filter_map(|(_, text)| event(text)).collect()
}
