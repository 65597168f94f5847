//! What becomes of a file on its way to a platform. A pure function.

use bridge_api::{File, FileKind, Forms};

use super::sound::{Makes, SoundForm};

/// What a file is by its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether its pixels can be read, or its sound can.
    pub is_readable: bool,
    /// Whether it is a picture that moves: no other form holds that.
    pub moves: bool,
    /// Width and height of a picture.
    pub dimensions: Option<(u32, u32)>,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// The platform shows it.
    AsItIs,
    /// A picture is written anew, in a form and size that the platform shows.
    Picture,
    /// Spoken words are written anew in this form.
    Sound(SoundForm),
    /// As a document, to be opened.
    AsDocument,
    /// Only a link goes there.
    AsLink,
}

/// Decides it. `forms` are those in which the platform shows files of this kind, `documents` those in which it takes any file; the
/// file's media type is the one of its bytes, and its size is exact.
pub(super) fn course(file: &File, look: Look, forms: &Forms, documents: &Forms, makes: Makes) -> Course {
    let size = file.size.unwrap_or(u64::MAX);
    let is_within = |side_max| look.dimensions.is_none_or(|(width, height)| width.max(height) <= side_max);
    if forms.fits(file) && size <= forms.bytes_max && forms.side_max.is_none_or(is_within) {
        return Course::AsItIs;
    }
    match file.kind {
        FileKind::Image if look.is_readable && !look.moves && is_writable(forms) => Course::Picture,
        FileKind::Voice if look.is_readable => match sound_form(file, forms, makes) {
            Some(form) => Course::Sound(form),
            None => beside(file, documents),
        },
        FileKind::Image | FileKind::Voice | FileKind::Video | FileKind::File => beside(file, documents),
    }
}

/// What becomes of a file that is not shown as what it is.
pub(super) fn beside(file: &File, documents: &Forms) -> Course {
    let document = File { kind: FileKind::File, duration_ms: None, ..file.clone() };
    let fits = documents.fits(&document) && file.size.is_some_and(|size| size <= documents.bytes_max);
    if fits { Course::AsDocument } else { Course::AsLink }
}

fn is_writable(forms: &Forms) -> bool {
    forms.knows("image/png") || forms.knows("image/jpeg")
}

/// The first of the platform's forms that can be made, if the words are short enough for it.
fn sound_form(file: &File, forms: &Forms, makes: Makes) -> Option<SoundForm> {
    let is_short = |max| file.duration_ms.is_none_or(|duration_ms| duration_ms <= max);
    if !forms.duration_ms_max.is_none_or(is_short) {
        return None;
    }
    let mut made = SoundForm::ALL.into_iter().filter(|form| makes.makes(*form));
    made.find(|form| forms.knows(form.mimetype()))
}

#[cfg(test)]
mod tests {
    use bridge_api::MediaId;

    use super::*;

    const PICTURES: Forms = Forms {
        side_max: Some(100),
        ..Forms::of(&[("image/jpeg", "jpg"), ("image/png", "png"), ("image/gif", "gif")], 1_000)
    };
    const VOICES: Forms =
        Forms { duration_ms_max: Some(60_000), ..Forms::of(&[("audio/amr", "amr")], 1_000) };
    const OPUS: Forms = Forms::of(&[("audio/ogg", "ogg")], 1_000);
    const FILMS: Forms = Forms::of(&[("video/mp4", "mp4")], 1_000);
    const ANY: Forms = Forms::any(2_000);
    const OFFICE: Forms = Forms::of(&[("application/pdf", "pdf")], 2_000);
    const BOTH: Makes = Makes { amr: true, opus: true };
    const NONE: Makes = Makes { amr: false, opus: false };

    fn file(kind: FileKind, name: &str, mimetype: &str, size: u64) -> File {
        let mimetype = Some(mimetype.to_owned());
        File { mimetype, size: Some(size), ..File::new(kind, name, MediaId::new("m").expect("an id")) }
    }

    fn picture(dimensions: (u32, u32)) -> Look {
        Look { is_readable: true, moves: false, dimensions: Some(dimensions) }
    }

    #[test]
    fn pictures_are_shown_where_they_can_be() {
        use Course::{AsDocument, AsItIs, AsLink, Picture};
        let moving = Look { moves: true, ..picture((10, 10)) };
        let unread = Look::default();
        for (mimetype, size, look, documents, expected) in [
            ("image/png", 1_000, picture((100, 10)), ANY, AsItIs),
            ("image/png", 1_001, picture((100, 10)), ANY, Picture),
            ("image/png", 9, picture((10, 101)), ANY, Picture),
            ("image/webp", 9, picture((10, 10)), ANY, Picture),
            ("image/bmp", 9_000, picture((10, 10)), OFFICE, Picture),
            ("image/gif", 9, moving, ANY, AsItIs),
            ("image/gif", 1_001, moving, ANY, AsDocument),
            ("image/gif", 1_001, moving, OFFICE, AsLink),
            ("image/webp", 9, moving, ANY, AsDocument),
            // The platform may know more than we do.
            ("image/png", 9, unread, ANY, AsItIs),
            ("image/heic", 9, unread, ANY, AsDocument),
            ("image/svg+xml", 9, unread, OFFICE, AsLink),
            ("image/heic", 2_001, unread, ANY, AsLink),
        ] {
            let file = file(FileKind::Image, "a", mimetype, size);
            assert_eq!(course(&file, look, &PICTURES, &documents, BOTH), expected, "{mimetype} {size}");
        }
        let file = file(FileKind::Image, "a", "image/webp", 9);
        assert_eq!(course(&file, picture((9, 9)), &Forms::NONE, &ANY, BOTH), AsDocument);
        assert_eq!(course(&file, picture((9, 9)), &Forms::NONE, &Forms::NONE, BOTH), AsLink);
    }

    #[test]
    fn spoken_words_are_heard_where_they_can_be() {
        use Course::{AsDocument, AsItIs, Sound};
        let heard = Look { is_readable: true, ..Look::default() };
        for (mimetype, duration_ms, look, forms, makes, expected) in [
            ("audio/amr", Some(60_000), heard, VOICES, NONE, AsItIs),
            ("audio/amr", Some(60_001), heard, VOICES, BOTH, AsDocument),
            ("audio/ogg", None, heard, VOICES, BOTH, Sound(SoundForm::Amr)),
            ("audio/ogg", Some(60_001), heard, VOICES, BOTH, AsDocument),
            ("audio/ogg", Some(60_000), heard, VOICES, NONE, AsDocument),
            ("audio/ogg", Some(1), heard, VOICES, Makes { amr: false, opus: true }, AsDocument),
            ("audio/ogg", Some(99_000), heard, OPUS, NONE, AsItIs),
            ("audio/amr", None, heard, OPUS, BOTH, Sound(SoundForm::Opus)),
            ("audio/mpeg", Some(1), Look::default(), VOICES, BOTH, AsDocument),
        ] {
            let file = File { duration_ms, ..file(FileKind::Voice, "a", mimetype, 9) };
            assert_eq!(course(&file, look, &forms, &ANY, makes), expected, "{mimetype} {duration_ms:?}");
        }
    }

    #[test]
    fn films_and_documents_are_never_converted() {
        use Course::{AsDocument, AsItIs, AsLink};
        for (kind, name, mimetype, size, forms, documents, expected) in [
            (FileKind::Video, "a.mp4", "video/mp4", 1_000, FILMS, ANY, AsItIs),
            (FileKind::Video, "a.mp4", "video/mp4", 1_001, FILMS, ANY, AsDocument),
            (FileKind::Video, "a.mp4", "video/mp4", 2_001, FILMS, ANY, AsLink),
            (FileKind::Video, "a.mov", "video/quicktime", 9, FILMS, ANY, AsDocument),
            (FileKind::Video, "a.webm", "video/webm", 9, FILMS, OFFICE, AsLink),
            (FileKind::File, "a.bmp", "image/bmp", 9, ANY, ANY, AsItIs),
            (FileKind::File, "a.bmp", "image/bmp", 9, OFFICE, OFFICE, AsLink),
            (FileKind::File, "a.pdf", "application/pdf", 2_001, OFFICE, OFFICE, AsLink),
        ] {
            let file = file(kind, name, mimetype, size);
            let look = Look { is_readable: true, ..Look::default() };
            assert_eq!(course(&file, look, &forms, &documents, BOTH), expected, "{name} {size}");
        }
    }
}
