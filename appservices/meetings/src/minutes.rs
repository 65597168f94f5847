//! Lines of minutes: which of them are conclusions and which are to be done. What a to-do says is read by the tasks.

use serde::{Deserialize, Serialize};

/// What a line of minutes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something that was agreed.
    Conclusion,
    /// Something that somebody is to do.
    Todo,
    /// Anything else.
    Note,
}

const CONCLUSIONS: [&str; 5] = ["结论", "决定", "conclusion", "decision", "decided"];
const TODOS: [&str; 4] = ["待办", "行动项", "todo", "action"];

/// The kind of a line, and what it says behind its mark: a word for one of them before a colon.
#[must_use]
pub fn read(line: &str) -> (Kind, &str) {
    let line = line.trim();
    let Some((mark, said)) = line.split_once([':', '：']) else { return (Kind::Note, line) };
    let mark = mark.trim_start_matches(['-', '*', '•', ' ']).trim().to_lowercase();
    match (CONCLUSIONS.contains(&mark.as_str()), TODOS.contains(&mark.as_str()), said.trim()) {
        (_, _, "") | (false, false, _) => (Kind::Note, line),
        (true, _, said) => (Kind::Conclusion, said),
        (false, true, said) => (Kind::Todo, said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_by_their_marks() {
        for (line, kind, said) in [
            ("结论: 下周上线", Kind::Conclusion, "下周上线"),
            ("结论：下周上线", Kind::Conclusion, "下周上线"),
            (" Decision : ship it ", Kind::Conclusion, "ship it"),
            ("待办: 写文档 @张三 周五", Kind::Todo, "写文档 @张三 周五"),
            ("- TODO：write docs @ann fri", Kind::Todo, "write docs @ann fri"),
            ("时间: 10:30", Kind::Note, "时间: 10:30"),
            ("结论:", Kind::Note, "结论:"),
            ("http://example.org", Kind::Note, "http://example.org"),
            ("大家好", Kind::Note, "大家好"),
        ] {
            assert_eq!(read(line), (kind, said), "{line}");
        }
    }
}
