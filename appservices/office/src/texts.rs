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
    entry("via.matrix", "Matrix", "Matrix"),
    entry("via.web", "网页", "a web page"),
    entry("via.email", "邮件", "e-mail"),
    entry("via.dingtalk", "钉钉", "DingTalk"),
    entry("via.feishu", "飞书", "Feishu"),
    entry("via.wecom", "企业微信", "WeCom"),
    entry("via.auto", "系统", "a rule"),
    entry("via.admin", "管理员", "an administrator"),
    entry("chain.missing", "记录缺失", "it is missing"),
    entry("chain.form", "不是记录：{what}", "it is no record: {what}"),
    entry("chain.place", "位置不对", "it stands in the wrong place"),
    entry("chain.link", "与上一条不衔接", "it does not follow from the one before"),
    entry(
        "chain.ended",
        "由 {what} 签名，但该密钥当时已停用",
        "it is signed by {what} after the end of that key",
    ),
    entry("chain.unsigned", "没有已知密钥的签名", "it is not signed by a known key"),
    entry("chain.signature", "{what} 的签名不对", "it has a wrong signature of {what}"),
    entry("chain.text", "对应的文字被改过", "it stands for a text that was changed"),
    entry("export.name", "{no} 的导出文件", "Export of {no}"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(super::TEXTS), Vec::<String>::new());
    }
}
