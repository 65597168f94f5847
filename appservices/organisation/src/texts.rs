//! Every sentence of the organisation's bot, in Chinese and English.

use kit::texts::{Entry, entry};

/// The texts of the organisation's bot, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry(
        "org.help.org",
        "import｜apply 编号｜link 姓名或 new｜tree｜history 工号｜visibility",
        "import|apply ID|link NAME or new|tree|history NUMBER|visibility",
    ),
    entry("org.help.who", "姓名 是谁", "NAME tells who that is"),
    entry("org.help.dept", "部门 有谁", "DEPARTMENT tells who is in it"),
    entry("org.help.bind", "matrix 工号 绑定账号", "matrix NUMBER binds this account to a person"),
    entry("org.nobody", "找不到「{text}」。", "Nobody and nothing here is called “{text}”."),
    entry(
        "org.dept_coded",
        "{path} ({code}) · 主管 {heads} · {count} 人",
        "{path} ({code}) · head {heads} · {count} people",
    ),
    entry(
        "org.import.head",
        "{encoding} · {separator} · {rows} 行",
        "{encoding} · {separator} · {rows} rows",
    ),
    entry("org.import.new", "新增", "new"),
    entry("org.import.changed", "变更", "changed"),
    entry("org.import.moved", "调动", "moved"),
    entry("org.import.left", "离职", "left"),
    entry("org.import.unchanged", "不变", "unchanged"),
    entry("org.import.departments", "部门信息", "departments"),
    entry("org.import.errors", "错误", "errors"),
    entry("org.import.error", "错误", "error"),
    entry("org.import.row", "第 {row} 行 {col}「{value}」{advice}", "row {row} {col} “{value}” {advice}"),
    entry(
        "org.import.no_dry_run",
        "没有编号为 {id} 的预检，或已超过一天，请重新导入。",
        "There is no dry run {id}, or it is older than a day; run the import again.",
    ),
    entry(
        "org.import.outdated",
        "预检之后组织有变化，请重新导入。",
        "The organisation changed after the dry run; run the import again.",
    ),
    entry(
        "org.import.too_large",
        "文件超过 {bytes} 字节，请分批导入。",
        "The file is larger than {bytes} bytes; import it in parts.",
    ),
    entry(
        "org.import.encoding",
        "文件不是 UTF-8 或 GB18030，请另存为 CSV UTF-8。",
        "The file is neither UTF-8 nor GB18030; save it as CSV UTF-8.",
    ),
    entry("org.import.form", "文件不是 CSV：{reason}", "The file is not CSV: {reason}"),
    entry(
        "org.import.too_many",
        "超过 {rows} 行或 {columns} 列，请分批导入。",
        "More than {rows} rows or {columns} columns; import it in parts.",
    ),
    entry(
        "org.import.long_cell",
        "第 {row} 行有超过 {bytes} 字节的单元格。",
        "Line {row}: a cell is longer than {bytes} bytes.",
    ),
    entry("org.import.empty", "文件是空的。", "The file is empty."),
    entry("org.import.twice", "列「{col}」出现两次。", "The column {col} is there twice."),
    entry("org.rule.required", "不能为空", "must not be empty"),
    entry(
        "org.rule.rewritten",
        "像是被 Excel 改写的数字，请设为文本",
        "looks rewritten by Excel; format as text",
    ),
    entry(
        "org.rule.department",
        "不是部门路径，例如 总部/销售部",
        "is not a department path, like 总部/销售部",
    ),
    entry("org.rule.number", "不是整数", "is not a whole number"),
    entry("org.rule.word", "不是可用的值", "is not a value of this column"),
    entry("org.rule.zone", "不是时区，例如 Asia/Shanghai", "is not a time zone, like Asia/Shanghai"),
    entry("org.rule.day", "不是日期，例如 2026-11-05", "is not a day, like 2026-11-05"),
    entry(
        "org.rule.localpart",
        "不是可用的账号（a-z 0-9 . _ = - /）",
        "is not a localpart (a-z 0-9 . _ = - /)",
    ),
    entry("org.rule.too_many", "项目过多", "has too many entries"),
    entry("org.rule.twice", "工号重复", "is there twice"),
    entry("org.rule.taken", "账号已属他人", "belongs or belonged to somebody else"),
    entry("org.rule.unknown_manager", "没有这个工号", "nobody has this employee number"),
    entry("org.rule.circle", "上级成环", "is in a circle of managers"),
    entry("org.rule.contradicts", "与同部门的其他行不一致", "is not what another row says of the department"),
    entry("org.rule.code_taken", "另一个部门已用此编码", "is the code of another department"),
    entry("org.rule.shared", "此平台账号已属他人", "is somebody else's id at that platform"),
    entry("org.phone", "电话 {phone}", "phone {phone}"),
    entry("org.email", "邮箱 {email}", "mail {email}"),
    entry("org.dept", "{path} · 主管 {heads} · {count} 人", "{path} · head {heads} · {count} people"),
    entry(
        "org.since",
        "{day} · 版本 {version} · {by} · {status} · {what}",
        "{day} · version {version} · {by} · {status} · {what}",
    ),
    entry("org.status.active", "在职", "works here"),
    entry("org.status.suspended", "停用", "is away"),
    entry("org.status.left", "已离职", "has left"),
    entry("org.more", "其余 {count} 项未显示", "{count} more are not shown"),
    entry(
        "org.list_how",
        "请上传 CSV 文件，再回复该文件：!org import（或 !org import --full）",
        "Upload the CSV file and reply to it: !org import (or !org import --full)",
    ),
    entry(
        "org.list_unlike",
        "文件内容与消息中的校验值不符，请重新上传后再回复：!org import",
        "The contents of the file are not what its message says. Upload it again and reply to it: !org import",
    ),
    entry(
        "org.dry_run",
        "尚未生效。24 小时内确认：!org apply {id}",
        "Nothing has changed yet. Within a day: !org apply {id}",
    ),
    entry(
        "org.applied",
        "{count} 人已变更，组织版本 {version}。",
        "{count} people changed; the organisation is at version {version}.",
    ),
    entry(
        "org.newcomers",
        "新增 {count} 人。首次登录链接：!org link new",
        "{count} people are new. Links for their first login: !org link new",
    ),
    entry(
        "org.link",
        "{name} ({account}) 的首次登录链接，72 小时内有效，只能使用一次，之前的链接已失效：\n{link}",
        "The link for the first login of {name} ({account}); it works once, within 72 hours, and voids the one before:\n{link}",
    ),
    entry("org.link_mailed", "链接已发到 {address}。", "The link was sent to {address}."),
    entry("org.link_past", "{name} ({account}) 已登录过。", "{name} ({account}) has logged in already."),
    entry(
        "org.link_open",
        "{name} ({account}) 的链接仍有效。",
        "{name} ({account}) has a link that still works.",
    ),
    entry(
        "org.link_locked",
        "{name} ({account}) 的账号已锁定。",
        "The account of {name} ({account}) is locked.",
    ),
    entry(
        "org.link_closed",
        "{name} ({account}) 的账号已停用。",
        "The account of {name} ({account}) is closed.",
    ),
    entry(
        "org.link_name",
        "{account} 不能作为 {name} 的账号：此名称为系统保留。",
        "{account} cannot be the account of {name}: the name is kept for the system.",
    ),
    entry(
        "org.link_elsewhere",
        "{name} 的账号 {account} 不在本服务器。",
        "The account of {name}, {account}, is on another server.",
    ),
    entry(
        "org.link_later",
        "暂时无法为 {name} ({account}) 生成链接，请稍后重试。",
        "No link could be made for {name} ({account}) just now; try again later.",
    ),
    entry("org.link_without", "{name} 没有账号。", "{name} has no account."),
    entry(
        "org.link_several",
        "「{text}」有 {count} 人，请用工号。",
        "{count} people are called “{text}”; use the employee number.",
    ),
    entry("org.link_refused", "服务器未给出链接：{reason}", "The server gives no link: {reason}"),
    entry("org.links", "首次登录链接", "Links for first logins"),
    entry(
        "org.links_given",
        "{count} 个首次登录链接（{mailed} 个已发邮件），72 小时内有效，每个只能使用一次。",
        "{count} links for first logins ({mailed} sent by mail); each works once, within 72 hours.",
    ),
    entry("org.links_none", "没有人需要首次登录链接。", "Nobody needs a link for a first login."),
    entry("org.links_more", "还有更多：!org link new", "There are more: !org link new"),
    entry(
        "org.standing.refused",
        "⚠️ {name} ({account}) {what}，但服务器没有照做：{why}",
        "⚠️ {name} ({account}) {what}, and the server does not follow: {why}",
    ),
    entry("org.standing.active", "已在职", "is here again"),
    entry("org.standing.suspended", "已停用", "is away"),
    entry("org.standing.left", "已离职", "has left"),
    entry(
        "org.standing.of_administrator",
        "这是服务器管理员的账号，请由其他管理员处理：lianqiao user lock",
        "it is the account of an administrator of the server; another administrator closes it: lianqiao user lock",
    ),
    entry(
        "org.standing.of_nobody",
        "这不是员工的账号，请核对名单中的账号。",
        "it is no colleague's account; check the account in the list.",
    ),
    entry("org.result", "导入结果", "Result of the import"),
    entry("org.rules", "可见性规则已保存（{count} 条）。", "Rules of visibility are kept ({count})."),
    entry("org.rules_wrong", "规则无效：{problem}", "The rules are not valid: {problem}"),
    entry(
        "org.bind_asked",
        "已请管理员确认绑定 {name}。",
        "An administrator is asked to bind you to {name}.",
    ),
    entry(
        "org.bind_card",
        "[绑定] {account} → {name} ({id})\n✅同意 ❌拒绝",
        "[Bind] {account} → {name} ({id})\n✅ yes ❌ no",
    ),
    entry("org.bound", "{account} 已绑定 {name}。", "{account} is bound to {name}."),
    entry("org.bind_refused", "绑定 {account} 被 {who} 拒绝。", "Binding {account} was refused by {who}."),
    entry("org.bind_taken", "账号或人员已有绑定。", "The account or the person is bound already."),
    entry("org.bind_how", "用法：!bind matrix 工号", "Use: !bind matrix NUMBER"),
    entry("org.room.company", "公司", "Company"),
    entry("org.room.notice", "{name} 公告", "{name} announcements"),
    entry("org.room.talk", "{name} 讨论", "{name} discussion"),
    entry("org.room.support", "{name} 支持", "{name} support"),
    entry(
        "org.room.topic",
        "未端到端加密，服务器端加密保存。成员随组织架构变化。",
        "Not end-to-end encrypted; encrypted at rest. Members follow the organisation.",
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(super::TEXTS), Vec::<String>::new());
    }
}
