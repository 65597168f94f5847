//! Writes events of a room into an answer, from stored bytes.

use bytes::Bytes;
use model::{EventForm, EventNum};
use rooms::{pagination::Window, token, visibility::Shown};

use crate::{context::Context, errors::SyncError, json::JsonWriter};

/// Client JSON of timeline events.
pub(crate) async fn timeline_events(
    context: &Context<'_>,
    events: &[Shown],
) -> Result<Vec<Bytes>, SyncError> {
    if context.filter.federation_format {
        return Ok(events.iter().map(|event| event.pdu.json().clone()).collect());
    }
    let rooms = &context.inner.parts.rooms;
    let written = rooms.client_events(context.reader(), context.viewer, events, EventForm::Sync).await?;
    Ok(project(context, written))
}

/// Client JSON of state events.
pub(crate) async fn state_events(
    context: &Context<'_>,
    events: &[EventNum],
) -> Result<Vec<Bytes>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    if context.filter.federation_format {
        let pdus = rooms.pdus(context.reader(), events).await?;
        return Ok(pdus.into_iter().map(|pdu| pdu.json().clone()).collect());
    }
    let written = rooms.state_events(context.reader(), context.viewer, events, EventForm::State).await?;
    Ok(project(context, written))
}

fn project(context: &Context<'_>, events: Vec<Bytes>) -> Vec<Bytes> {
    match &context.filter.fields {
        None => events,
        Some(fields) => events.iter().map(|event| fields.project(event)).collect(),
    }
}

/// Writes the `timeline` field.
pub(crate) fn write_timeline(
    json: &mut JsonWriter,
    window: &Window,
    events: &[Bytes],
    empty_at: model::TimelinePos,
) {
    let start = window.start.unwrap_or(empty_at);
    json.key("timeline").object(|json| {
        json.key("events").array(|json| {
            for event in events {
                json.raw(event);
            }
        });
        json.key("limited").boolean(window.limited);
        json.key("prev_batch").string(&token::encode(start));
    });
}
