//! Bounds of files that are given another form.

use std::time::Duration;

/// Pictures that are given another form at once.
pub const PICTURES_AT_ONCE: usize = 2;
/// Pixels of a picture that is given another form: those of large cameras of phones. Each costs some ten bytes for a while.
pub const PICTURE_PIXELS_MAX: u64 = 50_000_000;
/// Quality of the JPEG that a picture becomes, from 1 to 100.
pub const PICTURE_QUALITY: u8 = 85;
/// How often a picture is made smaller by a quarter until it has as few bytes as the platform takes.
pub const PICTURE_SHRINKS_MAX: usize = 8;
/// Largest sound that is given another form, in bytes.
pub const SOUND_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Largest sound that becomes of one, in bytes, where a platform takes more.
pub const SOUND_MADE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Sounds that are given another form at once.
pub const SOUNDS_AT_ONCE: usize = 2;
/// Longest time in which that is done.
pub const SOUND_TIME_MAX: Duration = Duration::from_secs(20);
/// Largest single piece of memory that the program may take for sound, in bytes.
pub const SOUND_MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pictures of phones that the program reads at once.
pub const STILLS_AT_ONCE: usize = 1;
/// Longest time in which it reads one.
pub const STILL_TIME_MAX: Duration = Duration::from_secs(30);
/// Largest PNG that it writes of one, in bytes: one of many pixels with much in it.
pub const STILL_MADE_BYTES_MAX: u64 = 160 * 1024 * 1024;
/// Largest single piece of memory that it may take for that, in bytes.
pub const STILL_MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Memory of the program that converts sound and pictures as a whole, in bytes: of its addresses, of which it uses less.
pub const PROGRAM_MEMORY_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Longest time in which it says what it can do.
pub const PROGRAM_LOOK_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest list of what it can do, in bytes.
pub const PROGRAM_LOOK_BYTES_MAX: u64 = 256 * 1024;
