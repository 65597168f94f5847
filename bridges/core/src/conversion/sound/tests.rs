//! Sound through small programs that the tests write.

use std::{fs, path::PathBuf};

use super::*;
use crate::conversion::program::tests::Stand;

impl Stand {
    async fn converts(&self, bytes: &'static [u8], bytes_max: u64) -> Result<Bytes, ProgramError> {
        let sound = Sound::new(Some(self.0.clone()));
        let made =
            sound.converted(Bytes::from_static(bytes), SoundForm::Opus, SoundForm::Amr, bytes_max).await;
        made.map(|made| made.bytes)
    }
}

#[test]
fn a_program_opens_nothing_but_what_it_is_given() {
    let arguments = arguments(SoundForm::Opus, SoundForm::Amr).join(" ");
    for part in ["-nostdin", "-protocol_whitelist pipe ", "-f ogg -i pipe:0", "-f amr pipe:1", "-max_alloc"] {
        assert!(arguments.contains(part), "{arguments}");
    }
}

#[tokio::test]
async fn words_go_through_the_program_and_come_out_in_the_other_form() {
    let stand = Stand::doing("printf '#!AMR\\n'; cat");
    let made = stand.converts(b"OggS words", 100).await.expect("it is converted");
    assert_eq!(&made[..], b"#!AMR\nOggS words");
    let sound = Sound::new(Some(stand.0.clone()));
    assert_eq!(sound.makes().await, Makes { amr: true, opus: true });
}

#[tokio::test]
async fn a_program_that_fails_or_writes_too_much_or_something_else_gives_nothing() {
    for (what, bytes_max, expected) in [
        ("cat >/dev/null; exit 3", 100, "exit status: 3"),
        ("printf '#!AMR\\n'; cat; cat /dev/zero", 100, "too large"),
        ("cat", 100, "something else"),
        ("exec <&-; printf '#!AMR\\n'; exit 1", 100, "exit status: 1"),
    ] {
        let error = Stand::doing(what).converts(b"OggS words", bytes_max).await.expect_err("it fails");
        assert!(error.to_string().contains(expected), "{what}: {error}");
    }
    let sound = Sound::new(Some(Program(PathBuf::from("/nowhere/ffmpeg"))));
    assert_eq!(sound.makes().await, Makes::default());
    assert_eq!(Sound::new(None).makes().await, Makes::default());
}

#[tokio::test]
async fn a_program_that_hangs_is_killed() {
    let marker = std::env::temp_dir().join(format!("lianqiao-sound-marker-{}", std::process::id()));
    let hanging = format!("echo $$ >{}; exec sleep 600", marker.display());
    let stand = Stand::doing(&hanging);
    let asked = async {
        let sound = Sound::new(Some(stand.0.clone()));
        sound.makes().await;
        let (from, into) = (SoundForm::Opus, SoundForm::Amr);
        let converting = sound.converted(Bytes::from_static(b"OggS"), from, into, 100);
        let mut converting = Box::pin(converting);
        loop {
            tokio::select! {
                made = &mut converting => panic!("it hangs: {:?}", made.map(|made| made.bytes)),
                () = tokio::time::sleep(std::time::Duration::from_millis(10)) => {}
            }
            if let Some(process) = fs::read_to_string(&marker).ok().filter(|text| text.ends_with('\n')) {
                return process.trim().to_owned();
            }
        }
    };
    // Its time is over: whoever waited gives up.
    let process = asked.await;
    let is_there =
        || fs::read_to_string(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty());
    while is_there() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    fs::remove_file(&marker).ok();
}

#[test]
fn the_length_of_words_is_counted_by_their_frames() {
    let mut words = b"#!AMR\n".to_vec();
    assert_eq!(amr_ms(&words), 0);
    for (mode, frame) in [(7_u8, 32), (0, 13), (8, 6), (15, 1)] {
        words.push(mode << 3);
        words.extend(vec![0; frame - 1]);
    }
    assert_eq!(amr_ms(&words), 80);
}
