//! REPORT: objects by time or by name, what changed, and when the owner is busy (RFC 4791, 7; RFC 6578).

use axum::response::Response;
use http::StatusCode;

use super::{
    Asked, Caller, Doors,
    answer::{Entry, Refusal, calendar, multi_status},
    paths::Place,
    properties::{Wanted, change_of_token, sync_token},
    propfind::ALWAYS,
    xml::{self, CALDAV, DAV, Element, escaped},
};
use crate::{
    Address, Span, Zone,
    ics::{self, civil},
    limits::{MULTIGET_MAX, QUESTION_INSTANCES_MAX},
    service::Object,
    time::joined,
};
use calcard::common::PartialDateTime;

pub(super) async fn answer(doors: &Doors, caller: &Caller, asked: &Asked) -> Result<Response, Refusal> {
    let document = xml::read(&asked.body);
    let document = document.map_err(|error| Refusal::plain(StatusCode::BAD_REQUEST, error.to_string()))?;
    let is_calendar = matches!(asked.place, Place::Calendar(_));
    match (document.namespace.as_str(), document.name.as_str()) {
        (CALDAV, "calendar-query") if is_calendar => query(doors, caller, &document).await,
        (CALDAV, "calendar-multiget") => multiget(doors, caller, &document).await,
        (DAV, "sync-collection") if is_calendar => sync(doors, caller, asked, &document).await,
        (CALDAV, "free-busy-query") if is_calendar => free_busy(doors, caller, &document).await,
        _ => {
            let text = "This report is not known here, or not of a calendar";
            Err(Refusal::condition(StatusCode::FORBIDDEN, DAV, "supported-report", text))
        }
    }
}

/// What is wanted of each object.
struct Form {
    wanted: Wanted,
    /// Instances one by one, within this time.
    expand: Option<Span>,
}

impl Form {
    fn of(document: &Element) -> Result<Self, Refusal> {
        let Some(prop) = document.child(DAV, "prop") else {
            return Ok(Self { wanted: Wanted::All, expand: None });
        };
        let data = prop.child(CALDAV, "calendar-data");
        let expand = data.and_then(|data| data.child(CALDAV, "expand")).map(span).transpose()?;
        Ok(Self { wanted: Wanted::named(prop), expand })
    }

    fn entry(&self, doors: &Doors, caller: &Caller, object: &Object) -> Result<Entry, Refusal> {
        let expanded = match self.expand {
            Some(within) => {
                let event = object.row.event();
                Some(ics::write_expanded(event, &event.occurrences(within)?))
            }
            None => None,
        };
        Ok(doors.object_entry(caller, object, &self.wanted, expanded.as_deref()))
    }
}

/// The time of a `time-range` or an `expand`; an end that is missing is open.
fn span(element: &Element) -> Result<Span, Refusal> {
    let time = |name: &str, open: u64| match element.attribute(name) {
        None => Ok(open),
        Some(text) => milliseconds(text).ok_or_else(|| {
            let text = format!("{name} must be a time in UTC like 20261105T020000Z");
            Refusal::condition(StatusCode::FORBIDDEN, CALDAV, "valid-filter", text)
        }),
    };
    Ok(Span { from_ms: time("start", ALWAYS.from_ms)?, until_ms: time("end", ALWAYS.until_ms)? })
}

fn milliseconds(text: &str) -> Option<u64> {
    let mut time = PartialDateTime::default();
    let is_time = time.parse_timestamp(&mut text.as_bytes().iter().peekable(), true);
    let local = civil(&time, &Zone::utc())?;
    (is_time && time.has_zone()).then(|| Zone::utc().at(local).at_ms)
}

async fn query(doors: &Doors, caller: &Caller, document: &Element) -> Result<Response, Refusal> {
    let form = Form::of(document)?;
    let filter = document.child(CALDAV, "filter").and_then(|filter| filter.child(CALDAV, "comp-filter"));
    let of_events = filter.and_then(|filter| filter.child(CALDAV, "comp-filter"));
    if of_events.is_some_and(|filter| filter.attribute("name").is_some_and(|name| name != "VEVENT")) {
        return Ok(multi_status(&[], ""));
    }
    let range = of_events.and_then(|filter| filter.child(CALDAV, "time-range")).map(span).transpose()?;
    let matches = of_events.map(text_matches).transpose()?.unwrap_or_default();
    let objects = doors.calendars().objects_within(&caller.owner, range.unwrap_or(ALWAYS)).await?;
    let mut instances_left = QUESTION_INSTANCES_MAX;
    let mut entries = Vec::new();
    for object in objects {
        let event = object.row.event();
        if !matches.iter().all(|wanted| wanted.fits(event)) {
            continue;
        }
        if let Some(range) = range {
            let (found, looked_at) = event.counted_occurrences(range, instances_left)?;
            instances_left = instances_left.saturating_sub(looked_at).max(1);
            if found.is_empty() {
                continue;
            }
        }
        entries.push(form.entry(doors, caller, &object)?);
    }
    Ok(multi_status(&entries, ""))
}

/// A word that must be in a property.
struct TextMatch {
    property: String,
    text: String,
    is_negated: bool,
}

impl TextMatch {
    fn fits(&self, event: &crate::Event) -> bool {
        let values: Vec<&str> = match self.property.as_str() {
            "UID" => vec![&event.uid],
            "SUMMARY" => vec![&event.title],
            "LOCATION" => event.location.as_deref().into_iter().collect(),
            _ => vec![&event.description],
        };
        let has = values.iter().any(|value| value.to_lowercase().contains(&self.text));
        has != self.is_negated
    }
}

/// The words that a filter asks for. Other filters than these cannot be judged and are refused by name.
fn text_matches(filter: &Element) -> Result<Vec<TextMatch>, Refusal> {
    let mut matches = Vec::new();
    for child in &filter.children {
        if child.is(CALDAV, "time-range") {
            continue;
        }
        let property = child.attribute("name").unwrap_or_default().to_uppercase();
        let text = child.child(CALDAV, "text-match");
        let is_known = matches!(property.as_str(), "UID" | "SUMMARY" | "LOCATION" | "DESCRIPTION");
        match text {
            Some(text) if child.is(CALDAV, "prop-filter") && is_known => matches.push(TextMatch {
                property,
                text: text.text.to_lowercase(),
                is_negated: text.attribute("negate-condition") == Some("yes"),
            }),
            Some(_) | None => {
                let text = "Filters are times, and words in UID, SUMMARY, LOCATION and DESCRIPTION";
                return Err(Refusal::condition(StatusCode::FORBIDDEN, CALDAV, "supported-filter", text));
            }
        }
    }
    Ok(matches)
}

async fn multiget(doors: &Doors, caller: &Caller, document: &Element) -> Result<Response, Refusal> {
    let form = Form::of(document)?;
    let hrefs = document.children.iter().filter(|child| child.is(DAV, "href"));
    let hrefs: Vec<&str> = hrefs.map(|href| href.text.trim()).collect();
    if hrefs.len() > MULTIGET_MAX {
        return Err(Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, "Ask for fewer events at once"));
    }
    let mut entries = Vec::with_capacity(hrefs.len());
    for href in hrefs {
        let object = match Place::of(href) {
            Some(Place::Object(user, name)) if user == caller.user.localpart() => {
                doors.calendars().object(&caller.owner, &name).await?
            }
            Some(_) | None => None,
        };
        entries.push(match object {
            Some(object) => form.entry(doors, caller, &object)?,
            None => Entry::gone(href.to_owned()),
        });
    }
    Ok(multi_status(&entries, ""))
}

async fn sync(
    doors: &Doors,
    caller: &Caller,
    asked: &Asked,
    document: &Element,
) -> Result<Response, Refusal> {
    let form = Form::of(document)?;
    let token = document.child(DAV, "sync-token").map(|token| token.text.trim()).unwrap_or_default();
    let too_old = || {
        let text = "This token is too old, or not one of ours; begin without one";
        Refusal::condition(StatusCode::FORBIDDEN, DAV, "valid-sync-token", text)
    };
    let since = if token.is_empty() { 0 } else { change_of_token(token).ok_or_else(too_old)? };
    let limit = document.child(DAV, "limit").and_then(|limit| limit.child(DAV, "nresults"));
    let limit = limit.and_then(|limit| limit.text.trim().parse().ok()).unwrap_or(usize::MAX);
    let changes = doors.calendars().changes(&caller.owner, since, limit).await?.ok_or_else(too_old)?;
    let mut entries = Vec::new();
    for name in changes.written {
        if let Some(object) = doors.calendars().object(&caller.owner, &name).await? {
            entries.push(form.entry(doors, caller, &object)?);
        }
    }
    // Whoever begins has nothing that could be gone.
    if since > 0 {
        let user = caller.user.localpart();
        let gone = changes.removed.into_iter().map(|name| Place::Object(user.to_owned(), name).href());
        entries.extend(gone.map(Entry::gone));
    }
    if changes.is_cut {
        let status = Some(StatusCode::INSUFFICIENT_STORAGE);
        entries.push(Entry { href: asked.place.href(), status, ..Entry::default() });
    }
    let tail = format!("<D:sync-token>{}</D:sync-token>", escaped(&sync_token(changes.until)));
    Ok(multi_status(&entries, &tail))
}

async fn free_busy(doors: &Doors, caller: &Caller, document: &Element) -> Result<Response, Refusal> {
    let range = document
        .child(CALDAV, "time-range")
        .ok_or_else(|| Refusal::plain(StatusCode::BAD_REQUEST, "A free-busy-query needs a time-range"))?;
    let within = span(range)?;
    let who = Address::from(caller.user.clone());
    let intervals = doors.calendars().own_busy(&who, within, false).await?;
    let now_ms = doors.calendars().now_ms();
    Ok(calendar(ics::write_busy(&joined(intervals, within), within, now_ms), None))
}
