//! What a parameter cannot hold as it is, written with carets (RFC 6868): quotation marks, line ends, carets themselves.

/// The value as it is written.
pub(super) fn written(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.replace("\r\n", "\n").chars() {
        match letter {
            '^' => out.push_str("^^"),
            '"' => out.push_str("^'"),
            '\n' | '\r' => out.push_str("^n"),
            other => out.push(other),
        }
    }
    out
}

/// The value that was written. A caret before anything else stands for itself.
pub(super) fn read(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        let meant = match (letter, letters.peek()) {
            ('^', Some('^')) => Some('^'),
            ('^', Some('\'')) => Some('"'),
            ('^', Some('n')) => Some('\n'),
            _ => None,
        };
        if meant.is_some() {
            letters.next();
        }
        out.push(meant.unwrap_or(letter));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_written_is_read_again() {
        for (value, written) in [
            ("Eve", "Eve"),
            ("Eve \"E\" Example", "Eve ^'E^' Example"),
            ("a^b", "a^^b"),
            ("two\nlines", "two^nlines"),
            ("^'", "^^'"),
        ] {
            assert_eq!(super::written(value), written);
            assert_eq!(super::read(written), value);
        }
        assert_eq!(super::read("1^2 ^"), "1^2 ^", "programs that know no carets write them as they are");
    }
}
