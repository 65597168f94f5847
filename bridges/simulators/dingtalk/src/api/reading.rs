//! Requests as handlers see them: path, query, JSON or a form, read as leniently as the platform does.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;
use simulator_stage::query;

use crate::refusal::Refusal;

/// A file of a form.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) part: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// The app behind the token; empty where none is needed.
    pub(crate) app: String,
    /// The token of the new API's header.
    pub(crate) token: String,
    /// By what the caller knows a repeat; empty without one.
    pub(crate) client_token: String,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) upload: Option<Upload>,
}

impl Call {
    /// Reads a request; nothing when its body is neither JSON nor a form.
    pub(crate) async fn read(path: Vec<String>, parts: &Parts, body: Bytes) -> Option<Self> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut call = Self {
            token: header("x-acs-dingtalk-access-token").to_owned(),
            client_token: header("x-client-token").to_owned(),
            path,
            query: query::pairs(parts.uri.query().unwrap_or("")),
            ..Self::default()
        };
        let content_type = header("content-type");
        if let Some(form) = query::form(content_type, body.clone()).await.ok()? {
            for part in form {
                match part.file {
                    Some(name) => call.upload = Some(Upload { part: part.name, name, bytes: part.bytes }),
                    None => {
                        call.fields.insert(part.name, String::from_utf8_lossy(&part.bytes).into_owned());
                    }
                }
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(&body);
            let fields = query::pairs(&text).into_iter().map(|(name, value)| (name, Value::String(value)));
            call.body = Value::Object(fields.collect());
        } else if !body.is_empty() {
            call.body = serde_json::from_slice(&body).ok()?;
        }
        Some(call)
    }

    /// A part of the path by its place.
    pub(crate) fn part(&self, place: usize) -> &str {
        self.path.get(place).map_or("", String::as_str)
    }

    /// The first value of a parameter of the query; empty when it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A text of the body; empty when it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of the body that must be there.
    pub(crate) fn needed(&self, name: &str, missing: &str) -> Result<&str, Refusal> {
        Some(self.text(name)).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::bad(missing))
    }

    /// A number of the body, also one that is written as a text.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = self.body.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// The texts of a list of the body.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.body.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_texts_too() {
        let call = Call { body: serde_json::json!({ "a": 5, "b": "6", "c": "x" }), ..Call::default() };
        assert_eq!((call.number("a"), call.number("b"), call.number("c")), (Some(5), Some(6), None));
    }
}
