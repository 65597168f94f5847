//! People's own letters, so that none of them is markup.

/// Words in which nothing is a link or a mention that somebody wrote by hand: the platform knows no escape, so the bracket becomes
/// its wide sister.
pub fn harmless(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for (index, letter) in words.char_indices() {
        let rest = &words[index + letter.len_utf8()..];
        let begins_tag =
            rest.starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '@'));
        out.push(if letter == '<' && begins_tag { '＜' } else { letter });
    }
    out
}

/// By the escapes of Markdown.
pub(super) fn full(text: &str) -> String {
    let (mut out, mut at_start) = (String::with_capacity(text.len() + 8), true);
    for (index, letter) in text.char_indices() {
        match letter {
            '\\' | '*' | '_' | '`' | '[' | ']' | '~' | '|' => {
                out.push('\\');
                out.push(letter);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '#' | '>' | '-' | '+' if at_start => {
                out.push('\\');
                out.push(letter);
            }
            '.' | ')'
                if index > 0 && text[..index].trim_start().chars().all(|before| before.is_ascii_digit()) =>
            {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
        at_start &= letter.is_whitespace();
    }
    out
}

/// The small form knows no escapes, so what would be markup is written with its wide sisters.
pub(super) fn small(text: &str) -> String {
    let (mut out, mut at_start) = (String::with_capacity(text.len()), true);
    let safe = harmless(text).replace("**", "＊＊").replace("](", "］(");
    for letter in safe.chars() {
        out.push(match letter {
            '`' => '\'',
            '#' if at_start => '＃',
            '>' if at_start => '＞',
            _ => letter,
        });
        at_start &= letter.is_whitespace();
    }
    out
}
