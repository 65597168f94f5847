//! Files of platforms, as clients show them.

use bridge_api::{File, FileKind, Forms};
use bytes::Bytes;
use pictures::Kind;

use super::{count, outward::anew, sound::SoundForm, still::StillForm};
use crate::{Bridges, lanes::Lane, limits::FILE_BYTES_MAX};

/// What becomes of pictures that browsers do not show.
const SHOWN: Forms = Forms::of(&[("image/png", "png"), ("image/jpeg", "jpg")], FILE_BYTES_MAX as u64);

/// Whether all clients show a picture, and the homeserver makes small ones of it.
fn is_shown(bytes: &[u8]) -> bool {
    !matches!(Kind::sniff(bytes), Some(Kind::Bmp | Kind::Tiff)) && StillForm::sniff(bytes).is_none()
}

impl Bridges {
    /// A file and its bytes as clients show them, with its true media type and size. What cannot be converted stays what it is.
    pub(crate) async fn shown(&self, lane: &Lane, file: File, bytes: Bytes) -> (File, Bytes) {
        let workshop = &self.0.workshop;
        let (file, look) = workshop.seen(file, &bytes).await;
        let size = u64::try_from(bytes.len()).ok();
        let file = File { size, ..file };
        let made = match file.kind {
            FileKind::Image if look.is_readable && !look.moves && !is_shown(&bytes) => {
                let made = workshop.picture(bytes.clone(), SHOWN).await;
                count(lane, "picture", "in", made.is_ok());
                made
            }
            FileKind::Voice if SoundForm::sniff(&bytes) == Some(SoundForm::Amr) => {
                if !workshop.sound.makes().await.opus {
                    return (file, bytes);
                }
                let (from, into) = (SoundForm::Amr, SoundForm::Opus);
                let made = workshop.sound.converted(bytes.clone(), from, into, FILE_BYTES_MAX as u64).await;
                count(lane, "sound", "in", made.is_ok());
                made.map_err(|error| error.to_string())
            }
            FileKind::Image | FileKind::Voice | FileKind::Video | FileKind::File => return (file, bytes),
        };
        match made {
            Ok(made) => anew(&file, made),
            Err(reason) => {
                tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason, "a file is not given another form");
                (file, bytes)
            }
        }
    }
}
