//! JSON answers put together from stored bytes, so that events are copied and not parsed again.

use bytes::Bytes;
use model::json::append_array;

use crate::JsonBytes;

/// A JSON object in the making. Names are ours and need no escapes.
pub struct ObjectWriter {
    out: Vec<u8>,
}

impl ObjectWriter {
    /// An object without members, with room for `bytes` bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes + 2);
        out.push(b'{');
        Self { out }
    }

    fn name(&mut self, name: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Adds a member whose value is JSON already.
    pub fn json(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.name(name);
        self.out.extend_from_slice(value);
        self
    }

    /// Adds a member whose value is a list of things that are JSON already.
    pub fn array(&mut self, name: &str, values: &[Bytes]) -> &mut Self {
        self.name(name);
        append_array(&mut self.out, values);
        self
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let value = serde_json::Value::from(value).to_string();
        self.json(name, value.as_bytes())
    }

    /// Adds a text, if there is one.
    pub fn optional_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// The finished answer.
    pub fn finish(&mut self) -> JsonBytes {
        self.out.push(b'}');
        JsonBytes(std::mem::take(&mut self.out).into())
    }
}

/// A list of things that are JSON already, as a whole answer.
pub fn array(values: &[Bytes]) -> JsonBytes {
    let mut out = Vec::with_capacity(total(values));
    append_array(&mut out, values);
    JsonBytes(out.into())
}

/// Bytes that a list takes.
pub fn total(values: &[Bytes]) -> usize {
    values.iter().map(|value| value.len() + 1).sum::<usize>() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_json() {
        let events = [Bytes::from_static(b"{\"a\":1}"), Bytes::from_static(b"{}")];
        let mut writer = ObjectWriter::with_capacity(10);
        writer.array("chunk", &events).text("start", "a\"b").optional_text("end", None).array("none", &[]);
        let JsonBytes(json) = writer.finish();
        assert_eq!(json, r#"{"chunk":[{"a":1},{}],"start":"a\"b","none":[]}"#);
        assert_eq!(array(&events).0, r#"[{"a":1},{}]"#);
    }
}
