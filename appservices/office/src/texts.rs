//! What bots with cases say in common.

use kit::texts::{Entry, entry};

/// The texts of this crate, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry("ledger.name", "台账", "Ledger"),
    entry(
        "ledger.topic",
        "未端到端加密，服务器端加密保存。机器人在此保存审批和任务的记录。",
        "Not end-to-end encrypted; encrypted at rest. The bots keep the records of approvals and tasks here.",
    ),
    entry("elsewhere.name", "其他平台的卡片", "Cards on other platforms"),
    entry(
        "elsewhere.topic",
        "未端到端加密，服务器端加密保存。机器人与桥接在此交换卡片，没有别人。",
        "Not end-to-end encrypted; encrypted at rest. The bots and the bridge exchange cards here, and nobody else is in it.",
    ),
    entry("export.name", "{no} 的导出文件", "Export of {no}"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(super::TEXTS), Vec::<String>::new());
    }
}
