//! The frames of the long connection (`pbbp2`), as they are on the wire. The first four fields are `required`
//! there: a zero is written too.

use prost::Message as _;

use crate::limits::{FRAME_BYTES_MAX, FRAME_HEADERS_MAX};

/// Method of frames about the connection itself.
pub const CONTROL: i32 = 0;
/// Method of frames with events and callbacks.
pub const DATA: i32 = 1;

/// One frame, which is one binary message of the WebSocket.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Frame {
    /// 0 from a client.
    #[prost(uint64, required, tag = "1")]
    pub sequence_id: u64,
    /// 0 from a client.
    #[prost(uint64, required, tag = "2")]
    pub log_id: u64,
    /// The number from the address of the connection.
    #[prost(int32, required, tag = "3")]
    pub service: i32,
    /// [`CONTROL`] or [`DATA`].
    #[prost(int32, required, tag = "4")]
    pub method: i32,
    /// Pairs of names and values; see [`Frame::header`].
    #[prost(message, repeated, tag = "5")]
    pub headers: Vec<Header>,
    /// Nobody reads it.
    #[prost(string, optional, tag = "6")]
    pub payload_encoding: Option<String>,
    /// Nobody reads it.
    #[prost(string, optional, tag = "7")]
    pub payload_type: Option<String>,
    /// JSON.
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub payload: Option<bytes::Bytes>,
    /// The id in the platform's logs.
    #[prost(string, optional, tag = "9")]
    pub log_id_new: Option<String>,
}

/// One header of a frame.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Header {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// Why bytes are no frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes or headers than a frame has.
    #[error("the frame is too large")]
    TooLarge,
    /// Not the protocol's bytes.
    #[error("the frame cannot be read: {0}")]
    Unreadable(String),
}

impl Frame {
    /// Reads one message of the WebSocket.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub fn read(bytes: bytes::Bytes) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        let frame = Self::decode(bytes).map_err(|error| FrameError::Unreadable(error.to_string()))?;
        if frame.headers.len() > FRAME_HEADERS_MAX { Err(FrameError::TooLarge) } else { Ok(frame) }
    }

    /// The frame as one message of the WebSocket.
    pub fn write(&self) -> bytes::Bytes {
        self.encode_to_vec().into()
    }

    /// The ping of a client.
    pub fn ping(service: i32) -> Self {
        let headers = vec![Header { key: "type".to_owned(), value: "ping".to_owned() }];
        Self { service, method: CONTROL, headers, ..Self::default() }
    }

    /// The value of the first header of this name.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.key == key).map(|header| header.value.as_str())
    }

    /// The acknowledgement of this frame: all of it again, with the time of handling and another payload.
    #[must_use]
    pub fn acknowledged(mut self, took_ms: u64, payload: String) -> Self {
        self.headers.push(Header { key: "biz_rt".to_owned(), value: took_ms.to_string() });
        self.payload = Some(payload.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_writes_its_zeros() {
        let expected = [
            0x08, 0x00, 0x10, 0x00, 0x18, 0x07, 0x20, 0x00, // sequence, log, service, method
            0x2a, 0x0c, 0x0a, 0x04, b't', b'y', b'p', b'e', 0x12, 0x04, b'p', b'i', b'n', b'g',
        ];
        assert_eq!(Frame::ping(7).write().as_ref(), expected);
    }

    #[test]
    fn a_frame_without_a_required_field_is_read_with_its_zero_and_garbage_is_refused() {
        let frame = Frame::read(bytes::Bytes::from_static(&[0x20, 0x01])).expect("a frame");
        assert_eq!((frame.method, frame.sequence_id), (DATA, 0));
        let truncated = Frame::read(bytes::Bytes::from_static(&[0x42, 0x7f, 0x01]));
        assert!(matches!(truncated, Err(FrameError::Unreadable(_))), "{truncated:?}");
        let many = Frame { headers: vec![Header::default(); FRAME_HEADERS_MAX + 1], ..Frame::default() };
        assert_eq!(Frame::read(many.write()), Err(FrameError::TooLarge));
        assert_eq!(Frame::read(vec![0; FRAME_BYTES_MAX + 1].into()), Err(FrameError::TooLarge));
    }

    #[test]
    fn an_acknowledgement_repeats_the_frame() {
        let pair = |key: &str, value: &str| Header { key: key.to_owned(), value: value.to_owned() };
        let frame = Frame {
            sequence_id: 9,
            log_id: 8,
            service: 7,
            method: DATA,
            headers: vec![pair("type", "event"), pair("message_id", "m"), pair("instance_id", "i")],
            payload: Some(bytes::Bytes::from_static(b"{}")),
            log_id_new: Some("L".to_owned()),
            ..Frame::default()
        };
        let answer = frame.clone().acknowledged(12, r#"{"code":200}"#.to_owned());
        assert_eq!((answer.sequence_id, answer.log_id, answer.service, answer.method), (9, 8, 7, DATA));
        assert_eq!(answer.headers[..3], frame.headers[..]);
        assert_eq!(answer.header("biz_rt"), Some("12"));
        assert_eq!(answer.payload.as_deref(), Some(&br#"{"code":200}"#[..]));
    }
}
