//! The two encodings of mail, undone.

/// Undoes the two encodings of mail, part by part.
pub(super) fn decoded(raw: &str) -> String {
    let mut out = String::new();
    let mut encoding = "";
    let mut block = String::new();
    for line in raw.lines().chain(["--"]) {
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("--") {
            out.push_str(&undone(encoding, &block));
            (encoding, block) = ("", String::new());
        } else if lower.starts_with("content-transfer-encoding: quoted-printable") {
            encoding = "quoted";
        } else if lower.starts_with("content-transfer-encoding: base64") {
            encoding = "base64";
        } else {
            block.push_str(line);
            block.push('\n');
        }
    }
    out
}

fn undone(encoding: &str, text: &str) -> String {
    match encoding {
        "quoted" => quoted_printable(text),
        "base64" => base64(text),
        _ => text.to_owned(),
    }
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *byte == b'=') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    // The headers of the part stand before an empty line.
    let body = text.split_once("\n\n").map_or(text, |(_, body)| body);
    for value in body.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte)) {
        held = (held << 6) | u32::try_from(value).unwrap_or_default();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
