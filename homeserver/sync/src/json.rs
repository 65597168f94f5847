//! Writes JSON text into one growing buffer: commas and quotes, no tree.
//!
//! Values that are JSON already, above all stored events, are copied as they are. The writer does not check that
//! keys stand in objects only; its few callers do that by shape.

use bytes::Bytes;

/// A JSON text under construction.
pub(crate) struct JsonWriter {
    out: Vec<u8>,
    /// Whether the next value is the first of its object or array, or follows a key.
    fresh: bool,
}

/// A place in a text under construction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    length: usize,
    fresh: bool,
}

impl JsonWriter {
    /// An empty text with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { out: Vec::with_capacity(capacity), fresh: true }
    }

    /// The finished text.
    pub fn finish(self) -> Bytes {
        Bytes::from(self.out)
    }

    /// How many bytes there are so far.
    pub fn length(&self) -> usize {
        self.out.len()
    }

    /// Where the text stands now, for [`Self::rollback`].
    pub fn mark(&self) -> Mark {
        Mark { length: self.out.len(), fresh: self.fresh }
    }

    /// Forgets everything written since the mark.
    pub fn rollback(&mut self, mark: Mark) {
        self.out.truncate(mark.length);
        self.fresh = mark.fresh;
    }

    /// Writes an object whose fields `fill` writes.
    pub fn object<R>(&mut self, fill: impl FnOnce(&mut Self) -> R) -> R {
        self.open(b'{');
        let result = fill(self);
        self.close(b'}');
        result
    }

    /// Writes an array whose elements `fill` writes.
    pub fn array<R>(&mut self, fill: impl FnOnce(&mut Self) -> R) -> R {
        self.open(b'[');
        let result = fill(self);
        self.close(b']');
        result
    }

    /// Opens an object or array that a later [`Self::close`] ends.
    pub fn open(&mut self, bracket: u8) {
        self.separate();
        self.out.push(bracket);
        self.fresh = true;
    }

    /// Closes what [`Self::open`] opened.
    pub fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.fresh = false;
    }

    /// Writes a key; the next call writes its value.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        write_string(&mut self.out, key);
        self.out.push(b':');
        self.fresh = true;
        self
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        write_string(&mut self.out, text);
    }

    /// Writes a number.
    pub fn number(&mut self, number: u64) {
        self.raw(number.to_string().as_bytes());
    }

    /// Writes `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// Copies a value that is JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.out.extend_from_slice(json);
    }

    /// Writes `"key":{"events":[…]}` from events that are JSON already.
    pub fn events<E: AsRef<[u8]>>(&mut self, key: &str, events: impl IntoIterator<Item = E>) {
        self.key(key).object(|json| {
            json.key("events").array(|json| {
                for event in events {
                    json.raw(event.as_ref());
                }
            });
        });
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.out.push(b',');
        }
        self.fresh = false;
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing a string into memory cannot fail; an empty one keeps the text whole all the same.
        out.extend_from_slice(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commas_stand_between_values_only() {
        let mut json = JsonWriter::with_capacity(0);
        json.object(|json| {
            json.key("a").number(1);
            json.key("b").array(|json| {
                json.boolean(true);
                json.object(|_| ());
                json.raw(b"{\"x\":1}");
            });
            json.key("c").object(|json| json.key("d").string("e"));
            json.events("f", [b"{}".as_slice(), b"{}"]);
        });
        let expected = r#"{"a":1,"b":[true,{},{"x":1}],"c":{"d":"e"},"f":{"events":[{},{}]}}"#;
        assert_eq!(json.finish(), expected);
    }

    proptest! {
        #[test]
        fn every_string_is_quoted_right(text in ".*") {
            let mut json = JsonWriter::with_capacity(0);
            json.object(|json| json.key(&text).string(&text));
            let value: serde_json::Value = serde_json::from_slice(&json.finish()).expect("JSON");
            prop_assert_eq!(value, serde_json::json!({ &text: &text }));
        }
    }
}
