//! Files: uploads of apps, and where robots download what people sent.

use serde_json::json;

use super::Outcome;
use super::downloads;
use super::reading::Call;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::Media;

const MEGABYTE: usize = 1 << 20;

/// Types of media, the most bytes of each, and the endings that it takes.
const TYPES: &[(&str, usize, &[&str])] = &[
    ("image", 20 * MEGABYTE, &["jpg", "jpeg", "gif", "png", "bmp"]),
    // The list of uploads does not name ogg, but messages with sound take it.
    ("voice", 2 * MEGABYTE, &["amr", "mp3", "wav", "ogg"]),
    ("video", 20 * MEGABYTE, &["mp4"]),
    ("file", 20 * MEGABYTE, &["doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"]),
];

/// Whether a file begins as files of its ending do, where that is told by the first bytes.
fn begins_as(ending: &str, bytes: &[u8]) -> bool {
    match ending {
        "jpg" | "jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "png" => bytes.starts_with(b"\x89PNG"),
        "gif" => bytes.starts_with(b"GIF8"),
        "bmp" => bytes.starts_with(b"BM"),
        "amr" => bytes.starts_with(b"#!AMR"),
        "ogg" => bytes.starts_with(b"OggS"),
        "mp4" => bytes.get(4..8) == Some(b"ftyp"),
        _ => true,
    }
}

pub(super) fn upload(state: &mut State, call: &Call) -> Outcome {
    let kind = call.query("type");
    let kind = if kind.is_empty() { call.fields.get("type").map_or("", String::as_str) } else { kind };
    let known = TYPES.iter().find(|(known, ..)| *known == kind);
    let (_, bytes_max, endings) = known.ok_or_else(|| Refusal::old(40_004))?;
    let upload = call.upload.as_ref().filter(|upload| upload.part == "media" && !upload.bytes.is_empty());
    let upload = upload.ok_or_else(|| Refusal::old(40_035))?;
    let ending = upload.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let ending = ending.filter(|ending| endings.contains(&ending.as_str()));
    let ending = ending.ok_or_else(|| Refusal::old(40_004))?;
    if upload.bytes.len() > *bytes_max {
        return Err(Refusal::old(40_006));
    }
    if !begins_as(&ending, &upload.bytes) {
        return Err(Refusal::old(40_004));
    }
    let media = Media { kind: kind.to_owned(), name: upload.name.clone(), bytes: upload.bytes.clone() };
    let media_id = state.keep_media(media)?;
    Ok(json!({ "type": kind, "media_id": media_id, "created_at": state.stage.now_ms() }))
}

pub(super) fn download_url(state: &mut State, call: &Call) -> Outcome {
    let robot = call.needed("robotCode", "invalidParameter.robotCode.empty")?;
    let code = call.text("downloadCode");
    let now = state.stage.now_ms();
    let known = state.downloads.get(code).filter(|download| download.until_ms > now).cloned();
    if state.stage.faults.strikes(Fault::MediaCodeExpired) {
        return Err(Refusal::bad("invalidParameter.robotCode.downloadCode"));
    }
    let download = known.ok_or_else(|| Refusal::bad("invalidParameter.robotCode.downloadCode"))?;
    if robot != call.app || download.app != robot {
        return Err(Refusal::bad("invalidParameter.robotCode.auth"));
    }
    Ok(json!({ "downloadUrl": downloads::sign(state, &download.media) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_as_its_ending_says() {
        let table: [(&str, &[u8], bool); 7] = [
            ("png", b"\x89PNG\r\n", true),
            ("png", b"RIFF____WEBP", false),
            ("jpg", b"\xff\xd8\xff\xe0", true),
            ("ogg", b"OggS", true),
            ("amr", b"OggS", false),
            ("mp4", b"\0\0\0\x18ftypmp42", true),
            ("pdf", b"anything", true),
        ];
        for (ending, bytes, expected) in table {
            assert_eq!(begins_as(ending, bytes), expected, "{ending}");
        }
    }
}
