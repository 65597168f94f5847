//! Any text may come as `since`, `from`, `to` or `at`: it is answered, and what is a token has exactly one text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::token::SyncToken;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
    // Chance never finds a right checksum, and behind it is where fields are read.
    if let Some((position, fields)) = bytes.split_first_chunk() {
        check(&SyncToken::seal(u64::from_be_bytes(*position) >> 11, fields.to_vec()));
    }
});

fn check(text: &str) {
    let token = SyncToken::parse(text);
    if let Ok(token) = &token {
        assert_eq!(token.encode(), text, "a token has one text");
        assert!(token.to_device() <= token.position());
    }
    // `rooms` reads the same text as a place in a timeline; both must agree on it.
    let place = rooms::token::decode(text);
    if let (Ok(token), Ok(place)) = (token, place) {
        assert_eq!(place.get().unsigned_abs(), token.position().get());
    }
}
