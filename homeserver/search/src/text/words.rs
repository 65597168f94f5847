//! Which words a text is found by, and which a query looks for.
//!
//! Chinese is cut by a dictionary, so that 研究生 (a student) does not find 研究|生命 (to study life). A
//! dictionary does not know all names, and cuts around one differ with the context; therefore words that may be
//! names are indexed by their pairs of characters too, unknown ones by each character, and unknown ones are looked
//! for by their pairs.

use std::collections::BTreeSet;

use jieba_rs::Jieba;

use super::{
    Segmenter,
    fold::{Run, fold, runs},
};
use crate::limits::{QUERY_WORDS_MAX, WORD_BYTES_MAX, WORDS_OF_TEXT_MAX};

/// Longest dictionary word that is looked for inside a longer one, in characters.
const INNER_WORD_CHARACTERS_MAX: usize = 4;

/// Longest word of the dictionary that may be somebody's name, in characters.
const NAME_CHARACTERS_MAX: usize = 4;

/// Every word that a text can be found by; the same word may come more than once.
pub(crate) fn index_words(segmenter: &Segmenter, text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in runs(&folded) {
        if words.len() >= WORDS_OF_TEXT_MAX {
            break;
        }
        match run {
            Run::Word(word) => words.push(word.to_owned()),
            Run::Han(run) => han_words(&segmenter.dictionary(), run, &mut words),
        }
    }
    words.retain(|word| word.len() <= WORD_BYTES_MAX);
    words.truncate(WORDS_OF_TEXT_MAX);
    words
}

/// The words that a text must have, all of them, to be found by this term; at most
/// [`QUERY_WORDS_MAX`]. None for a term without letters.
pub(crate) fn query_words(segmenter: &Segmenter, term: &str) -> BTreeSet<String> {
    let folded = fold(term);
    let mut words = BTreeSet::new();
    for run in runs(&folded) {
        match run {
            Run::Word(word) if word.len() <= WORD_BYTES_MAX => {
                words.insert(word.to_owned());
            }
            Run::Word(_) => {}
            Run::Han(run) => {
                let dictionary = segmenter.dictionary();
                for word in dictionary.cut(run, true) {
                    if is_known(&dictionary, word.word) {
                        words.insert(word.word.to_owned());
                    } else {
                        words.extend(windows(word.word, 2).map(str::to_owned));
                    }
                }
            }
        }
        if words.len() >= QUERY_WORDS_MAX {
            break;
        }
    }
    words.into_iter().take(QUERY_WORDS_MAX).collect()
}

fn han_words(dictionary: &Jieba, run: &str, words: &mut Vec<String>) {
    let cut = dictionary.cut(run, true);
    for (index, token) in cut.iter().enumerate() {
        let word = token.word;
        words.push(word.to_owned());
        let characters = word.chars().count();
        let known = is_known(dictionary, word);
        for size in 1..characters.min(INNER_WORD_CHARACTERS_MAX + 1) {
            let inner = windows(word, size).filter(|inner| match size {
                1 => !known,
                // Whole names stand in the dictionary, and people leave the family name out.
                2 if !known || characters <= NAME_CHARACTERS_MAX => true,
                _ => dictionary.has_word(inner),
            });
            words.extend(inner.map(str::to_owned));
        }
        // A name that the dictionary does not know may have been cut; the pair across the cut finds it.
        if let Some(next) = cut.get(index + 1) {
            let pair: String = word.chars().next_back().into_iter().chain(next.word.chars().next()).collect();
            if !dictionary.has_word(&pair) {
                words.push(pair);
            }
        }
    }
}

fn is_known(dictionary: &Jieba, word: &str) -> bool {
    word.chars().nth(1).is_none() || dictionary.has_word(word)
}

/// Every stretch of `size` characters.
fn windows(word: &str, size: usize) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let count = starts.len().saturating_sub(size);
    (0..count).filter_map(move |index| word.get(*starts.get(index)?..*starts.get(index + size)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_words_and_by_nothing_else() {
        let segmenter = Segmenter::default();
        for (text, term, found) in [
            ("Hello, World", "world", true),
            ("Hello, World", "hello world", true),
            ("Hello, World", "wor", false),
            ("Message number 4", "Message 4", true),
            ("Message number 14", "Message 4", false),
            ("ｆｕｌｌ　ＷＩＤＴＨ", "width", true),
            ("我们在北京天安门广场集合", "天安门", true),
            ("我们在北京天安门广场集合", "北京", true),
            ("我们在北京天安门广场集合", "广场", true),
            ("我们在北京天安门广场集合", "京天", false),
            ("研究生命的起源", "生命", true),
            ("研究生命的起源", "研究生", false),
            ("研究生的宿舍", "研究生", true),
            ("中华人民共和国成立", "共和国", true),
            ("王小明来了", "王小明", true),
            ("王小明来了", "小明", true),
            ("昨天和欧阳娜娜一起吃饭", "欧阳娜娜", true),
            ("王小明请 review 合并请求", "小明 ＲＥＶＩＥＷ", true),
            ("请 review 合并请求", "合并请求", true),
            ("请 review 合并请求", "review 请求", true),
            ("请 review 合并请求", "review 删除", false),
            ("un thé à la française", "THÉ", true),
        ] {
            let index: BTreeSet<String> = index_words(&segmenter, text).into_iter().collect();
            let query = query_words(&segmenter, term);
            assert!(!query.is_empty(), "{term}");
            assert_eq!(query.is_subset(&index), found, "{term} in {text}: {query:?} of {index:?}");
        }
    }

    #[test]
    fn a_term_without_letters_looks_for_nothing() {
        for term in ["", "   ", "!?", "🎉"] {
            assert!(query_words(&Segmenter::default(), term).is_empty(), "{term}");
        }
    }

    #[test]
    fn endless_words_and_texts_meet_their_bounds() {
        let segmenter = Segmenter::default();
        assert!(index_words(&segmenter, &"x".repeat(100_000)).is_empty());
        assert!(index_words(&segmenter, &"a ".repeat(200_000)).len() <= WORDS_OF_TEXT_MAX);
        let many: String = (0..500).map(|number| format!("w{number} ")).collect();
        assert_eq!(query_words(&segmenter, &many).len(), QUERY_WORDS_MAX);
    }
}
