//! Requests as handlers see them: query, JSON or a form.

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;
use simulator_stage::query;

use crate::refusal::Refusal;

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// The app behind the token; 0 where none is needed.
    pub(crate) agent: u64,
    query: Vec<(String, String)>,
    pub(crate) body: Value,
    /// The file of a form: its name and what it holds.
    pub(crate) upload: Option<(String, Bytes)>,
    /// The first and the last byte that are asked for.
    pub(crate) range: Option<(usize, Option<usize>)>,
}

impl Call {
    /// Reads a request; nothing when its body is neither JSON nor a form.
    pub(super) async fn read(parts: &Parts, body: Bytes) -> Option<Self> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut call = Self {
            query: query::pairs(parts.uri.query().unwrap_or("")),
            range: range(header("range")),
            ..Self::default()
        };
        match query::form(header("content-type"), body.clone()).await.ok()? {
            Some(form) => {
                let file = form.into_iter().find(|part| part.name == "media" && part.file.is_some());
                call.upload = file.map(|part| (part.file.unwrap_or_default(), part.bytes));
            }
            None if body.is_empty() => call.body = Value::Object(serde_json::Map::new()),
            None => call.body = serde_json::from_slice(&body).ok().filter(Value::is_object)?,
        }
        Some(call)
    }

    /// The first value of a parameter of the query; empty when it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A number of the query.
    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        self.query(name).parse().ok()
    }

    /// A text of the body; empty when it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        text(&self.body, name)
    }

    /// A text of the body that must be there.
    pub(crate) fn needed(&self, name: &str, missing: i64) -> Result<&str, Refusal> {
        Some(self.text(name)).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::new(missing))
    }

    /// A number of the body, also one that is written as a text.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = self.body.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// The texts of a list of the body.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        texts(self.body.get(name))
    }
}

/// A text of an object; empty when it is missing.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list.
pub(crate) fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `bytes=first-last`, whose last may be missing.
fn range(header: &str) -> Option<(usize, Option<usize>)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes=0-99"), Some((0, Some(99))));
        assert_eq!(range("bytes=5-"), Some((5, None)));
        assert_eq!(range("items=0-9"), None);
    }
}
