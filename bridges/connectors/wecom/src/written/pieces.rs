//! Blocks that were written become messages: packed within the bound, cut where nothing is torn apart, numbered.

use crate::limits::{PIECE_NUMBER_BYTES, PIECES_MAX};

/// A block that was written.
pub(super) struct Written {
    /// Its text.
    pub(super) text: String,
    /// The lines that open and close program text, without which no part of it may stand.
    pub(super) fence: Option<(String, String)>,
}

impl Written {
    /// A block of no program text.
    pub(super) const fn of(text: String) -> Self {
        Self { text, fence: None }
    }
}

/// Packs blocks into messages that the platform takes. What is beyond all bounds ends in `…`.
pub(super) fn packed(blocks: &[Written], bytes_max: usize) -> Vec<String> {
    let most = bytes_max.saturating_sub(PIECE_NUMBER_BYTES);
    let mut pieces: Vec<String> = Vec::new();
    for block in blocks {
        let (opens, closes) = match &block.fence {
            Some((opens, closes)) => (opens.as_str(), closes.as_str()),
            None => ("", ""),
        };
        for part in cut(&block.text, most.saturating_sub(opens.len() + closes.len()).max(64)) {
            let part = format!("{opens}{}{closes}", part.trim_end_matches('\n'));
            match pieces.last_mut() {
                Some(last) if last.len() + 2 + part.len() <= most => {
                    last.push_str("\n\n");
                    last.push_str(&part);
                }
                _ => pieces.push(part),
            }
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

/// Several messages say which of how many they are, because nobody promises their order.
pub(super) fn numbered(mut pieces: Vec<String>) -> Vec<String> {
    let count = pieces.len();
    if count > 1 {
        for (index, piece) in pieces.iter_mut().enumerate() {
            piece.push_str(&format!("\n\n({}/{count})", index + 1));
        }
    }
    pieces
}

/// Cuts a block that is too long: at the end of a line, a sentence or a word, and never within a link or an escape.
fn cut(text: &str, bytes_max: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > bytes_max {
        let most = rest.floor_char_boundary(bytes_max);
        let head = &rest[..most];
        let late = |at: &usize| *at > most / 2;
        let line = head.rfind('\n').map(|at| at + 1).filter(late);
        let sentence = || head.rfind(['。', '！', '？']).map(|at| at + '。'.len_utf8()).filter(late);
        let word = || head.rfind(' ').map(|at| at + 1).filter(late);
        let mut at = line.or_else(sentence).or_else(word).unwrap_or(most);
        if let Some(open) = open_link(rest, at).filter(|open| *open > 0) {
            at = open;
        }
        if rest[..at].ends_with('\\') && at > 1 {
            at -= 1;
        }
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
}

/// Where a link or mention begins that goes on beyond `at`.
fn open_link(text: &str, at: usize) -> Option<usize> {
    let opens = [("[", ")"), ("<@", ">")].into_iter().filter_map(|(open, close)| {
        let begins = text[..at].rfind(open).filter(|begins| !text[..*begins].ends_with('\\'))?;
        let ends = begins + text[begins..].find(close)?;
        (ends >= at).then_some(begins)
    });
    opens.min()
}
