//! What goes between us and the helper: frames of a length and fields of a length, with bounds each way.

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::limits::{FRAME_BYTES_MAX, FRAME_FIELDS_MAX};

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// The other side is gone, or the way to it.
    #[error("{0}")]
    Lost(#[from] std::io::Error),
    /// It is too long, or its fields are not what its length says.
    #[error("a frame without sense")]
    Garbled,
}

/// Writes a request.
///
/// # Errors
/// [`FrameError::Garbled`] for one beyond the bounds, of which nothing is written.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), fields: &[&[u8]]) -> Result<(), FrameError> {
    let length = fields.iter().map(|field| 4 + field.len()).sum::<usize>();
    if length > FRAME_BYTES_MAX || fields.len() > FRAME_FIELDS_MAX {
        return Err(FrameError::Garbled);
    }
    let mut frame = Vec::with_capacity(4 + length);
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    frame.extend_from_slice(&number(length));
    for field in fields {
        frame.extend_from_slice(&number(field.len()));
        frame.extend_from_slice(field);
    }
    to.write_all(&frame).await?;
    Ok(to.flush().await?)
}

/// Reads an answer.
///
/// # Errors
/// See [`FrameError`].
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<Bytes>, FrameError> {
    let length = usize::try_from(from.read_u32().await?).map_err(|_| FrameError::Garbled)?;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::Garbled);
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame).await?;
    let (mut rest, mut fields) = (Bytes::from(frame), Vec::new());
    while !rest.is_empty() {
        if rest.len() < 4 || fields.len() >= FRAME_FIELDS_MAX {
            return Err(FrameError::Garbled);
        }
        let length = usize::try_from(rest.get_u32()).map_err(|_| FrameError::Garbled)?;
        if length > rest.len() {
            return Err(FrameError::Garbled);
        }
        fields.push(rest.split_to(length));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fields_arrive_as_they_were_sent() {
        let mut line = Vec::new();
        write(&mut line, &[b"init", b"", "存档".as_bytes()]).await.expect("written");
        let fields = read(&mut line.as_slice()).await.expect("a frame");
        assert_eq!(fields, ["init".as_bytes(), b"", "存档".as_bytes()].map(Bytes::from_static));
    }

    #[tokio::test]
    async fn what_is_cut_or_lies_about_its_length_is_no_frame() {
        let cases: [&[u8]; 5] = [
            &[],
            &[0, 0, 0, 9, 0],
            &[0, 0, 0, 2, 0, 0],
            &[0, 0, 0, 6, 0, 0, 0, 3, 1, 2],
            &[255, 255, 255, 255, 0],
        ];
        for mut case in cases {
            assert!(read(&mut case).await.is_err(), "{case:?}");
        }
        let many = vec![b"x".as_slice(); FRAME_FIELDS_MAX + 1];
        let mut line = Vec::new();
        assert!(write(&mut line, &many).await.is_err() && line.is_empty());
    }
}
