//! Keys: the trait, its borrowed forms, and the writer and reader of their bytes.

use std::borrow::Cow;

use super::{CodecError, Encoded, Pending, SIGN, positions, read_numbers};

/// A type whose encoding sorts as its values do. Types of variable length end in a terminator, so that no key is a
/// prefix of another. For an own type write this and `store::key!(YourType);`.
pub trait Key: Sized + KeyOf<Self> {
    /// Writes the key.
    fn encode(&self, out: &mut KeyWriter);

    /// Reads what [`Key::encode`] wrote.
    fn decode(reader: &mut KeyReader<'_>) -> Result<Self, CodecError>;
}

/// Something that encodes as a key of type `K`: the key itself, or a borrowed form (`&UserId` for `OwnedUserId`,
/// `&str` for `String`, tuples of those).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not encode as a key of type `{K}`",
    note = "give the key in the table's own types or borrowed forms; an own key type needs `store::key!(Type);`"
)]
pub trait KeyOf<K> {
    /// Writes the same bytes as the owned key.
    fn encode_key(&self, out: &mut KeyWriter);
}

impl<K, T: KeyOf<K> + ?Sized> KeyOf<K> for &T {
    fn encode_key(&self, out: &mut KeyWriter) {
        (**self).encode_key(out);
    }
}

/// Collects the bytes of a key.
#[derive(Debug)]
pub struct KeyWriter(pub(super) Encoded);

positions!(KeyWriter);

/// Ends a text; smaller than every escaped byte.
const TERMINATOR: [u8; 2] = [0, 0];
/// Stands for a zero byte inside a text.
const ESCAPED_ZERO: [u8; 2] = [0, 0xFF];

impl KeyWriter {
    /// A writer that begins with the tag of a table.
    pub(crate) fn for_table(id: u16) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&id.to_be_bytes());
        Self(Encoded { bytes, ..Encoded::default() })
    }

    /// Writes a text of any length: zero bytes escaped, then a terminator.
    pub fn text(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
            self.0.bytes.extend_from_slice(&rest[..zero]);
            self.0.bytes.extend_from_slice(&ESCAPED_ZERO);
            rest = &rest[zero + 1..];
        }
        self.0.bytes.extend_from_slice(rest);
        self.0.bytes.extend_from_slice(&TERMINATOR);
    }

    pub(crate) fn finish(self) -> Encoded {
        self.0
    }
}

/// Walks over the bytes of a key.
#[derive(Debug)]
pub struct KeyReader<'a> {
    bytes: &'a [u8],
}

read_numbers!(KeyReader);

impl<'a> KeyReader<'a> {
    /// Reads a key without its table tag.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Reads what [`KeyWriter::text`] wrote.
    pub fn text(&mut self) -> Result<Cow<'a, [u8]>, CodecError> {
        let mut unescaped = Vec::new();
        loop {
            let zero = self
                .bytes
                .iter()
                .position(|byte| *byte == 0)
                .ok_or_else(|| CodecError::new("a text in a key has no end"))?;
            let (head, tail) = self.bytes.split_at(zero);
            let mark = tail.get(..2).ok_or_else(|| CodecError::new("a text in a key is cut off"))?;
            self.bytes = &tail[2..];
            if mark == TERMINATOR {
                if unescaped.is_empty() {
                    return Ok(Cow::Borrowed(head));
                }
                unescaped.extend_from_slice(head);
                return Ok(Cow::Owned(unescaped));
            } else if mark == ESCAPED_ZERO {
                unescaped.extend_from_slice(head);
                unescaped.push(0);
            } else {
                return Err(CodecError::new("a text in a key has a bad escape"));
            }
        }
    }

    /// Reads a text that must be UTF-8.
    pub fn string(&mut self) -> Result<String, CodecError> {
        String::from_utf8(self.text()?.into_owned()).map_err(|error| CodecError::new(error.to_string()))
    }

    /// Fails if bytes are left.
    pub fn finish(self) -> Result<(), CodecError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(CodecError::new(format!("{} bytes too many in a key", self.bytes.len())))
        }
    }
}
