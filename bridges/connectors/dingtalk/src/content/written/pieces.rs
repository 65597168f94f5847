//! Texts cut into messages that the platform takes. Pure.

use crate::limits::{PIECE_BYTES_MAX, PIECES_MAX};

/// Packs blocks into messages that the platform takes. What is beyond all bounds ends in `…`.
pub fn pieces(blocks: &[String], separator: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for part in blocks.iter().flat_map(|block| cut(block)) {
        match pieces.last_mut() {
            Some(last) if last.len() + separator.len() + part.len() <= PIECE_BYTES_MAX => {
                last.push_str(separator);
                last.push_str(part);
            }
            _ => pieces.push(part.to_owned()),
        }
    }
    if pieces.len() > PIECES_MAX {
        pieces.truncate(PIECES_MAX);
        if let Some(last) = pieces.last_mut() {
            last.push('…');
        }
    }
    pieces
}

/// Cuts a block that is too long, at the end of a line if there is one.
fn cut(block: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), block);
    while rest.len() > PIECE_BYTES_MAX {
        let most = rest.floor_char_boundary(PIECE_BYTES_MAX);
        let at = rest[..most].rfind('\n').filter(|at| *at > most / 2).map_or(most, |at| at + 1);
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
}
