//! Files between forms: a platform shows some forms of pictures and of spoken words and no others, and browsers show others again.
//!
//! What becomes of a file is decided by a pure function (`course.rs`) from what it is by its first bytes and what the platform
//! shows. Pictures are written anew in threads of their own, a few at once (`picture.rs`); spoken words (`sound.rs`) and the pictures of
//! phones (`still.rs`) by ffmpeg, where the operator has it (`program.rs`). What cannot be converted goes as a document or as a link:
//! nothing is lost.

mod course;
mod heif;
mod inward;
mod outward;
mod picture;
mod program;
mod sound;
mod still;

use std::{path::PathBuf, sync::Arc};

use bridge_api::{FileKind, Forms};
use bytes::Bytes;
use tokio::sync::Semaphore;

use self::{program::Program, sound::Sound, still::Stills};
use crate::{
    lanes::Lane,
    limits::{FILE_BYTES_MAX, PICTURES_AT_ONCE, SOUND_BYTES_MAX},
};

/// Endings of names that a conversion replaces by the right one.
const REPLACED: [&str; 18] = [
    "amr", "avif", "bmp", "dib", "gif", "heic", "heif", "hif", "jpeg", "jpg", "m4a", "oga", "ogg", "opus",
    "png", "tif", "tiff", "webp",
];

/// Where files are given other forms.
pub(crate) struct Workshop {
    pictures: Arc<Semaphore>,
    sound: Sound,
    stills: Stills,
}

/// A file in another form.
struct Converted {
    bytes: Bytes,
    mimetype: &'static str,
    /// Of its name.
    ending: &'static str,
    dimensions: Option<(u32, u32)>,
}

impl Workshop {
    /// With the program that converts sound and reads the pictures of phones, if there is one.
    pub fn new(ffmpeg: Option<PathBuf>) -> Self {
        let program = ffmpeg.map(Program);
        let (sound, stills) = (Sound::new(program.clone()), Stills::new(program));
        Self { pictures: Arc::new(Semaphore::new(PICTURES_AT_ONCE)), sound, stills }
    }

    /// Asks the program what it can read and write, so that everybody knows it afterwards.
    pub async fn open(&self) {
        self.sound.makes().await;
        self.stills.reads().await;
    }

    /// Whether spoken words can be converted, both ways; as far as that is known.
    pub fn converts_voice(&self) -> bool {
        self.sound.known().is_some_and(|makes| makes.amr && makes.opus)
    }

    /// Whether pictures in HEIC and AVIF can be read; as far as that is known.
    pub fn reads_stills(&self) -> bool {
        self.stills.known().is_some_and(|reads| reads.heic && reads.avif)
    }
}

/// Largest file of a kind that is worth being fetched for a platform: what is larger has no form there, and goes as a link.
pub(crate) fn bytes_max(kind: FileKind, forms: &Forms, documents: &Forms) -> u64 {
    let convertible = match kind {
        FileKind::Image if !forms.known.is_empty() => u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX),
        FileKind::Voice if !forms.known.is_empty() => SOUND_BYTES_MAX,
        FileKind::Image | FileKind::Voice | FileKind::Video | FileKind::File => 0,
    };
    forms.bytes_max.max(documents.bytes_max).max(convertible)
}

/// A name with another ending, in the place of one that belongs to another form.
fn renamed(name: &str, ending: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, old)) if !stem.is_empty() && REPLACED.contains(&old.to_lowercase().as_str()) => {
            format!("{stem}.{ending}")
        }
        _ => format!("{name}.{ending}"),
    }
}

/// Counts what was given another form, or could not be.
fn count(lane: &Lane, what: &'static str, dir: &'static str, is_done: bool) {
    let outcome = if is_done { "done" } else { "failed" };
    metrics::counter!(
        "bridge_conversions_total",
        "platform" => lane.0.key(), "what" => what, "dir" => dir, "outcome" => outcome
    )
    .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_ending_of_its_form() {
        for (name, ending, expected) in [
            ("图.webp", "png", "图.png"),
            ("a.b.JPEG", "jpg", "a.b.jpg"),
            ("voice", "amr", "voice.amr"),
            ("1.2 plan", "png", "1.2 plan.png"),
            (".webp", "png", ".webp.png"),
        ] {
            assert_eq!(renamed(name, ending), expected);
        }
    }

    #[test]
    fn no_more_is_fetched_than_has_a_form_there() {
        let (pictures, none) = (Forms::of(&[("image/png", "png")], 10), Forms::NONE);
        let documents = Forms::any(20);
        for (kind, forms, documents, expected) in [
            (FileKind::Image, pictures, documents, 50 * 1024 * 1024),
            (FileKind::Image, none, none, 0),
            (FileKind::Voice, pictures, documents, SOUND_BYTES_MAX),
            (FileKind::Video, pictures, documents, 20),
            (FileKind::File, documents, documents, 20),
        ] {
            assert_eq!(bytes_max(kind, &forms, &documents), expected, "{kind:?}");
        }
    }
}
