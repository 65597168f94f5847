//! Answers of the CalDAV door.

use std::fmt::Write as _;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::xml::{CALDAV, CALENDAR_SERVER, DAV, escaped};
use crate::CalendarError;

/// The name of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub namespace: String,
    pub name: String,
}

impl Name {
    /// The element of this name around something that is XML already.
    fn around(&self, inner: &str) -> String {
        let (tag, declaration) = match self.namespace.as_str() {
            DAV => (format!("D:{}", self.name), String::new()),
            CALDAV => (format!("C:{}", self.name), String::new()),
            CALENDAR_SERVER => (format!("CS:{}", self.name), String::new()),
            other => (format!("X:{}", self.name), format!(" xmlns:X=\"{}\"", escaped(other))),
        };
        match inner {
            "" => format!("<{tag}{declaration}/>"),
            inner => format!("<{tag}{declaration}>{inner}</{tag}>"),
        }
    }
}

/// What one resource says.
#[derive(Debug)]
pub(super) struct Entry {
    pub href: String,
    pub found: Vec<(Name, String)>,
    pub missing: Vec<Name>,
    /// Why `missing` are.
    pub missing_status: StatusCode,
    /// The status of the resource itself, where it has no properties.
    pub status: Option<StatusCode>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            href: String::new(),
            found: Vec::new(),
            missing: Vec::new(),
            missing_status: StatusCode::NOT_FOUND,
            status: None,
        }
    }
}

impl Entry {
    pub fn gone(href: String) -> Self {
        Self { href, status: Some(StatusCode::NOT_FOUND), ..Self::default() }
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<D:response><D:href>{}</D:href>", escaped(&self.href));
        if let Some(status) = self.status {
            let _ = write!(out, "<D:status>{}</D:status>", line(status));
        }
        if !self.found.is_empty() || (self.missing.is_empty() && self.status.is_none()) {
            let props: String = self.found.iter().map(|(name, inner)| name.around(inner)).collect();
            let _ = write!(
                out,
                "<D:propstat><D:prop>{props}</D:prop><D:status>{}</D:status></D:propstat>",
                line(StatusCode::OK)
            );
        }
        if !self.missing.is_empty() {
            let props: String = self.missing.iter().map(|name| name.around("")).collect();
            let _ = write!(
                out,
                "<D:propstat><D:prop>{props}</D:prop><D:status>{}</D:status></D:propstat>",
                line(self.missing_status)
            );
        }
        out.push_str("</D:response>");
    }
}

fn line(status: StatusCode) -> String {
    format!("HTTP/1.1 {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}

/// 207 with what the resources say; `tail` is XML behind them.
pub(super) fn multi_status(entries: &[Entry], tail: &str) -> Response {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:multistatus xmlns:D=\"{DAV}\" xmlns:C=\"{CALDAV}\" xmlns:CS=\"{CALENDAR_SERVER}\">"
    );
    for entry in entries {
        entry.write(&mut out);
    }
    out.push_str(tail);
    out.push_str("</D:multistatus>");
    xml(StatusCode::MULTI_STATUS, out)
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response()
}

/// iCalendar, with its version if it has one.
pub(super) fn calendar(text: String, etag: Option<&str>) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    if let Some(Ok(etag)) = etag.map(HeaderValue::from_str) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// A request that is not done, and which condition of the standard it breaks (RFC 4791, 1.3).
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    condition: Option<Name>,
    text: String,
}

impl Refusal {
    pub fn plain(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, condition: None, text: text.into() }
    }

    pub fn condition(status: StatusCode, namespace: &str, name: &str, text: impl Into<String>) -> Self {
        let condition = Name { namespace: namespace.to_owned(), name: name.to_owned() };
        Self { status, condition: Some(condition), text: text.into() }
    }

    /// Nobody we know.
    pub fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Log in with your account and a password made by: !meet caldav")
    }

    pub fn into_response(self) -> Response {
        let is_unknown = self.status == StatusCode::UNAUTHORIZED;
        let mut response = self.written();
        if is_unknown {
            let scheme = HeaderValue::from_static("Basic realm=\"Calendar\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }

    fn written(self) -> Response {
        let Some(condition) = self.condition else {
            return (self.status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.text)
                .into_response();
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:error xmlns:D=\"{DAV}\" xmlns:C=\"{CALDAV}\" xmlns:CS=\"{CALENDAR_SERVER}\">{}<D:responsedescription>{}</D:responsedescription></D:error>",
            condition.around(""),
            escaped(&self.text)
        );
        xml(self.status, body)
    }
}

impl From<CalendarError> for Refusal {
    fn from(error: CalendarError) -> Self {
        let text = error.to_string();
        let refused = |name| Self::condition(StatusCode::FORBIDDEN, CALDAV, name, text.clone());
        match error {
            CalendarError::Store(error) => {
                tracing::error!(%error, "a calendar request failed");
                Self::plain(StatusCode::SERVICE_UNAVAILABLE, "The calendar cannot be reached now")
            }
            CalendarError::Recurrence(_) => refused("max-instances"),
            CalendarError::Zone(_) | CalendarError::Unreadable(_) => refused("valid-calendar-data"),
            CalendarError::TooLarge(_) => refused("max-resource-size"),
            CalendarError::Conflict => Self::plain(StatusCode::PRECONDITION_FAILED, text),
            CalendarError::Source(_) | CalendarError::Elsewhere { .. } => {
                Self::plain(StatusCode::BAD_GATEWAY, text)
            }
        }
    }
}

impl From<store::StoreError> for Refusal {
    fn from(error: store::StoreError) -> Self {
        CalendarError::from(error).into()
    }
}
