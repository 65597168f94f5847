//! Asking a CalDAV server when somebody is busy: by the question for that, and where it is not understood, by the events. And
//! looking whether there is a calendar at all, and lets its owner in.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use outbound::{Answer, Limits, Request};

use super::{SourceFault, feeds::busy_of};
use crate::{
    Busy, CalendarError, Calendars, Span, Zone,
    dav::xml::{self, CALDAV, DAV, Element, XmlError},
    ics,
    limits::{
        ANSWER_KEPT_MS, FEED_BYTES_MAX, FEED_INTERVALS_MAX, FEED_TIME_MAX, QUESTION_MS_MAX,
        SOURCE_ANSWERS_MAX, SOURCE_TIME_MAX,
    },
    service::Answered,
    tables::FetchedRow,
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
        let asking = self.ask_server(owner, url, login, within, SOURCE_TIME_MAX);
        let intervals = tokio::time::timeout(SOURCE_TIME_MAX, asking)
            .await
            .map_err(|_| SourceFault::Unreachable.because("no answer in time"))??;
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
        time_max: Duration,
    ) -> Result<Vec<Busy>, CalendarError> {
        let ask = |body| self.request("REPORT", url, login, "1", body, time_max);
        let answer = ask(free_busy_query(within)).await?;
        if answer.status.is_success()
            && let Ok(Some(intervals)) = ics::read_busy(&answer.body)
        {
            return Ok(joined(intervals, within));
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(SourceFault::Login.because("the password is not accepted"));
        }
        let answer = ask(calendar_query(within)).await?;
        if answer.status != StatusCode::MULTI_STATUS {
            return Err(refused(answer.status));
        }
        let zone = &self.0.parts.zone;
        let intervals = busy_of_events(&answer.body, zone, owner, within)?;
        if intervals.len() > FEED_INTERVALS_MAX {
            return Err(CalendarError::TooLarge("the number of busy times"));
        }
        Ok(joined(intervals, within))
    }

    /// Whether there is a calendar that lets its owner in; at the first look also what is in it.
    pub(super) async fn look_at_caldav(
        &self,
        owner: &str,
        url: &str,
        login: (&str, &str),
        before: &FetchedRow,
    ) -> Result<FetchedRow, CalendarError> {
        let asked = RESOURCE_TYPE.to_owned();
        let answer = self.request("PROPFIND", url, login, "0", asked, FEED_TIME_MAX).await?;
        if answer.status != StatusCode::MULTI_STATUS {
            return Err(refused(answer.status));
        }
        let document = xml::read(&answer.body).map_err(|error| not_a_calendar(&error))?;
        if !holds_calendar(&document) {
            return Err(SourceFault::NotACalendar.because("it is no calendar"));
        }
        if before.at_ms != 0 {
            return Ok(before.clone());
        }
        let now_ms = self.now_ms();
        let within = Span { from_ms: now_ms, until_ms: now_ms.saturating_add(QUESTION_MS_MAX) };
        let intervals = self.ask_server(owner, url, login, within, FEED_TIME_MAX).await?;
        let (from_ms, until_ms) = (within.from_ms, within.until_ms);
        Ok(FetchedRow { from_ms, until_ms, intervals, ..FetchedRow::default() })
    }

    async fn request(
        &self,
        method: &str,
        url: &str,
        login: (&str, &str),
        depth: &str,
        body: String,
        time_max: Duration,
    ) -> Result<Answer, CalendarError> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|error| SourceFault::Unreachable.because(error.to_string()))?;
        let credentials = STANDARD.encode(format!("{}:{}", login.0, login.1));
        let request = Request::new(method, url)
            .header("authorization", &format!("Basic {credentials}"))
            .header("content-type", "application/xml; charset=utf-8")
            .header("depth", depth)
            .body(body);
        let limits = Limits { bytes_max: FEED_BYTES_MAX, time_max, redirects_max: REDIRECTS_MAX };
        let failed = |error: outbound::OutboundError| SourceFault::outside(&error);
        self.0.parts.outbound.open(request, limits).await.map_err(failed)?.collect().await.map_err(failed)
    }
}

/// Why a server that answers like this is not asked on.
pub(super) fn refused(status: StatusCode) -> CalendarError {
    let fault = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SourceFault::Login,
        status if status.is_server_error() => SourceFault::Unreachable,
        _ => SourceFault::NotACalendar,
    };
    fault.because(format!("the answer is {status}"))
}

fn not_a_calendar(error: &XmlError) -> CalendarError {
    SourceFault::NotACalendar.because(error.to_string())
}

/// Asks what is at an address.
const RESOURCE_TYPE: &str = r#"<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop></D:propfind>"#;

/// Whether a multi-status says of anything that it is a calendar.
fn holds_calendar(element: &Element) -> bool {
    let is_calendar = element.is(DAV, "resourcetype") && element.child(CALDAV, "calendar").is_some();
    is_calendar || element.children.iter().any(holds_calendar)
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
    let document = xml::read(body).map_err(|error| not_a_calendar(&error))?;
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
