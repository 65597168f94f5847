//! The words that the connector adds to entries, in both languages.

use bridge_api::{Language, Priority, Words};

/// What our kind of approval is called.
pub const KIND: Words = Words { zh: "连桥审批", en: "Lianqiao approvals" };
/// Where a task comes from.
pub const SOURCE: Words = Words { zh: "连桥", en: "Lianqiao" };
/// Before the number of an entry.
pub const NUMBER: Words = Words { zh: "编号", en: "Number" };
/// Before the priority of a task.
pub const PRIORITY: Words = Words { zh: "优先级", en: "Priority" };
/// See [`priority`].
pub const URGENT: Words = Words { zh: "紧急", en: "urgent" };
/// See [`priority`].
pub const HIGH: Words = Words { zh: "高", en: "high" };
/// See [`priority`].
pub const LOW: Words = Words { zh: "低", en: "low" };
/// Before the address of an entry.
pub const READ_AT: Words = Words { zh: "查看", en: "Read it at" };
/// In the place of an empty value.
pub const NOTHING: Words = Words { zh: "无", en: "none" };

/// What a priority is called; nothing for the one that needs no word.
pub fn priority(priority: Priority) -> Option<Words> {
    match priority {
        Priority::Low => Some(LOW),
        Priority::Normal => None,
        Priority::High => Some(HIGH),
        Priority::Urgent => Some(URGENT),
    }
}

/// A line `name: value`.
pub fn line(language: Language, name: Words, value: &str) -> String {
    match language {
        Language::Zh => format!("{}：{value}", name.of(language)),
        Language::En => format!("{}: {value}", name.of(language)),
    }
}
