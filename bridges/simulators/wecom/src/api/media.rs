//! Media of apps: uploaded for three days, fetched whole or in parts.

use bytes::Bytes;
use serde_json::json;

use super::{Call, Outcome, Reply};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::MediaOwner;

const MEGABYTE: usize = 1 << 20;
const DAY_MS: u64 = 86_400_000;
const BYTES_MIN: usize = 5;
const WHOLE_BYTES_MAX: usize = 20 * MEGABYTE;
const PICTURE_BYTES_MAX: usize = 2 * MEGABYTE;

/// Kinds and the most bytes of each.
const KINDS: &[(&str, usize)] =
    &[("image", 10 * MEGABYTE), ("voice", 2 * MEGABYTE), ("video", 10 * MEGABYTE), ("file", 20 * MEGABYTE)];

/// Refuses an unknown kind and what is too small or too large for it.
pub(crate) fn check_size(kind: &str, bytes: usize) -> Result<(), Refusal> {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let (_, bytes_max) = known.ok_or_else(|| Refusal::new(40_004))?;
    if bytes == 0 {
        return Err(Refusal::new(44_001));
    }
    if bytes <= BYTES_MIN {
        return Err(Refusal::new(40_006));
    }
    if bytes > *bytes_max { Err(Refusal::new(45_001)) } else { Ok(()) }
}

/// Refuses bytes that are not what the kind wants: JPG or PNG, AMR, MP4.
pub(crate) fn check_bytes(kind: &str, bytes: &[u8]) -> Result<(), Refusal> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    match kind {
        "image" if !begins(b"\xff\xd8\xff") && !begins(b"\x89PNG") => Err(Refusal::new(40_005)),
        "voice" if !begins(b"#!AMR") => Err(Refusal::new(301_017)),
        "video" if bytes.get(4..8) != Some(b"ftyp") => Err(Refusal::new(40_005)),
        _ => Ok(()),
    }
}

pub(super) fn upload(state: &mut State, call: &Call) -> Outcome {
    let kind = call.query("type");
    let (name, bytes) = call.upload.as_ref().ok_or_else(|| Refusal::new(41_006))?;
    check_size(kind, bytes.len())?;
    check_bytes(kind, bytes)?;
    let id = state.keep_media(kind, name, bytes.clone(), MediaOwner::Corp)?;
    Ok(json!({ "type": kind, "media_id": id, "created_at": state.now_s().to_string() }).into())
}

/// A picture that stays, at an address that anybody of the platform can open.
pub(super) fn upload_image(state: &mut State, call: &Call) -> Outcome {
    let (name, bytes) = call.upload.as_ref().ok_or_else(|| Refusal::new(41_006))?;
    check_size("image", bytes.len())?;
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(Refusal::new(45_001));
    }
    check_bytes("image", bytes)?;
    let corp_id = state.corp_id.clone();
    let bounds =
        [(DAY_MS, state.settings.pictures_per_day), (30 * DAY_MS, state.settings.pictures_per_month)];
    state.stage.count(&corp_id, "uploadimg", &bounds).map_err(|_| Refusal::new(45_009))?;
    let id = state.keep_media("image", name, bytes.clone(), MediaOwner::Corp)?;
    Ok(json!({ "url": format!("{}/pictures/{id}", state.api_url) }).into())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let id = call.query("media_id");
    if id.is_empty() {
        return Err(Refusal::new(41_006));
    }
    let expired = state.stage.faults.strikes(Fault::MediaExpired);
    let media = state.usable_media(id, &MediaOwner::Corp)?.clone();
    if expired {
        return Err(Refusal::new(40_007));
    }
    let (bytes, range) = part(&media.bytes, call.range)?;
    let faults = &mut state.stage.faults;
    let content_type =
        if faults.strikes(Fault::MediaType) { "application/json" } else { content_type(&media.kind) };
    let truncated = faults.strikes(Fault::MediaTruncated);
    Ok(Reply::File { bytes, name: media.name, content_type, range, truncated })
}

/// The first and the last byte of a part, and how many bytes the whole has.
type Range = (usize, usize, usize);

/// The part that is asked for; what is too large is given in parts alone.
fn part(bytes: &Bytes, range: Option<(usize, Option<usize>)>) -> Result<(Bytes, Option<Range>), Refusal> {
    let length = bytes.len();
    let Some((first, last)) = range else {
        return if length > WHOLE_BYTES_MAX { Err(Refusal::new(830_002)) } else { Ok((bytes.clone(), None)) };
    };
    let last = last.unwrap_or(length).min(length.saturating_sub(1));
    if first > last {
        return Err(Refusal::parameter("Range"));
    }
    Ok((bytes.slice(first..=last), Some((first, last, length))))
}

/// How the platform calls what it gives out.
pub(crate) fn content_type(kind: &str) -> &'static str {
    match kind {
        "image" => "image/png",
        "voice" => "audio/amr",
        "video" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_bounds_and_their_first_bytes() {
        assert_eq!(check_size("image", 6), Ok(()));
        assert_eq!(check_size("image", 5), Err(Refusal::new(40_006)));
        assert_eq!(check_size("file", 0), Err(Refusal::new(44_001)));
        assert_eq!(check_size("voice", 3 * MEGABYTE), Err(Refusal::new(45_001)));
        assert_eq!(check_size("sticker", 6), Err(Refusal::new(40_004)));
        assert_eq!(check_bytes("voice", b"OggS1234"), Err(Refusal::new(301_017)));
        assert_eq!(check_bytes("voice", b"#!AMR\n123"), Ok(()));
        assert_eq!(check_bytes("image", b"GIF89a12"), Err(Refusal::new(40_005)));
    }

    #[test]
    fn large_files_are_given_in_parts_alone() {
        let large = Bytes::from(vec![0; WHOLE_BYTES_MAX + 1]);
        assert_eq!(part(&large, None), Err(Refusal::new(830_002)));
        let (bytes, range) = part(&large, Some((10, Some(19)))).unwrap();
        assert_eq!((bytes.len(), range), (10, Some((10, 19, WHOLE_BYTES_MAX + 1))));
        let (rest, _) = part(&Bytes::from_static(b"abcdef"), Some((4, None))).unwrap();
        assert_eq!(rest, "ef");
        assert!(part(&Bytes::from_static(b"abc"), Some((3, None))).is_err());
    }
}
