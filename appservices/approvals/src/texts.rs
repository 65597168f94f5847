//! Every sentence of approvals, in Chinese and English.

use kit::texts::Entry;

const fn entry(key: &'static str, zh: &'static str, en: &'static str) -> Entry {
    Entry { key, zh, en }
}

/// The texts of approvals, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry("state.draft", "草稿", "Draft"),
    entry("state.pending", "待审批", "Pending"),
    entry("state.approved", "已通过", "Approved"),
    entry("state.rejected", "已拒绝", "Rejected"),
    entry("state.recalled", "已撤回", "Recalled"),
    entry("state.returned", "已退回", "Returned"),
    entry("state.terminated", "已终止", "Terminated"),
    entry("state.reverted", "已撤销", "Reverted"),
    entry("task.waiting", "等待中", "Waiting"),
    entry("task.approved", "你已同意", "You approved"),
    entry("task.rejected", "你已拒绝", "You rejected"),
    entry("task.returned", "你已退回", "You returned it"),
    entry("task.transferred", "已转交", "Passed on"),
    entry("task.skipped", "已跳过", "Skipped"),
    entry("task.closed", "已由他人处理", "Decided by others"),
    entry("task.expired", "已超时", "Time is up"),
    entry("result.approved", "同意", "approved"),
    entry("result.rejected", "拒绝", "rejected"),
    entry("result.returned", "退回", "returned"),
    entry("result.transferred", "转交", "passed on"),
    entry("card.next", "下一步: {who} · 已过 {passed}/{total}", "Next: {who} · passed {passed}/{total}"),
    entry("card.note", "{who}: {reason}", "{who}: {reason}"),
    entry(
        "card.actions",
        "✅同意 ❌拒绝 💬评论  或回复: 同意 / 拒绝 理由",
        "✅ approve ❌ reject 💬 comment  or reply: ok / no reason",
    ),
    entry("card.starter_actions", "⏰催办 ↩️撤回", "⏰ urge ↩️ recall"),
    entry("card.delegate", "代 {who} 处理", "On behalf of {who}"),
    entry("card.changes", "变更: {changes}", "Changed: {changes}"),
    entry("card.more", "其余 {count} 项见话题", "{count} more in the thread"),
    entry("preview.head", "预览 {title}", "Preview {title}"),
    entry("preview.step", "{n}) {who}", "{n}) {who}"),
    entry("preview.later", "{n}) [预计] {who}", "{n}) [expected] {who}"),
    entry("preview.because", "因{condition}", "because {condition}"),
    entry("preview.copy", "抄送 {who}", "Copy to {who}"),
    entry(
        "preview.files",
        "缺少: {fields}。请在本话题上传，完成后回复「提交」，或「取消」。",
        "Missing: {fields}. Upload here in the thread, then reply “submit”, or “cancel”.",
    ),
    entry(
        "preview.ask",
        "请填写「{field}」{options}（回复「取消」结束）",
        "Please give “{field}” {options} (“cancel” ends this)",
    ),
    entry("preview.ready", "已填好。回复「提交」，或「取消」。", "Complete. Reply “submit”, or “cancel”."),
    entry("preview.elsewhere", "已收到 {no}，请看与我的私聊。", "{no} received; please see our direct chat."),
    entry(
        "draft.file",
        "已收到 {count} 个附件 (sha256 {hash}…)",
        "{count} attachment(s) received (sha256 {hash}…)",
    ),
    entry("draft.submitted", "已提交 {no}。", "{no} submitted."),
    entry("draft.cancelled", "已取消 {no}。", "{no} cancelled."),
    entry("told.approved", "{no} 已通过。", "{no} is approved."),
    entry("told.rejected", "{no} 被 {who} 拒绝：{reason}", "{no} was rejected by {who}: {reason}"),
    entry(
        "told.returned",
        "{no} 被 {who} 退回：{reason}\n请修改或补充附件后回复「提交」，或「取消」。",
        "{no} was returned by {who}: {reason}\nChange it or add attachments, then reply “submit”, or “cancel”.",
    ),
    entry("told.terminated", "{no} 被 {who} 终止：{reason}", "{no} was terminated by {who}: {reason}"),
    entry(
        "told.stuck",
        "{no} 找不到审批人，已退回给你。请联系管理员。",
        "{no} found no approver and is back with you. Please ask an administrator.",
    ),
    entry("told.reverted", "{no} 已撤销。", "{no} is reverted."),
    entry("told.copy", "抄送给你：{no}", "Copied to you: {no}"),
    entry("told.turn", "{no} 轮到你审批。", "{no} is yours to decide now."),
    entry("told.private", "请看与我的私聊。", "Please see our direct chat."),
    entry("told.urged", "{who} 催办 {no}，请处理。", "{who} asks you to decide {no}."),
    entry(
        "told.urged_head",
        "{who} 多次催办 {no}，待 {owner} 处理。",
        "{who} has urged {no} several times; it waits for {owner}.",
    ),
    entry("told.late", "{no} 已超时，请处理。", "{no} is overdue; please decide."),
    entry("told.transferred", "{who} 已将审批转交 {to}。", "{who} passed it on to {to}."),
    entry("told.leaver", "{who} 已离职，审批转给 {to}。", "{who} has left; it went to {to}."),
    entry("told.comment", "{who}: {text}", "{who}: {text}"),
    entry("told.comment_how", "请在本话题回复评论。", "Please reply in this thread."),
    entry("told.delegated", "已委托 {who}，{from} 至 {to}。", "{who} acts for you from {from} to {to}."),
    entry("told.undelegated", "委托已全部结束。", "Nobody acts for you any more."),
    entry("told.published", "模板已发布：{template}", "Template published: {template}"),
    entry(
        "room.topic",
        "未端到端加密，服务器端加密保存。由审批机器人管理。",
        "Not end-to-end encrypted; encrypted at rest. Kept by the approvals bot.",
    ),
    entry("room.ledger", "审批台账", "Ledger of approvals"),
    entry("room.administration", "审批管理", "Administration of approvals"),
    entry("partner.from", "{server} 请求审批", "Asked by {server}"),
    entry(
        "partner.actions",
        "✅同意 ❌拒绝  或回复: 同意 / 拒绝 理由",
        "✅ approve ❌ reject  or reply: ok / no reason",
    ),
    entry(
        "partner.forged",
        "{server} 的答复未被接受：{cause}",
        "The answer of {server} is not accepted: {cause}",
    ),
    entry("options.card", "!转交 !加签 !退回", "!transfer !addsign !return"),
    entry("form.required", "不能为空", "must not be empty"),
    entry("form.long", "过长", "is too long"),
    entry("form.phone", "不是电话号码", "is no telephone number"),
    entry("form.link", "不是网址", "is no web address"),
    entry("form.number", "不是可用的整数", "is no whole number that fits"),
    entry("form.amount", "不是可用的金额", "is no amount that fits"),
    entry("form.past", "不能早于今天", "must not lie in the past"),
    entry("form.date", "不是日期", "is no date"),
    entry("form.range", "结束早于开始或超过一年", "ends before it begins, or is longer than a year"),
    entry("form.nobody", "找不到此人", "names nobody here"),
    entry("form.several", "不止一人，请用账号", "names several people; use the account"),
    entry("form.file", "请上传文件", "is a file; please upload it"),
    entry("form.choice", "不在可选项中", "is none of the choices"),
    entry("form.no_file", "此表单不收附件", "the form takes no attachments"),
    entry("form.files", "附件过多", "are too many attachments"),
    entry("form.asked", "此人已在本节点", "is asked already"),
    entry("form.transfers", "转交次数过多", "was passed on too often"),
    entry("form.reason", "理由", "Reason"),
    entry("form.person", "人员", "Person"),
    entry("form.node", "节点", "Node"),
    entry("form.no", "编号", "Number"),
    entry("file.large", "超过 50 MB", "larger than 50 MB"),
    entry("file.refused", "无法下载或未通过安全检查", "it cannot be downloaded, or did not pass the check"),
    entry("skip.own", "申请人本人", "is the requester"),
    entry("skip.before", "之前已同意", "has agreed before"),
    entry("list.empty", "没有。", "Nothing."),
    entry(
        "verify.good",
        "OK · {records} 条记录 · {signers} 个服务器签名 · 链首 {first} 链尾 {last}",
        "OK · {records} records · {signers} server signatures · first {first} last {last}",
    ),
    entry(
        "verify.broken",
        "{no} 的记录在第 {seq} 条断开：{fault}",
        "The records of {no} break at {seq}: {fault}",
    ),
    entry(
        "why.line",
        "节点{node}: {condition}{rule} 于 {date} 由 {who} 担任 (org 版本 {version})",
        "Node {node}: {condition}{rule} on {date} was {who} (org version {version})",
    ),
    entry("why.condition", "规则 {condition} 成立; ", "rule {condition} holds; "),
    entry("rule.role", "角色 {what}", "role {what}"),
    entry("rule.users", "指定人员", "the named people"),
    entry("rule.dept_head", "第 {what} 级主管", "the head at level {what}"),
    entry("rule.dept_heads", "逐级主管 ({what})", "the heads level by level ({what})"),
    entry("rule.starter", "申请人", "the requester"),
    entry("rule.field", "表单字段 {what}", "the field {what}"),
    entry("rule.partner", "合作方 {what}", "the partner {what}"),
    entry("export.name", "{no} 的导出文件", "Export of {no}"),
    entry("help.start", "发起审批", "starts an approval"),
    entry(
        "help.approval",
        "list｜mine｜todo｜done｜show 编号｜export 编号｜publish｜模板",
        "list|mine|todo|done|show NO|export NO|publish|TEMPLATE",
    ),
    entry("help.approve", "[编号] [意见] 同意", "[NO] [comment] approves"),
    entry("help.reject", "[编号] 理由 拒绝", "[NO] reason rejects"),
    entry("help.transfer", "[编号] @某人 [理由] 转交", "[NO] @somebody [reason] passes it on"),
    entry(
        "help.add_sign",
        "[编号] 前|并|后 @某人… 加签",
        "[NO] before|parallel|after @somebody… adds people",
    ),
    entry("help.remove_sign", "[编号] @某人 取消加签", "[NO] @somebody takes an added person back"),
    entry("help.return", "[编号] [节点] 理由 退回", "[NO] [node] reason sends it back"),
    entry("help.recall", "[编号] 撤回自己的申请", "[NO] takes your own request back"),
    entry("help.urge", "[编号] 催办", "[NO] reminds who has it"),
    entry("help.cc", "[编号] @某人… 抄送", "[NO] @somebody… has others read along"),
    entry("help.comment", "[编号] 内容 评论", "[NO] text comments"),
    entry(
        "help.delegate",
        "@某人 起 止 [模板…] 委托审批；取消",
        "@somebody from to [templates…] has somebody act for you; off",
    ),
    entry("help.submit", "[编号] 提交草稿", "[NO] hands a draft in"),
    entry("help.why", "编号 为什么是这些审批人", "NO tells why these people are asked"),
    entry("help.verify", "编号 验证记录链", "NO verifies the chain of records"),
    entry(
        "help.reassign",
        "编号 @从 @到 理由 改派（管理员）",
        "NO @from @to reason reassigns (administrators)",
    ),
    entry("help.terminate", "编号 理由 终止（管理员）", "NO reason ends it (administrators)"),
    entry("help.revert", "编号 理由 申请撤销已通过的审批", "NO reason asks to undo what was approved"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        let mut keys = BTreeSet::new();
        for entry in TEXTS {
            assert!(keys.insert(entry.key), "{} stands twice", entry.key);
            assert_eq!(kit::texts::holes(entry.zh), kit::texts::holes(entry.en), "{}", entry.key);
        }
    }
}
