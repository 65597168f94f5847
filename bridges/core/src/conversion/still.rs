//! Pictures as cameras of phones make them, HEIC and AVIF: read by the operator's ffmpeg, where it can. The homeserver has no decoder of
//! them, and platforms do not show them.
//!
//! The form that is read is named, the bounds are those of the program (`program.rs`), and what the head of the file says decides what
//! is a picture: a program that reads one tile of many, or leaves a picture on its side, gives nothing.

use bytes::Bytes;
use pictures::Kind;
use tokio::sync::{OnceCell, Semaphore};

use super::program::{Input, Program, ProgramError};
use crate::limits::{STILL_MADE_BYTES_MAX, STILL_MEMORY_BYTES_MAX, STILL_TIME_MAX, STILLS_AT_ONCE};

/// The longest list of brands that is read, in bytes.
const BRANDS_BYTES_MAX: usize = 256;

/// The forms of pictures that the program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StillForm {
    /// HEIF with pictures as HEVC has them.
    Heic,
    /// HEIF with pictures as AV1 has them.
    Avif,
}

impl StillForm {
    /// By the first bytes of a file. One that holds a film too is none.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let (size, rest) = head.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?.min(BRANDS_BYTES_MAX);
        let brands = rest.strip_prefix(b"ftyp")?.get(..size.checked_sub(8)?)?;
        // Behind the first brand stands its version.
        let brands =
            || brands.chunks_exact(4).enumerate().filter(|(place, _)| *place != 1).map(|(_, brand)| brand);
        if brands().any(|brand| matches!(brand, b"avis" | b"msf1" | b"hevc" | b"hevx")) {
            return None;
        }
        brands().find_map(|brand| match brand {
            b"heic" | b"heix" | b"heim" | b"heis" => Some(Self::Heic),
            b"avif" => Some(Self::Avif),
            _ => None,
        })
    }

    /// Its media type.
    pub const fn mimetype(self) -> &'static str {
        match self {
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
        }
    }

    /// What the program calls what reads it.
    const fn decoders(self) -> &'static [&'static str] {
        match self {
            Self::Heic => &["hevc"],
            // What it calls `av1` alone needs a graphics card.
            Self::Avif => &["libdav1d", "libgav1", "libaom-av1"],
        }
    }
}

/// Which forms can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    pub heic: bool,
    pub avif: bool,
}

impl Reads {
    /// Whether a form can be read.
    pub const fn reads(self, form: StillForm) -> bool {
        match form {
            StillForm::Heic => self.heic,
            StillForm::Avif => self.avif,
        }
    }
}

/// The program that reads such pictures.
pub(super) struct Stills {
    program: Option<Program>,
    reads: OnceCell<Reads>,
    running: Semaphore,
}

impl Stills {
    /// With this program, if there is one; nothing is started yet.
    pub fn new(program: Option<Program>) -> Self {
        Self { program, reads: OnceCell::new(), running: Semaphore::new(STILLS_AT_ONCE) }
    }

    /// Which forms can be read; asked of the program once.
    pub async fn reads(&self) -> Reads {
        let Some(program) = &self.program else { return Reads::default() };
        let asked = || async {
            // A file that is read to and fro: without it there are no pictures of tiles, and phones make no others.
            if !program.list("-protocols").await.iter().any(|word| word == "fd") {
                return Reads::default();
            }
            let list = program.list("-decoders").await;
            let has = |form: StillForm| list.iter().any(|word| form.decoders().contains(&word.as_str()));
            let reads = Reads { heic: has(StillForm::Heic), avif: has(StillForm::Avif) };
            tracing::info!(heic = reads.heic, avif = reads.avif, program = %program.0.display(), "forms of pictures that are read");
            reads
        };
        *self.reads.get_or_init(asked).await
    }

    /// Which forms can be read, if the program was asked already.
    pub fn known(&self) -> Option<Reads> {
        self.reads.get().copied()
    }

    /// A picture as PNG; whether it is the whole one is for the caller to see.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub async fn png(&self, bytes: Bytes, form: StillForm) -> Result<Bytes, ProgramError> {
        let program = self.program.as_ref().ok_or(ProgramError::NoProgram)?;
        if !self.reads().await.reads(form) {
            return Err(ProgramError::NoProgram);
        }
        let _place = self.running.acquire().await.map_err(|_| ProgramError::NoProgram)?;
        let bounds = (STILL_MADE_BYTES_MAX, STILL_TIME_MAX);
        let png = program.run(&arguments(), Input::File(bytes), bounds).await?;
        match Kind::sniff(&png) {
            Some(Kind::Png) => Ok(png),
            _ => Err(ProgramError::Program("it wrote something else".to_owned())),
        }
    }
}

fn arguments() -> Vec<String> {
    let memory = STILL_MEMORY_BYTES_MAX.to_string();
    let before = ["-hide_banner", "-loglevel", "error", "-nostdin", "-max_alloc", &memory];
    let alone = ["-filter_threads", "1", "-filter_complex_threads", "1"];
    // The container is named, or a file could call itself a list of other addresses.
    let read = ["-protocol_whitelist", "fd", "-threads", "1", "-f", "mov", "-i", "fd:"];
    let first = ["-an", "-sn", "-dn", "-frames:v", "1", "-map_metadata", "-1", "-threads", "1"];
    // The same bytes for the same picture, so that a repeat is the same upload.
    let same = ["-fflags", "+bitexact", "-c:v", "png", "-compression_level", "1", "-pix_fmt", "rgb24"];
    let write = ["-f", "image2pipe", "pipe:1"];
    let all = [&before[..], &alone, &read, &first, &same, &write].concat();
    all.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
