//! Commands: how a message becomes one, and which command somebody may have meant.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::{bot::Verb, limits::COMMAND_BYTES_MAX, texts::Lang};

/// Commands of the kit itself, which every bot takes.
pub(crate) const OWN_VERBS: &[Verb] = &[
    Verb { id: "help", names: &["帮助", "help"], help: "help.help" },
    Verb { id: "lang", names: &["语言", "lang", "language"], help: "help.lang" },
];

/// A command as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Typed<'a> {
    pub name: &'a str,
    pub arguments: &'a str,
}

/// Reads a command: `!` or `！`, a name, and what follows. Nothing where there is no name.
pub(crate) fn typed(body: &str) -> Option<Typed<'_>> {
    let body = body.trim();
    let rest = body.strip_prefix(['!', '！'])?;
    if body.len() > COMMAND_BYTES_MAX || !rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some(Typed { name, arguments: arguments.trim() })
}

/// The verb of this name, and the language of the name.
pub(crate) fn verb(verbs: &[Verb], name: &str) -> Option<(Verb, Lang)> {
    let name = name.to_lowercase();
    let found = verbs.iter().find(|verb| verb.names.contains(&name.as_str()))?;
    Some((*found, Lang::of(&name)))
}

/// The word in front in small letters, for words are told apart without regard to case, and what stands behind it as it was
/// typed.
#[must_use]
pub fn first_word(arguments: &str) -> (String, &str) {
    let arguments = arguments.trim();
    let (word, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    (word.to_lowercase(), rest.trim())
}

/// The three names of verbs that are the least to change from `name`, those of its own script first.
pub(crate) fn nearest(verbs: &[Verb], name: &str) -> [&'static str; 3] {
    nearest_words(verbs.iter().flat_map(|verb| verb.names).copied(), name)
}

/// The three of the words that are the least to change from `name`, those of its own script first.
#[must_use]
pub fn nearest_words(words: impl IntoIterator<Item = &'static str>, name: &str) -> [&'static str; 3] {
    let name = name.to_lowercase();
    let lang = Lang::of(&name);
    let mut known: Vec<_> = words.into_iter().collect();
    known.sort_by_key(|known| {
        (Lang::of(known) != lang, strsim::damerau_levenshtein(known, &name), known.chars().count())
    });
    std::array::from_fn(|index| known.get(index).or(known.last()).copied().unwrap_or("help"))
}

/// What a verb is called in a language.
pub(crate) fn shown(verb: &Verb, lang: Lang) -> &'static str {
    let wanted = if lang == Lang::En { Lang::En } else { Lang::Zh };
    let own = verb.names.iter().find(|name| Lang::of(name) == wanted);
    own.or(verb.names.first()).copied().unwrap_or(verb.id)
}

/// What a message says by itself: without the quotation that old clients put before an answer.
pub(crate) fn without_quotation(body: &str, is_reply: bool) -> &str {
    if !is_reply || !body.starts_with("> ") {
        return body;
    }
    let mut rest = body;
    while rest.starts_with('>') {
        rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

/// A reaction key as it is compared: composed, without the marks of presentation and skin tone.
#[must_use]
pub fn normalised_reaction(key: &str) -> String {
    let is_mark = |c: &char| matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    ComposingNormalizerBorrowed::new_nfc().normalize(key).chars().filter(|c| !is_mark(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: &[Verb] = &[
        Verb { id: "approve", names: &["同意", "approve"], help: "" },
        Verb { id: "reject", names: &["拒绝", "reject"], help: "" },
        Verb { id: "remind", names: &["催办", "remind"], help: "" },
    ];

    #[test]
    fn a_command_begins_with_either_mark_and_a_name() {
        for (body, name, arguments) in [
            ("!help", "help", ""),
            ("  ！同意  AP-1  好的 ", "同意", "AP-1  好的"),
            ("!Lang\u{3000}zh", "Lang", "zh"),
            ("!拒绝\n理由", "拒绝", "理由"),
        ] {
            assert_eq!(typed(body), Some(Typed { name, arguments }), "{body}");
        }
        for body in ["", "!", "! help", "help", "!!", "!?!", "a !help"] {
            assert_eq!(typed(body), None, "{body}");
        }
        assert_eq!(typed(&format!("!help {}", "x".repeat(COMMAND_BYTES_MAX))), None);
    }

    #[test]
    fn a_verb_is_found_by_any_name() {
        assert_eq!(verb(VERBS, "APPROVE").map(|(verb, lang)| (verb.id, lang)), Some(("approve", Lang::En)));
        assert_eq!(verb(VERBS, "拒绝").map(|(verb, lang)| (verb.id, lang)), Some(("reject", Lang::Zh)));
        assert_eq!(verb(VERBS, "nothing"), None);
        assert_eq!((shown(&VERBS[0], Lang::Zh), shown(&VERBS[0], Lang::En)), ("同意", "approve"));
    }

    #[test]
    fn the_nearest_three_are_of_the_same_script() {
        assert_eq!(nearest(VERBS, "aprove"), ["approve", "reject", "remind"]);
        assert_eq!(nearest(VERBS, "同义")[0], "同意");
        assert_eq!(nearest(&VERBS[..1], "x"), ["approve", "同意", "同意"]);
    }

    #[test]
    fn the_word_in_front_is_read_without_regard_to_case_and_values_keep_theirs() {
        assert_eq!(first_word("  Show\u{3000}AP-1 Ab "), ("show".to_owned(), "AP-1 Ab"));
        assert_eq!(first_word("待办"), ("待办".to_owned(), ""));
        assert_eq!(first_word(""), (String::new(), ""));
    }

    #[test]
    fn a_quotation_is_not_what_somebody_says() {
        let quoted = "> <@a:x> !approve\n> more\n\n!reject";
        assert_eq!(without_quotation(quoted, true), "!reject");
        assert_eq!(without_quotation(quoted, false), quoted);
        assert_eq!(without_quotation("> only", true), "");
    }

    #[test]
    fn reactions_are_compared_without_their_looks() {
        for key in ["👍", "👍\u{fe0f}", "👍🏽"] {
            assert_eq!(normalised_reaction(key), "👍");
        }
        assert_eq!(normalised_reaction("e\u{301}"), "é");
        assert_eq!(normalised_reaction("↩️"), normalised_reaction("↩"));
    }
}
