//! Words of names, for the directories: found by the begin of any word, Chinese from any character on.

use std::collections::BTreeSet;

use super::fold::{Run, fold, runs};
use crate::limits::{NAME_WORDS_MAX, QUERY_WORDS_MAX, WORD_BYTES_MAX};

/// The words by the begin of which a name is found; at most [`NAME_WORDS_MAX`].
pub(crate) fn name_words<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for text in texts {
        let folded = fold(text);
        for run in runs(&folded) {
            match run {
                Run::Word(word) => {
                    words.insert(cut(word).to_owned());
                }
                // A name has no spaces; the part that people remember may be its end.
                Run::Han(run) => words.extend(run.char_indices().map(|(at, _)| cut(&run[at..]).to_owned())),
            }
            if words.len() >= NAME_WORDS_MAX {
                return words.into_iter().take(NAME_WORDS_MAX).collect();
            }
        }
    }
    words
}

/// The begins of words that a name must have, all of them.
pub(crate) fn name_query(term: &str) -> BTreeSet<String> {
    let folded = fold(term);
    let words = runs(&folded).map(|run| match run {
        Run::Word(word) | Run::Han(word) => cut(word).to_owned(),
    });
    words.take(QUERY_WORDS_MAX).collect()
}

/// The word, or as much of its begin as is kept.
fn cut(word: &str) -> &str {
    let mut end = word.len().min(WORD_BYTES_MAX);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(term: &str, name: &str) -> bool {
        let words = name_words([name]);
        name_query(term).iter().all(|begin| words.iter().any(|word| word.starts_with(begin.as_str())))
    }

    #[test]
    fn a_name_is_found_by_the_begins_of_its_words() {
        for (term, name, found) in [
            ("ali", "Alice Cooper", true),
            ("Alice Cooper", "Alice Cooper", true),
            ("coop AL", "Alice Cooper", true),
            ("lice", "Alice Cooper", false),
            ("王小明", "王小明", true),
            ("小明", "王小明", true),
            ("明", "销售部 王小明", true),
            ("小王", "王小明", false),
            ("ｗａｎｇ", "Wang 王", true),
            ("jo-ann", "Jo-Ann", true),
        ] {
            assert_eq!(finds(term, name), found, "{term} in {name}");
        }
    }

    #[test]
    fn long_names_meet_their_bounds() {
        assert!(name_words(["字".repeat(1_000).as_str()]).len() <= NAME_WORDS_MAX);
        assert!(name_words(["字".repeat(1_000).as_str()]).iter().all(|word| word.len() <= WORD_BYTES_MAX));
    }
}
