//! Files of rooms, as a platform takes them.

use bridge_api::{File, FileKind, Forms};
use bytes::Bytes;
use pictures::{Kind, PictureError};

use super::{
    Converted, Workshop, count,
    course::{Course, Look, beside, course},
    heif::Head,
    picture, renamed,
    sound::{Makes, SoundForm, amr_ms},
    still::StillForm,
};
use crate::{Bridges, lanes::Lane};

impl Bridges {
    /// A file and its bytes as a platform takes them: as they are, in another form, as a document; nothing where only a link goes
    /// there. `forms` are those of its kind there, `documents` those of any file.
    pub(crate) async fn fitted(
        &self,
        lane: &Lane,
        file: File,
        bytes: Bytes,
        (forms, documents): (&Forms, &Forms),
    ) -> Option<(File, Bytes)> {
        let workshop = &self.0.workshop;
        let (file, look) = workshop.seen(file, &bytes).await;
        let makes = match file.kind {
            FileKind::Voice => workshop.sound.makes().await,
            FileKind::Image | FileKind::Video | FileKind::File => Makes::default(),
        };
        let made = match course(&file, look, forms, documents, makes) {
            Course::AsItIs => return Some((file, bytes)),
            Course::AsDocument => return Some((as_document(file), bytes)),
            Course::AsLink => return None,
            Course::Picture => {
                let made = workshop.picture(bytes.clone(), *forms).await;
                count(lane, "picture", "out", made.is_ok());
                made
            }
            Course::Sound(into) => {
                let made = workshop.spoken(&bytes, into, forms).await;
                count(lane, "sound", "out", made.is_ok());
                made
            }
        };
        match made {
            Ok(made) => Some(anew(&file, made)),
            Err(reason) => {
                tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason, "a file is not given another form");
                let is_document = beside(&file, documents) == Course::AsDocument;
                is_document.then(|| (as_document(file), bytes))
            }
        }
    }
}

fn as_document(file: File) -> File {
    File { kind: FileKind::File, ..file }
}

/// What a file is in its other form.
pub(super) fn anew(file: &File, made: Converted) -> (File, Bytes) {
    let spoken = (made.mimetype == SoundForm::Amr.mimetype()).then(|| amr_ms(&made.bytes));
    let changed = File {
        name: renamed(&file.name, made.ending),
        mimetype: Some(made.mimetype.to_owned()),
        size: u64::try_from(made.bytes.len()).ok(),
        duration_ms: spoken.or(file.duration_ms),
        dimensions: made.dimensions,
        ..file.clone()
    };
    (changed, made.bytes)
}

impl Workshop {
    /// A file with what its bytes say of it: senders may say anything.
    pub(super) async fn seen(&self, file: File, bytes: &Bytes) -> (File, Look) {
        match file.kind {
            FileKind::Image => match Kind::sniff(bytes) {
                Some(kind) => {
                    let (bytes, mimetype) = (bytes.clone(), Some(kind.content_type().to_owned()));
                    let look = self.drawn(move || picture::look(&bytes, kind)).await.unwrap_or_default();
                    let dimensions = look.dimensions.or(file.dimensions);
                    (File { mimetype, dimensions, ..file }, look)
                }
                None => match StillForm::sniff(bytes) {
                    Some(form) => self.seen_still(file, bytes, form).await,
                    None => (file, Look::default()),
                },
            },
            FileKind::Voice => match SoundForm::sniff(bytes) {
                Some(form) => {
                    let spoken = (form == SoundForm::Amr).then(|| amr_ms(bytes));
                    let (mimetype, duration_ms) =
                        (Some(form.mimetype().to_owned()), spoken.or(file.duration_ms));
                    let look = Look { is_readable: true, ..Look::default() };
                    (File { mimetype, duration_ms, ..file }, look)
                }
                None => (file, Look::default()),
            },
            FileKind::Video | FileKind::File => (file, Look::default()),
        }
    }

    /// The same for the picture of a phone.
    async fn seen_still(&self, file: File, bytes: &[u8], form: StillForm) -> (File, Look) {
        let head = Head::read(bytes).ok().filter(|head| picture::BUDGET.check(head.shown()).is_ok());
        // What one sees through is a picture of its own there, which the program leaves out.
        let is_plain = head.is_some_and(|head| !head.is_translucent);
        let is_readable = is_plain && self.stills.reads().await.reads(form);
        let dimensions = head.map(Head::shown);
        let mimetype = Some(form.mimetype().to_owned());
        let look = Look { is_readable, moves: false, dimensions };
        (File { mimetype, dimensions: dimensions.or(file.dimensions), ..file }, look)
    }

    /// A picture in one of these forms.
    pub(super) async fn picture(&self, bytes: Bytes, forms: Forms) -> Result<Converted, String> {
        let drawn = match (Kind::sniff(&bytes), StillForm::sniff(&bytes)) {
            (Some(kind), _) => self.drawn(move || picture::fitted(&bytes, kind, &forms)).await,
            (None, Some(form)) => {
                let head = Head::read(&bytes).map_err(|error| error.to_string())?;
                let png = self.stills.png(bytes, form).await.map_err(|error| error.to_string())?;
                self.drawn(move || picture::photograph(&png, head, &forms)).await
            }
            (None, None) => None,
        };
        drawn.unwrap_or(Err(PictureError::NoPicture)).map_err(|error| error.to_string())
    }

    /// Words in another form, if they are short enough in it.
    async fn spoken(&self, bytes: &Bytes, into: SoundForm, forms: &Forms) -> Result<Converted, String> {
        let from = SoundForm::sniff(bytes).ok_or("no known form of sound")?;
        let made = self.sound.converted(bytes.clone(), from, into, forms.bytes_max).await;
        let made = made.map_err(|error| error.to_string())?;
        // Whoever sent them need not have said how long they are.
        let is_long = |max| into == SoundForm::Amr && amr_ms(&made.bytes) > max;
        if forms.duration_ms_max.is_some_and(is_long) { Err("too long".to_owned()) } else { Ok(made) }
    }

    /// Does something to a picture in a thread of its own, when one is free; nothing where that panics: a decoder has met a picture
    /// that it cannot take.
    async fn drawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = self.pictures.clone().acquire_owned().await.ok()?;
        let drawn = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        drawn.await.ok()
    }
}
