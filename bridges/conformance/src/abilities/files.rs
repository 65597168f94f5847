//! Files, byte for byte, each way.

use bridge_api::{Content, ConversationId, Failure, File, FileKind, MediaId, MessageId};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};

use crate::case::case;
use crate::stage::outgoing;
use crate::{Case, Given, Said, Stage};

pub(super) const CASES: &[Case] = &[
    case!(In Images a_picture_arrives),
    case!(In Files a_document_arrives),
    case!(In Voice spoken_words_arrive),
    case!(In Videos a_film_arrives),
    case!(Out Images a_picture_is_sent),
    case!(Out Files a_document_is_sent),
    case!(Out Voice spoken_words_are_sent),
    case!(Out Videos a_film_is_sent),
    case!(Out Images every_form_of_pictures_that_is_claimed_is_shown),
    case!(Out Voice every_form_of_spoken_words_that_is_claimed_is_played),
    case!(Out Images a_form_that_the_platform_does_not_show_is_no_picture_there),
    case!(Out Images a_picture_of_as_many_bytes_as_is_claimed_is_shown),
];

/// How files of each form begin; what is behind it no simulator looks at.
const BEGINNINGS: &[(&str, &[u8])] = &[
    ("image/jpeg", b"\xff\xd8\xff\xe0"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/webp", b"RIFF\0\0\0\0WEBP"),
    ("image/gif", b"GIF89a\x01\0\x01\0"),
    ("image/bmp", b"BM\x46\0\0\0\0\0\0\0"),
    ("image/x-icon", b"\0\0\x01\0"),
    ("image/vnd.microsoft.icon", b"\0\0\x01\0"),
    ("image/tiff", b"II*\0"),
    ("image/heic", b"\0\0\0\x18ftypheic"),
    ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("audio/ogg", b"OggS\0"),
    ("audio/opus", b"OggS\0"),
    ("audio/amr", b"#!AMR\n"),
];

/// A file of this kind whose first bytes say what it is.
pub(crate) fn file_of(stage: &Stage, kind: FileKind) -> (Given, &'static str) {
    let (name, start, mimetype): (&str, &[u8], &str) = match kind {
        FileKind::Image => ("图 1.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        FileKind::File => ("报告 1.pdf", b"%PDF-1.7\n", "application/pdf"),
        FileKind::Voice => stage.platform.spoken_form(),
        FileKind::Video => ("film.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"),
    };
    let mut bytes = start.to_vec();
    bytes.extend((0..40_000_u32).flat_map(u32::to_le_bytes));
    (Given { kind, name: name.to_owned(), bytes: bytes.into() }, mimetype)
}

async fn arrives(stage: &Stage, kind: FileKind) {
    let group = stage.platform.group("files").await;
    let (given, _) = file_of(stage, kind);
    let id = stage.platform.say("zhang", &group, Said::File(given.clone())).await;
    let (_, message) = stage.heard(&id).await;
    let Some(Content::File(file)) = message.parts.first() else { panic!("{:?}", message.parts) };
    assert_eq!(file.kind, kind);
    if kind == FileKind::File {
        assert_eq!(file.name, given.name);
    }
    let bytes = stage.insist(|| fetched(stage, &group, &id, file)).await.expect("it is given out");
    assert_eq!(bytes, given.bytes);
}

/// All bytes of a file of somebody's.
pub(crate) async fn fetched(
    stage: &Stage,
    conversation: &ConversationId,
    message: &MessageId,
    file: &File,
) -> Result<Bytes, Failure> {
    let connector = stage.connector();
    let files = connector.files().expect("a connector with files");
    let mut download = files.download(conversation, message, file).await?;
    let mut bytes = BytesMut::new();
    while let Some(piece) = download.bytes.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes.freeze())
}

/// Sends a file and looks that it is there, once and whole.
pub(crate) async fn is_sent(stage: &Stage, kind: FileKind) {
    let group = stage.platform.group("files").await;
    let (given, mimetype) = file_of(stage, kind);
    let mut file = File {
        kind,
        name: given.name.clone(),
        mimetype: Some(mimetype.to_owned()),
        size: Some(given.bytes.len() as u64),
        duration_ms: matches!(kind, FileKind::Voice | FileKind::Video).then_some(1_500),
        dimensions: None,
        media: MediaId::new("mxc-1").expect("an id"),
    };
    let connector = stage.connector();
    let files = connector.files().expect("a connector with files");
    assert!(files.forms(&group, kind).bytes_max >= given.bytes.len() as u64);
    let pieces = || -> bridge_api::ByteStream {
        let pieces: Vec<_> =
            given.bytes.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Box::pin(stream::iter(pieces))
    };
    file.media = stage.insist(|| files.upload(&group, &file, pieces())).await.expect("it is taken");
    let sent = stage.send(&outgoing(&group, "file", Content::File(file))).await;
    let shown = stage.platform.shows(&group).await;
    let with_file: Vec<_> = shown.iter().filter(|shown| shown.file.is_some()).collect();
    assert_eq!(with_file.len(), 1, "{shown:?}");
    assert!(sent.messages.iter().any(|message| message.as_str() == with_file[0].id));
    let theirs = with_file[0].file.as_ref().expect("just looked");
    assert_eq!((theirs.kind, &theirs.bytes), (kind, &given.bytes));
    if kind == FileKind::File {
        assert_eq!(theirs.name, given.name);
    }
    assert!(shown.iter().any(|shown| shown.text.contains("Ada")), "the speaker is named: {shown:?}");
}

async fn a_picture_arrives(stage: &Stage) {
    arrives(stage, FileKind::Image).await;
}

async fn a_document_arrives(stage: &Stage) {
    arrives(stage, FileKind::File).await;
}

async fn spoken_words_arrive(stage: &Stage) {
    arrives(stage, FileKind::Voice).await;
}

async fn a_film_arrives(stage: &Stage) {
    arrives(stage, FileKind::Video).await;
}

async fn a_picture_is_sent(stage: &Stage) {
    is_sent(stage, FileKind::Image).await;
}

async fn a_document_is_sent(stage: &Stage) {
    is_sent(stage, FileKind::File).await;
}

async fn spoken_words_are_sent(stage: &Stage) {
    is_sent(stage, FileKind::Voice).await;
}

async fn a_film_is_sent(stage: &Stage) {
    is_sent(stage, FileKind::Video).await;
}

/// A file of this form and at least so many bytes, sent into a group; what is shown of it.
async fn shown(
    stage: &Stage,
    kind: FileKind,
    (mimetype, ending): (&str, &str),
    size: usize,
) -> Option<FileKind> {
    let group = stage.platform.group("forms").await;
    let begins = BEGINNINGS.iter().find(|(known, _)| *known == mimetype);
    let (_, begins) = begins.unwrap_or_else(|| panic!("nobody knows how {mimetype} begins"));
    let mut bytes = begins.to_vec();
    bytes.resize(size.max(64), b'.');
    let mut file = File {
        mimetype: Some(mimetype.to_owned()),
        size: Some(bytes.len() as u64),
        duration_ms: (kind == FileKind::Voice).then_some(1_500),
        ..File::new(kind, format!("form.{ending}"), MediaId::new("mxc-1").expect("an id"))
    };
    let connector = stage.connector();
    let files = connector.files().expect("a connector with files");
    let bytes = Bytes::from(bytes);
    let whole = || -> bridge_api::ByteStream { Box::pin(stream::iter([Ok(bytes.clone())])) };
    file.media = stage.insist(|| files.upload(&group, &file, whole())).await.ok()?;
    // Each of them is said once, under a key of its own.
    let letters: String = ending.chars().filter(char::is_ascii_alphanumeric).collect();
    let key = format!("{letters}x{}x{size}", mimetype.len());
    stage.send(&outgoing(&group, &key, Content::File(file))).await;
    let shown = stage.platform.shows(&group).await;
    let given = shown.into_iter().rev().find_map(|shown| shown.file).expect("a file");
    assert_eq!(given.bytes, bytes, "{mimetype}");
    Some(given.kind)
}

/// The core converts into the forms that a connector claims, so the platform has to show each of them.
async fn claimed(stage: &Stage, kind: FileKind) {
    let group = stage.platform.group("claims").await;
    let forms = stage.connector().files().expect("a connector with files").forms(&group, kind);
    assert!(!forms.known.is_empty() && forms.bytes_max > 0);
    for (mimetype, ending) in forms.known {
        assert_eq!(shown(stage, kind, (mimetype, ending), 0).await, Some(kind), "{mimetype}");
    }
}

async fn every_form_of_pictures_that_is_claimed_is_shown(stage: &Stage) {
    claimed(stage, FileKind::Image).await;
}

async fn every_form_of_spoken_words_that_is_claimed_is_played(stage: &Stage) {
    claimed(stage, FileKind::Voice).await;
}

async fn a_form_that_the_platform_does_not_show_is_no_picture_there(stage: &Stage) {
    let group = stage.platform.group("claims").await;
    let forms = stage.connector().files().expect("a connector with files").forms(&group, FileKind::Image);
    let pictures = BEGINNINGS.iter().filter(|(mimetype, _)| mimetype.starts_with("image/"));
    for (mimetype, _) in pictures.filter(|(mimetype, _)| !forms.knows(mimetype)) {
        let ending = mimetype.trim_start_matches("image/");
        assert_ne!(
            shown(stage, FileKind::Image, (mimetype, ending), 0).await,
            Some(FileKind::Image),
            "{mimetype}"
        );
    }
}

async fn a_picture_of_as_many_bytes_as_is_claimed_is_shown(stage: &Stage) {
    let group = stage.platform.group("claims").await;
    let forms = stage.connector().files().expect("a connector with files").forms(&group, FileKind::Image);
    let most = usize::try_from(forms.bytes_max).expect("it fits into memory");
    for (size, expected) in [(most, true), (most + 1, false)] {
        let kind = shown(stage, FileKind::Image, ("image/png", "png"), size).await;
        assert_eq!(kind == Some(FileKind::Image), expected, "{size} bytes: {kind:?}");
    }
}
