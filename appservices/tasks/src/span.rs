//! Spans of time as people read them.

use kit::texts::Lang;

use crate::card::Pen;

/// What the gap of a text is called that a span fills; its value is in ms until the language is known.
pub(crate) const LEFT: &str = "left";

/// A span of `ms` in the words of a language, in whole minutes rounded up: `1天8小时`, `1 day 8 hours`; where both languages
/// are read, one beside the other.
pub(crate) fn in_words(ms: u64, pen: Pen<'_>) -> String {
    if pen.lang == Lang::Both {
        return [Lang::Zh, Lang::En].map(|lang| in_words(ms, Pen { lang, ..pen })).join(" / ");
    }
    let minutes = ms.div_ceil(60_000);
    let parts = [
        (minutes / 1_440, "tk.span.day", "tk.span.days"),
        (minutes / 60 % 24, "tk.span.hour", "tk.span.hours"),
        (minutes % 60, "tk.span.minute", "tk.span.minutes"),
    ];
    let is_said = |(place, (count, ..)): &(usize, (u64, &str, &str))| {
        *count > 0 || (minutes == 0 && *place + 1 == parts.len())
    };
    let said = parts.into_iter().enumerate().filter(is_said).map(|(_, (count, one, many))| {
        pen.say(if count == 1 { one } else { many }, &[("count", &count.to_string())])
    });
    said.collect::<Vec<_>>().join(if pen.lang == Lang::En { " " } else { "" })
}

#[cfg(test)]
mod tests {
    use kit::texts::Texts;

    use super::*;

    #[test]
    fn a_span_is_read_in_the_language_of_its_reader() {
        let texts = Texts::with(&[crate::TEXTS]);
        // (minutes, in Chinese, in English)
        let cases = [
            (0, "0分钟", "0 minutes"),
            (1, "1分钟", "1 minute"),
            (90, "1小时30分钟", "1 hour 30 minutes"),
            (1_440, "1天", "1 day"),
            (2 * 1_440 + 8 * 60 + 5, "2天8小时5分钟", "2 days 8 hours 5 minutes"),
        ];
        for (minutes, zh, en) in cases {
            let both = format!("{zh} / {en}");
            for (lang, expected) in [(Lang::Zh, zh), (Lang::En, en), (Lang::Both, both.as_str())] {
                assert_eq!(in_words(minutes * 60_000, Pen { texts: &texts, lang }), expected, "{minutes}");
            }
        }
    }
}
