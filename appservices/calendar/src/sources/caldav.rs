//! Asking a CalDAV server when somebody is busy: by the question for that, and where it is not understood, by the events.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use outbound::{Answer, Limits, Request};

use super::feeds::busy_of;
use crate::{
    Busy, CalendarError, Calendars, Span, Zone,
    dav::xml::{self, CALDAV, Element},
    ics,
    limits::{ANSWER_KEPT_MS, FEED_BYTES_MAX, FEED_INTERVALS_MAX, SOURCE_ANSWERS_MAX, SOURCE_TIME_MAX},
    service::Answered,
    time::joined,
};

/// Redirects that a server may send us on.
const REDIRECTS_MAX: usize = 3;

impl Calendars {
    /// When somebody is busy by a calendar of a CalDAV server. An answer is used again for a minute.
    pub(super) async fn ask_caldav(
        &self,
        owner: &str,
        id: &str,
        url: &str,
        login: (&str, &str),
        within: Span,
    ) -> Result<Vec<Busy>, CalendarError> {
        let key = (owner.to_owned(), id.to_owned());
        let now_ms = self.now_ms();
        let kept = self.0.answers.lock().get(&key).cloned();
        if let Some(kept) = kept
            && kept.within == within
            && now_ms < kept.at_ms.saturating_add(ANSWER_KEPT_MS)
        {
            return Ok(kept.intervals.to_vec());
        }
        let asking = self.ask_server(owner, url, login, within);
        let intervals = tokio::time::timeout(SOURCE_TIME_MAX, asking)
            .await
            .map_err(|_| CalendarError::Source("no answer in time".to_owned()))??;
        let answered = Answered { at_ms: now_ms, within, intervals: Arc::new(intervals.clone()) };
        let mut answers = self.0.answers.lock();
        if answers.len() >= SOURCE_ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(key, answered);
        Ok(intervals)
    }

    async fn ask_server(
        &self,
        owner: &str,
        url: &str,
        login: (&str, &str),
        within: Span,
    ) -> Result<Vec<Busy>, CalendarError> {
        let answer = self.report(url, login, &free_busy_query(within)).await?;
        if answer.status.is_success()
            && let Ok(Some(intervals)) = ics::read_busy(&answer.body)
        {
            return Ok(joined(intervals, within));
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(CalendarError::Source("the password is not accepted".to_owned()));
        }
        let answer = self.report(url, login, &calendar_query(within)).await?;
        if answer.status != StatusCode::MULTI_STATUS {
            return Err(CalendarError::Source(format!("the answer is {}", answer.status)));
        }
        let zone = &self.0.parts.zone;
        let intervals = busy_of_events(&answer.body, zone, owner, within)?;
        if intervals.len() > FEED_INTERVALS_MAX {
            return Err(CalendarError::TooLarge("the number of busy times"));
        }
        Ok(joined(intervals, within))
    }

    async fn report(&self, url: &str, login: (&str, &str), body: &str) -> Result<Answer, CalendarError> {
        let method =
            Method::from_bytes(b"REPORT").map_err(|error| CalendarError::Source(error.to_string()))?;
        let credentials = STANDARD.encode(format!("{}:{}", login.0, login.1));
        let request = Request::new(method, url)
            .header("authorization", &format!("Basic {credentials}"))
            .header("content-type", "application/xml; charset=utf-8")
            .header("depth", "1")
            .body(body.to_owned());
        let limits =
            Limits { bytes_max: FEED_BYTES_MAX, time_max: SOURCE_TIME_MAX, redirects_max: REDIRECTS_MAX };
        let failed = |error: outbound::OutboundError| CalendarError::Source(error.to_string());
        self.0.parts.outbound.open(request, limits).await.map_err(failed)?.collect().await.map_err(failed)
    }
}

fn time_range(within: Span) -> String {
    let utc = |at_ms: u64| Zone::utc().local(at_ms).strftime("%Y%m%dT%H%M%SZ").to_string();
    format!(r#"<C:time-range start="{}" end="{}"/>"#, utc(within.from_ms), utc(within.until_ms))
}

fn free_busy_query(within: Span) -> String {
    let range = time_range(within);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><C:free-busy-query xmlns:C="{CALDAV}">{range}</C:free-busy-query>"#
    )
}

fn calendar_query(within: Span) -> String {
    let range = time_range(within);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns:D="DAV:" xmlns:C="{CALDAV}"><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{range}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#
    )
}

/// When the owner of the events in a multi-status is busy.
fn busy_of_events(body: &[u8], zone: &Zone, owner: &str, within: Span) -> Result<Vec<Busy>, CalendarError> {
    let document = xml::read(body).map_err(|error| CalendarError::Source(error.to_string()))?;
    let mut data = Vec::new();
    collect(&document, &mut data);
    let mut intervals = Vec::new();
    for text in data {
        intervals.extend(busy_of(text.as_bytes(), zone, owner, within)?);
    }
    Ok(intervals)
}

fn collect<'a>(element: &'a Element, data: &mut Vec<&'a str>) {
    if element.is(CALDAV, "calendar-data") {
        data.push(&element.text);
    }
    for child in &element.children {
        collect(child, data);
    }
}
