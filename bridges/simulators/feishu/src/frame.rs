//! The frames of a long connection: protobuf of the package `pbbp2`, written and read by hand so that nobody's
//! library stands between the reference and the bytes.

use crate::limits::FRAME_HEADERS_MAX;

/// The method of a control frame: ping and pong.
pub(crate) const CONTROL: i32 = 0;
/// The method of a data frame: an event and its acknowledgement.
pub(crate) const DATA: i32 = 1;

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

/// One message of the socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) seq_id: u64,
    pub(crate) log_id: u64,
    pub(crate) service: i32,
    pub(crate) method: i32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) log_id_new: Option<String>,
}

/// What is wrong with bytes that should be a frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame: {0}")]
pub(crate) struct Malformed(&'static str);

impl Frame {
    /// The value of the first header with this key.
    pub(crate) fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The bytes. Fields 1 to 4 are required and stand there even when they are 0.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_number(&mut out, 1, self.seq_id);
        put_number(&mut out, 2, self.log_id);
        put_number(&mut out, 3, i64::from(self.service).cast_unsigned());
        put_number(&mut out, 4, i64::from(self.method).cast_unsigned());
        for (key, value) in &self.headers {
            let mut header = Vec::new();
            put_bytes(&mut header, 1, key.as_bytes());
            put_bytes(&mut header, 2, value.as_bytes());
            put_bytes(&mut out, 5, &header);
        }
        if let Some(payload) = &self.payload {
            put_bytes(&mut out, 8, payload);
        }
        if let Some(log_id) = &self.log_id_new {
            put_bytes(&mut out, 9, log_id.as_bytes());
        }
        out
    }

    /// Reads a frame; a required field that is missing, or bytes that end too early, are refused.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut frame = Self::default();
        let mut seen = [false; 4];
        let mut rest = bytes;
        while !rest.is_empty() {
            let (field, value) = take_field(&mut rest)?;
            match (field, value) {
                (1, Value::Number(number)) => frame.seq_id = number,
                (2, Value::Number(number)) => frame.log_id = number,
                (3, Value::Number(number)) => frame.service = int32(number)?,
                (4, Value::Number(number)) => frame.method = int32(number)?,
                (5, Value::Bytes(header)) if frame.headers.len() < FRAME_HEADERS_MAX => {
                    frame.headers.push(decode_header(header)?);
                }
                (8, Value::Bytes(payload)) => frame.payload = Some(payload.to_vec()),
                (9, Value::Bytes(log_id)) => frame.log_id_new = Some(text(log_id)?),
                (1..=5 | 8 | 9, _) => {
                    return Err(Malformed("a field has another type, or there are too many"));
                }
                _ => {}
            }
            if let Some(slot) = usize::try_from(field).ok().and_then(|field| seen.get_mut(field - 1)) {
                *slot = true;
            }
        }
        if seen.contains(&false) { Err(Malformed("a required field is missing")) } else { Ok(frame) }
    }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

fn decode_header(mut rest: &[u8]) -> Result<(String, String), Malformed> {
    let (mut key, mut value) = (None, None);
    while !rest.is_empty() {
        match take_field(&mut rest)? {
            (1, Value::Bytes(bytes)) => key = Some(text(bytes)?),
            (2, Value::Bytes(bytes)) => value = Some(text(bytes)?),
            _ => {}
        }
    }
    key.zip(value).ok_or(Malformed("a header lacks its key or its value"))
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Value<'a>), Malformed> {
    let tag = take_varint(rest)?;
    if tag >> 3 == 0 {
        return Err(Malformed("a field has the number 0"));
    }
    let value = match tag & 7 {
        VARINT => Value::Number(take_varint(rest)?),
        BYTES => {
            let length = usize::try_from(take_varint(rest)?).unwrap_or(usize::MAX);
            Value::Bytes(take_bytes(rest, length)?)
        }
        FIXED_64 => take_bytes(rest, 8).map(|_| Value::Other)?,
        FIXED_32 => take_bytes(rest, 4).map(|_| Value::Other)?,
        _ => return Err(Malformed("an unknown wire type")),
    };
    Ok((tag >> 3, value))
}

fn take_bytes<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Malformed("it ends too early"))?;
    *rest = left;
    Ok(taken)
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, left) = rest.split_first().ok_or(Malformed("it ends too early"))?;
        *rest = left;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Malformed("a number has too many bytes"))
}

fn int32(number: u64) -> Result<i32, Malformed> {
    i32::try_from(number.cast_signed()).map_err(|_| Malformed("a number is too large"))
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Malformed("a text is not UTF-8"))
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_number(out: &mut Vec<u8>, field: u64, number: u64) {
    put_varint(out, field << 3 | VARINT);
    put_varint(out, number);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping() -> Frame {
        Frame { service: 300, headers: vec![("type".into(), "ping".into())], ..Frame::default() }
    }

    #[test]
    fn required_fields_are_written_even_when_they_are_nothing() {
        let expected = [
            0x08, 0, 0x10, 0, 0x18, 0xac, 0x02, 0x20, 0, 0x2a, 12, 0x0a, 4, b't', b'y', b'p', b'e', 0x12, 4,
            b'p', b'i', b'n', b'g',
        ];
        assert_eq!(ping().encode(), expected);
        assert_eq!(Frame::decode(&expected), Ok(ping()));
    }

    #[test]
    fn a_frame_comes_back_as_it_went() {
        let frame = Frame {
            seq_id: u64::MAX,
            log_id: 1 << 40,
            service: -7,
            method: DATA,
            headers: vec![("type".into(), "event".into()), ("sum".into(), "1".into())],
            payload: Some("{\"文\":1}".into()),
            log_id_new: Some("log".into()),
        };
        assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = ping().encode();
        for end in 0..bytes.len() {
            let whole_fields = [2, 4, 7, 9].contains(&end);
            let result = Frame::decode(&bytes[..end]);
            assert!(result.is_err() || (whole_fields && end == 9), "{end}: {result:?}");
        }
    }
}
