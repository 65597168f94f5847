//! The errors that a person meets, by their codes. The wording is fixed: people quote it to each other and to support.

use super::Entry;

/// E101 to E404.
pub const ERRORS: &[Entry] = &[
    Entry {
        key: "E101",
        zh: "你不是当前处理人。现在由 {who} 处理。",
        en: "You are not the current handler. It is with {who}.",
    },
    Entry {
        key: "E102",
        zh: "没有权限：需要角色 {role}（范围 {scope}）。申请：!perm request",
        en: "Not permitted: needs role {role} (scope {scope}). Ask with !perm request",
    },
    Entry {
        key: "E103",
        zh: "已由 {who} 于 {time} 通过{via}处理：{result}。",
        en: "Already handled by {who} at {time} via {via}: {result}.",
    },
    Entry {
        key: "E104",
        zh: "操作已记录，撤掉表情不会撤销。可用：{options}",
        en: "The action is recorded; removing the reaction does not undo it. Possible: {options}",
    },
    Entry {
        key: "E105",
        zh: "修改旧消息不会重新执行命令，请重新发送。",
        en: "Editing an old message does not run it again; please send it anew.",
    },
    Entry {
        key: "E106",
        zh: "没有这个命令。你是想用 {a}、{b} 还是 {c}？",
        en: "No such command. Did you mean {a}, {b} or {c}?",
    },
    Entry {
        key: "E107",
        zh: "找不到编号 {no}，或你无权查看。",
        en: "{no} does not exist or you may not see it.",
    },
    Entry {
        key: "E108",
        zh: "此账号未绑定员工，不能操作。绑定：!bind {platform}",
        en: "This account is not bound to a person and cannot act. Bind it: !bind {platform}",
    },
    Entry {
        key: "E110",
        zh: "「{field}」{problem}，例如：{example}",
        en: "“{field}” {problem}, for example: {example}",
    },
    Entry {
        key: "E111",
        zh: "请在 10 分钟内回复理由，否则本次拒绝无效。",
        en: "Reply with a reason within 10 minutes, or this rejection is void.",
    },
    Entry {
        key: "E112",
        zh: "请回复确认码 {code} 完成审批（金额 {amount}）。",
        en: "Reply with code {code} to confirm (amount {amount}).",
    },
    Entry {
        key: "E113",
        zh: "已有人处理，不能撤回。可联系 {who} 退回。",
        en: "Already decided in part, cannot be recalled. Ask {who} to return it.",
    },
    Entry {
        key: "E114",
        zh: "刚催过，{time} 后可再次催办。",
        en: "Just urged; possible again after {time}.",
    },
    Entry {
        key: "E115",
        zh: "不能转交或委托给申请人本人。",
        en: "Cannot be passed or delegated to the requester.",
    },
    Entry {
        key: "E116",
        zh: "本节点没有审批人，已转给管理员 {who}。",
        en: "This step has no approver; passed to administrator {who}.",
    },
    Entry {
        key: "E117",
        zh: "对方服务器 {server} 自 {time} 起离线，流程等待中。",
        en: "Partner server {server} offline since {time}; the flow is waiting.",
    },
    Entry { key: "E120", zh: "模板未发布：{list}", en: "Template not published: {list}" },
    Entry {
        key: "E130",
        zh: "附件 {name} 不可用：{cause}。草稿已保存。",
        en: "Attachment {name} refused: {cause}. The draft is saved.",
    },
    Entry {
        key: "E201",
        zh: "进度只能是 0、25、50、75、100。",
        en: "Progress must be 0, 25, 50, 75 or 100.",
    },
    Entry { key: "E202", zh: "任务不能互为上级。", en: "Tasks cannot be each other's parent." },
    Entry {
        key: "E203",
        zh: "没看懂时间「{text}」，例如：11-10 18:00、明天、周五。",
        en: "Did not understand the time “{text}”, e.g. 11-10 18:00, tomorrow, fri.",
    },
    Entry {
        key: "E301",
        zh: "重复规则过长或不支持（最多 2 年或 730 次）。",
        en: "Recurrence too long or unsupported (at most 2 years or 730 times).",
    },
    Entry {
        key: "E302",
        zh: "{room} 在 {time} 已被 {who} 预订，最近空闲：{next}",
        en: "{room} is booked by {who} at {time}; next free: {next}",
    },
    Entry {
        key: "E303",
        zh: "{who} 的日程未知，未计入空闲。",
        en: "The schedule of {who} is unknown and was not counted as free.",
    },
    Entry {
        key: "E304",
        zh: "这份日历邀请不是组织者发出的，已忽略。",
        en: "This invitation was not sent by the organiser; ignored.",
    },
    Entry { key: "E401", zh: "缺少必填列：{cols}", en: "Required columns missing: {cols}" },
    Entry {
        key: "E402",
        zh: "第 {row} 行 {col}：{value} 像是被 Excel 改写的数字，请设为文本。",
        en: "Row {row} {col}: {value} looks rewritten by Excel; format as text.",
    },
    Entry {
        key: "E403",
        zh: "将影响 {n} 人（{pct}%），需要第二位管理员确认：{who}",
        en: "Would affect {n} people ({pct} %); a second administrator must confirm: {who}",
    },
    Entry {
        key: "E404",
        zh: "部门 {path} 没有主管，{n} 个审批节点会无人处理。",
        en: "Department {path} has no head; {n} approval steps would have nobody.",
    },
    Entry {
        key: "E501",
        zh: "系统、安全、审计管理员必须是不同的人。",
        en: "System, security and audit administrator must be different people.",
    },
    Entry {
        key: "E502",
        zh: "账号因 {cause} 已被冻结，请联系 {who}。",
        en: "Your account is frozen because of {cause}; contact {who}.",
    },
    Entry {
        key: "E503",
        zh: "权限变更需三级审批，已提交 {no}。",
        en: "Permission changes need three approvals; submitted as {no}.",
    },
    Entry {
        key: "E602",
        zh: "邀请链接已失效（一次有效、72 小时）。请联系 {sponsor}。",
        en: "This link is no longer valid (one use, 72 hours). Contact {sponsor}.",
    },
    Entry {
        key: "E603",
        zh: "本群将于 {time} 到期并归档，点 🔁 可延期。",
        en: "This room expires and is archived at {time}; tap 🔁 to extend.",
    },
    Entry {
        key: "E605",
        zh: "服务器 {server} 不在允许名单，需要安全管理员 {who} 开通。",
        en: "Server {server} is not on the allow list; security administrator {who} can add it.",
    },
    Entry {
        key: "E701",
        zh: "消息可能含{class}，请改用加密群 {room} 或删除后重发。",
        en: "The message may contain {class}; use the encrypted room {room} or delete and resend.",
    },
    Entry {
        key: "E702",
        zh: "今天的紧急消息已用完（{n}/{max}）。",
        en: "Urgent messages for today are used up ({n}/{max}).",
    },
    Entry {
        key: "E703",
        zh: "规则 {rule} 触发过多，已暂停 {min} 分钟。",
        en: "Rule {rule} fired too often and is paused for {min} minutes.",
    },
    Entry {
        key: "E801",
        zh: "工单 {no} 已关闭超过 14 天，已为你新建 {new}。",
        en: "Ticket {no} was closed more than 14 days ago; {new} was opened.",
    },
    Entry {
        key: "E901",
        zh: "归档目标不可用，自 {time} 起未清理任何数据。",
        en: "Archive target unavailable; nothing purged since {time}.",
    },
    Entry {
        key: "E902",
        zh: "加密群不归档、不检索、不适用规则。",
        en: "Encrypted rooms are not archived, searched or checked by rules.",
    },
    Entry {
        key: "E903",
        zh: "查阅他人记录需要 {who} 与 {who2} 共同授权。",
        en: "Reading other people's records needs the joint grant of {who} and {who2}.",
    },
];
