//! Requests as handlers see them: path, query, JSON or a form, read as leniently as the platform does.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

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
            path,
            query: pairs(parts.uri.query().unwrap_or("")),
            ..Self::default()
        };
        if let Ok(boundary) = multer::parse_boundary(header("content-type")) {
            call.read_form(boundary, body).await.then_some(call)
        } else if header("content-type").starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(&body);
            let fields = pairs(&text).into_iter().map(|(name, value)| (name, Value::String(value)));
            call.body = Value::Object(fields.collect());
            Some(call)
        } else if body.is_empty() {
            Some(call)
        } else {
            call.body = serde_json::from_slice(&body).ok()?;
            Some(call)
        }
    }

    async fn read_form(&mut self, boundary: String, body: Bytes) -> bool {
        let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut form = multer::Multipart::new(stream, boundary);
        loop {
            let field = match form.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => return true,
                Err(_) => return false,
            };
            let part = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let Ok(bytes) = field.bytes().await else { return false };
            if let Some(name) = file {
                self.upload = Some(Upload { part, name, bytes });
            } else {
                self.fields.insert(part, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
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

/// The pairs of a query or a form.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Without percent signs; what is broken stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, left)) = rest.split_first() {
        let digits = left.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &left[2..];
            }
            None => {
                bytes.push(first);
                rest = left;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let expected = [("a", "1"), ("id", "cid/+=="), ("b", "张 三"), ("a", "%zz"), ("c", "")];
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(pairs("a=1&id=cid%2F%2B%3D%3D&b=%E5%BC%A0+%E4%B8%89&a=%zz&c"), expected);
    }

    #[test]
    fn numbers_are_taken_as_texts_too() {
        let call = Call { body: serde_json::json!({ "a": 5, "b": "6", "c": "x" }), ..Call::default() };
        assert_eq!((call.number("a"), call.number("b"), call.number("c")), (Some(5), Some(6), None));
    }
}
