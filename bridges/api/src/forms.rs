//! In which forms a platform shows files as what they are: the core gives them one of these, or a plain document, or a link.

use crate::{File, FileKind};

/// Says nothing about a file.
const UNTYPED: &str = "application/octet-stream";

/// The forms in which a platform shows files of one kind as what they are: pictures to look at, words to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms {
    /// Media types, each with an ending by which names of its files are known; a type with several endings stands several times.
    pub known: &'static [(&'static str, &'static str)],
    /// Whether any other form is taken too.
    pub is_any: bool,
    /// Largest one, in bytes.
    pub bytes_max: u64,
    /// Longest side of a picture in pixels, where there is a bound.
    pub side_max: Option<u32>,
    /// How long it plays at most, in milliseconds, where there is a bound.
    pub duration_ms_max: Option<u64>,
}

impl Forms {
    /// None at all.
    pub const NONE: Self = Self::of(&[], 0);

    /// These, with no other bound than that of their bytes.
    #[must_use]
    pub const fn of(known: &'static [(&'static str, &'static str)], bytes_max: u64) -> Self {
        Self { known, is_any: false, bytes_max, side_max: None, duration_ms_max: None }
    }

    /// Any form.
    #[must_use]
    pub const fn any(bytes_max: u64) -> Self {
        Self { is_any: true, ..Self::of(&[], bytes_max) }
    }

    /// Whether files of a media type, which has no parameters, are shown as what they are.
    #[must_use]
    pub fn knows(&self, mimetype: &str) -> bool {
        self.known.iter().any(|(known, _)| *known == mimetype)
    }

    /// The ending by which the form of a file is known, if that is one of these. Documents are told by their names first, everything
    /// else by its media type.
    #[must_use]
    pub fn ending_of(&self, file: &File) -> Option<&'static str> {
        let mimetype = bare(file.mimetype.as_deref().unwrap_or_default());
        let is_typed = !mimetype.is_empty() && mimetype != UNTYPED;
        let own = ending(&file.name);
        let by_name = || self.known.iter().find(|(_, ending)| *ending == own);
        let by_type = || self.known.iter().find(|(known, _)| *known == mimetype);
        let found = match file.kind {
            FileKind::File => by_name().or_else(by_type),
            FileKind::Image | FileKind::Voice | FileKind::Video if is_typed => by_type(),
            FileKind::Image | FileKind::Voice | FileKind::Video => by_name(),
        };
        found.map(|(_, ending)| *ending)
    }

    /// Whether a file has one of these forms and plays no longer than it may. Its bytes are counted by whoever has them.
    #[must_use]
    pub fn fits(&self, file: &File) -> bool {
        let is_short = |max| file.duration_ms.is_none_or(|duration_ms| duration_ms <= max);
        (self.is_any || self.ending_of(file).is_some()) && self.duration_ms_max.is_none_or(is_short)
    }

    /// The name of a file with an ending of its form: its own where that fits, else with one behind it.
    #[must_use]
    pub fn name_of(&self, file: &File) -> String {
        let Some(needed) = self.ending_of(file) else { return file.name.clone() };
        let mut types = self.known.iter().filter(|(_, ending)| *ending == needed).map(|(known, _)| *known);
        let own = ending(&file.name);
        let is_one = |kind: &str| self.known.iter().any(|(known, ending)| *known == kind && *ending == own);
        if types.any(is_one) { file.name.clone() } else { format!("{}.{needed}", file.name) }
    }
}

/// A media type without its parameters, in small letters.
#[must_use]
pub fn bare(mimetype: &str) -> String {
    mimetype.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// How a name ends, in small letters and without the dot; empty where it has no ending.
#[must_use]
pub fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MediaId;

    const PICTURES: Forms =
        Forms::of(&[("image/jpeg", "jpg"), ("image/jpeg", "jpeg"), ("image/png", "png")], 9);
    const DOCUMENTS: Forms = Forms::of(&[("application/pdf", "pdf"), ("application/zip", "zip")], 9);

    fn file(kind: FileKind, name: &str, mimetype: Option<&str>) -> File {
        let mimetype = mimetype.map(str::to_owned);
        File { mimetype, ..File::new(kind, name, MediaId::new("m").expect("an id")) }
    }

    #[test]
    fn a_form_is_told_by_type_and_of_documents_by_name() {
        use FileKind::{File as Document, Image};
        for (forms, kind, name, mimetype, ending, called) in [
            (PICTURES, Image, "a", Some("image/png"), Some("png"), "a.png"),
            (PICTURES, Image, "a.JPEG", Some("image/jpeg; q=1"), Some("jpg"), "a.JPEG"),
            (PICTURES, Image, "a.png", Some("image/jpeg"), Some("jpg"), "a.png.jpg"),
            (PICTURES, Image, "a.png", Some("image/gif"), None, "a.png"),
            (PICTURES, Image, "a.png", Some("application/octet-stream"), Some("png"), "a.png"),
            (PICTURES, Image, "a.jpg", None, Some("jpg"), "a.jpg"),
            (PICTURES, Image, "a", None, None, "a"),
            (DOCUMENTS, Document, "a.PDF", Some("text/plain"), Some("pdf"), "a.PDF"),
            (DOCUMENTS, Document, "a.zip", Some("application/x-zip-compressed"), Some("zip"), "a.zip"),
            (DOCUMENTS, Document, "a", Some("application/pdf"), Some("pdf"), "a.pdf"),
            (DOCUMENTS, Document, "a.exe", None, None, "a.exe"),
        ] {
            let file = file(kind, name, mimetype);
            assert_eq!(forms.ending_of(&file), ending, "{name} {mimetype:?}");
            assert_eq!(forms.name_of(&file), called, "{name} {mimetype:?}");
        }
    }

    #[test]
    fn what_plays_too_long_does_not_fit_and_any_form_is_one() {
        let minute = Forms { duration_ms_max: Some(60_000), ..Forms::of(&[("audio/amr", "amr")], 9) };
        let spoken = file(FileKind::Voice, "a.amr", None);
        for (duration_ms, fits) in [(None, true), (Some(60_000), true), (Some(60_001), false)] {
            assert_eq!(minute.fits(&File { duration_ms, ..spoken.clone() }), fits, "{duration_ms:?}");
        }
        assert!(Forms::any(9).fits(&file(FileKind::File, "noname", None)));
        assert!(!Forms::NONE.fits(&spoken) && PICTURES.knows("image/png") && !PICTURES.knows("image/gif"));
    }
}
