//! Spoken words between forms, by the operator's own ffmpeg: platforms want AMR, clients play Ogg with Opus.
//!
//! One named form is read, the bounds are those of the program (`program.rs`), and a sound that is not converted stays a file.

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};

use super::{
    Converted,
    program::{Input, Program, ProgramError},
};
use crate::limits::{
    SOUND_BYTES_MAX, SOUND_MADE_BYTES_MAX, SOUND_MEMORY_BYTES_MAX, SOUND_TIME_MAX, SOUNDS_AT_ONCE,
};

/// The forms of spoken words that are read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SoundForm {
    /// AMR of narrow band, eight thousand samples a second.
    Amr,
    /// Opus in Ogg.
    Opus,
}

impl SoundForm {
    pub const ALL: [Self; 2] = [Self::Opus, Self::Amr];

    /// By the first bytes of a file.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [b'#', b'!', b'A', b'M', b'R', b'\n', ..] => Some(Self::Amr),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Opus),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn mimetype(self) -> &'static str {
        match self {
            Self::Amr => "audio/amr",
            Self::Opus => "audio/ogg",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Amr => "amr",
            Self::Opus => "ogg",
        }
    }

    /// What the program calls whatever writes it.
    const fn encoder(self) -> &'static str {
        match self {
            Self::Amr => "libopencore_amrnb",
            Self::Opus => "libopus",
        }
    }

    /// What the program calls a file of it.
    const fn container(self) -> &'static str {
        match self {
            Self::Amr => "amr",
            Self::Opus => "ogg",
        }
    }

    /// How words are written: enough for them, and what platforms want.
    const fn manner(self) -> &'static [&'static str] {
        match self {
            Self::Amr => &["-ar", "8000", "-ac", "1", "-b:a", "12.2k"],
            Self::Opus => &["-ar", "48000", "-ac", "1", "-b:a", "32k", "-application", "voip"],
        }
    }
}

/// Which forms can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Makes {
    pub amr: bool,
    pub opus: bool,
}

impl Makes {
    /// Whether a form can be written.
    pub const fn makes(self, form: SoundForm) -> bool {
        match form {
            SoundForm::Amr => self.amr,
            SoundForm::Opus => self.opus,
        }
    }
}

/// The program that converts sound.
pub(super) struct Sound {
    program: Option<Program>,
    makes: OnceCell<Makes>,
    running: Semaphore,
}

impl Sound {
    /// With this program, if there is one; nothing is started yet.
    pub fn new(program: Option<Program>) -> Self {
        Self { program, makes: OnceCell::new(), running: Semaphore::new(SOUNDS_AT_ONCE) }
    }

    /// Which forms can be written; asked of the program once.
    pub async fn makes(&self) -> Makes {
        let Some(program) = &self.program else { return Makes::default() };
        let asked = || async {
            let list = program.list("-encoders").await;
            let has = |form: SoundForm| list.iter().any(|word| word == form.encoder());
            let makes = Makes { amr: has(SoundForm::Amr), opus: has(SoundForm::Opus) };
            tracing::info!(amr = makes.amr, opus = makes.opus, program = %program.0.display(), "forms of spoken words that are written");
            makes
        };
        *self.makes.get_or_init(asked).await
    }

    /// Which forms can be written, if the program was asked already.
    pub fn known(&self) -> Option<Makes> {
        self.makes.get().copied()
    }

    /// The same words in another form, in at most `bytes_max` bytes.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub async fn converted(
        &self,
        bytes: Bytes,
        from: SoundForm,
        into: SoundForm,
        bytes_max: u64,
    ) -> Result<Converted, ProgramError> {
        let program = self.program.as_ref().ok_or(ProgramError::NoProgram)?;
        if !self.makes().await.makes(into) {
            return Err(ProgramError::NoProgram);
        }
        if u64::try_from(bytes.len()).is_ok_and(|size| size > SOUND_BYTES_MAX) {
            return Err(ProgramError::TooLarge);
        }
        let bytes_max = bytes_max.min(SOUND_MADE_BYTES_MAX);
        let _place = self.running.acquire().await.map_err(|_| ProgramError::NoProgram)?;
        let bounds = (bytes_max, SOUND_TIME_MAX);
        let bytes = program.run(&arguments(from, into), Input::Pipe(bytes), bounds).await?;
        // A program that found nothing to convert may still end well.
        if SoundForm::sniff(&bytes) != Some(into) {
            return Err(ProgramError::Program("it wrote something else".to_owned()));
        }
        Ok(Converted { bytes, mimetype: into.mimetype(), ending: into.ending(), dimensions: None })
    }
}

/// How long the words of an AMR file are, in milliseconds: each frame is twenty of them, and says by its first byte how long it is.
pub(super) fn amr_ms(bytes: &[u8]) -> u64 {
    const HEAD_BYTES: usize = 6;
    const FRAME_MS: u64 = 20;
    let (mut place, mut frames) = (HEAD_BYTES, 0);
    while let Some(head) = bytes.get(place) {
        place += 1 + match (head >> 3) & 0x0f {
            0 => 12,
            1 => 13,
            2 => 15,
            3 => 17,
            4 => 19,
            5 => 20,
            6 => 26,
            7 => 31,
            8 => 5,
            _ => 0,
        };
        frames += 1;
    }
    frames * FRAME_MS
}

fn arguments(from: SoundForm, into: SoundForm) -> Vec<String> {
    let memory = SOUND_MEMORY_BYTES_MAX.to_string();
    let before = ["-hide_banner", "-loglevel", "error", "-nostdin", "-max_alloc", &memory];
    // The form is named, or a file could call itself a list of other addresses.
    let read = ["-protocol_whitelist", "pipe", "-threads", "1", "-f", from.container(), "-i", "pipe:0"];
    let first = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-threads", "1"];
    // The same bytes for the same words, so that a repeat is the same upload.
    let same = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-c:a", into.encoder()];
    let write = ["-f", into.container(), "pipe:1"];
    let all = [&before[..], &read, &first, &same, into.manner(), &write].concat();
    all.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
