//! Every sentence of tasks, in Chinese and English.

use kit::texts::Entry;

const fn entry(key: &'static str, zh: &'static str, en: &'static str) -> Entry {
    Entry { key, zh, en }
}

/// The texts of tasks, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry("tk.state.proposed", "待确认", "Proposed"),
    entry("tk.state.open", "待开始", "Open"),
    entry("tk.state.doing", "进行中 {percent}%", "Doing {percent}%"),
    entry("tk.state.done", "已完成", "Done"),
    entry("tk.state.cancelled", "已取消", "Cancelled"),
    entry("tk.state.overdue", "逾期", "Overdue"),
    entry("tk.state.overdue_doing", "逾期 {percent}%", "Overdue {percent}%"),
    entry("tk.result.done", "完成", "done"),
    entry("tk.result.cancelled", "取消", "cancelled"),
    entry("tk.result.unwanted", "不需要", "not wanted"),
    entry("tk.priority.urgent", "紧急", "urgent"),
    entry("tk.priority.high", "高", "high"),
    entry("tk.priority.medium", "中", "medium"),
    entry("tk.priority.low", "低", "low"),
    entry("tk.repeat.daily", "每天", "daily"),
    entry("tk.repeat.workdays", "每工作日", "weekdays"),
    entry("tk.repeat.weekly", "每周", "weekly"),
    entry("tk.repeat.biweekly", "每两周", "every two weeks"),
    entry("tk.repeat.monthly", "每月", "monthly"),
    entry("tk.repeat.yearly", "每年", "yearly"),
    entry("tk.card.due", "截止 {due}", "due {due}"),
    entry("tk.card.no_due", "未定日期", "no date"),
    entry("tk.card.asked", "等待接受: {who}", "Waiting for: {who}"),
    entry("tk.card.priority", "优先级 {priority}", "priority {priority}"),
    entry("tk.card.start", "开始 {start}", "start {start}"),
    entry("tk.card.creator", "发起 {who}", "from {who}"),
    entry("tk.card.all", "全部完成才算: {each}", "All of: {each}"),
    entry("tk.card.any", "任一完成即可: {each}", "Any of: {each}"),
    entry("tk.card.checklist", "清单 {done}/{all}: {items}", "Checklist {done}/{all}: {items}"),
    entry("tk.card.parent", "属于 {no}", "part of {no}"),
    entry("tk.card.source", "来源 {source}", "from {source}"),
    entry("tk.card.after", "接续 {no}", "after {no}"),
    entry("tk.card.repeat", "重复 {rule}", "repeats {rule}"),
    entry("tk.card.missed", "错过 {count} 期", "{count} missed"),
    entry("tk.card.followers", "关注 {who}", "followed by {who}"),
    entry("tk.card.postponing", "{who} 申请延期到 {due}", "{who} asks for time until {due}"),
    entry("tk.card.fired", "已提醒 {count} 次，最近 {time}", "reminded {count} times, last {time}"),
    entry(
        "tk.card.actions",
        "1️⃣25% 2️⃣50% 3️⃣75% ✅完成 ⏰1小时后提醒 💬评论",
        "1️⃣ 25% 2️⃣ 50% 3️⃣ 75% ✅ done ⏰ remind in 1 h 💬 comment",
    ),
    entry(
        "tk.card.acceptance",
        "✋接受 🙅拒绝 · 1️⃣25% 2️⃣50% 3️⃣75% ✅完成 ⏰1小时后提醒 💬评论",
        "✋ accept 🙅 decline · 1️⃣ 25% 2️⃣ 50% 3️⃣ 75% ✅ done ⏰ remind in 1 h 💬 comment",
    ),
    entry("tk.card.question", "✅建立任务 ❌不需要", "✅ make it a task ❌ not wanted"),
    entry(
        "tk.ask.due",
        "{no} 什么时候完成？请回复日期，例如：明天、周五 18:00、11-10。",
        "When is {no} due? Reply with a date, e.g. tomorrow, fri 18:00, 11-10.",
    ),
    entry(
        "tk.ask.time",
        "{who} 申请把 {no} {title} 延期到 {due}：{reason}\n✅同意 ❌不同意",
        "{who} asks to postpone {no} {title} until {due}: {reason}\n✅ agree ❌ do not",
    ),
    entry("tk.ask.comment", "请在话题里直接写评论。", "Write your comment in the thread."),
    entry("tk.told.done", "{no} {title} 已由 {who} 完成。", "{who} finished {no} {title}."),
    entry("tk.told.cancelled", "{no} {title} 已由 {who} 取消。", "{who} cancelled {no} {title}."),
    entry("tk.told.reopened", "{who} 重新打开了 {no} {title}。", "{who} reopened {no} {title}."),
    entry("tk.told.assigned", "{who} 把 {no} {title} 交给你。", "{who} gave you {no} {title}."),
    entry(
        "tk.told.asked",
        "{who} 想把 {no} {title} 交给你。点 ✋ 接受，或 🙅 拒绝并说明理由。",
        "{who} would like to give you {no} {title}. Tap ✋ to accept, or 🙅 to decline with a reason.",
    ),
    entry("tk.told.accepted", "{who} 接受了 {no} {title}。", "{who} accepted {no} {title}."),
    entry(
        "tk.told.declined",
        "{who} 没有接受 {no} {title}：{reason}",
        "{who} declined {no} {title}: {reason}",
    ),
    entry(
        "tk.told.left",
        "{who} 已离职或停用，{no} {title} 转给你。",
        "{who} is not here any more; {no} {title} is with you.",
    ),
    entry(
        "tk.told.room_gone",
        "{no} {title} 所在的群已关闭，任务移到私聊。",
        "The room of {no} {title} is closed; the task goes on in direct chats.",
    ),
    entry("tk.told.postponed", "{no} {title} 改到 {due}。", "{no} {title} is now due {due}."),
    entry("tk.told.not_postponed", "{no} {title} 不能延期。", "{no} {title} cannot be postponed."),
    entry("tk.told.snoozed", "好的，{time} 再提醒 {no}。", "I will remind you of {no} at {time}."),
    entry("tk.told.asked_time", "已请 {who} 确认 {no} 的延期。", "{who} was asked to postpone {no}."),
    entry(
        "tk.told.no_pin",
        "我没有权限置顶看板。请让管理员置顶上面的看板，或给我修改置顶的权限。",
        "I may not pin the board. Please pin it, or let me change what is pinned.",
    ),
    entry(
        "tk.remind.before",
        "提醒：{no} {title} 还有 {left}，截止 {due}。",
        "{no} {title} is due in {left}, {due}.",
    ),
    entry("tk.remind.due", "到期：{no} {title} 现在截止。", "{no} {title} is due now."),
    entry("tk.remind.again", "提醒：{no} {title}。", "Reminder: {no} {title}."),
    entry(
        "tk.remind.overdue",
        "逾期：{no} {title} 已过期 {left}（截止 {due}）。",
        "Overdue: {no} {title} was due {left} ago ({due}).",
    ),
    entry(
        "tk.remind.heads",
        "{who} 的任务 {no} {title} 已逾期 {left}（截止 {due}）。",
        "{no} {title} of {who} has been overdue for {left} (due {due}).",
    ),
    entry("tk.remind.late", "（补发）{text}", "(late) {text}"),
    entry(
        "tk.board.head",
        "[看板] 任务 {all} · 逾期 {overdue} · 进行中 {doing}",
        "[Board] tasks {all} · overdue {overdue} · doing {doing}",
    ),
    entry(
        "tk.board.frozen",
        "[看板·已冻结] 本群已关闭，{all} 个任务移到私聊。",
        "[Board, frozen] This room is closed; {all} tasks went to direct chats.",
    ),
    entry("tk.digest.head", "[早报] 你的任务", "[Morning] your tasks"),
    entry("tk.digest.overdue", "逾期 {count}", "Overdue {count}"),
    entry("tk.digest.today", "今天到期 {count}", "Due today {count}"),
    entry("tk.digest.waiting", "等你处理 {count}", "Waiting for you {count}"),
    entry("tk.list.head", "{what} {count}", "{what} {count}"),
    entry("tk.list.mine", "我的任务", "My tasks"),
    entry("tk.list.room", "本群任务", "Tasks of this room"),
    entry("tk.list.dept", "部门任务", "Tasks of the department"),
    entry("tk.list.overdue", "逾期任务", "Overdue tasks"),
    entry("tk.list.none", "没有任务。", "No tasks."),
    entry("tk.list.more", "另有 {count} 项", "{count} more"),
    entry("tk.list.here", "这条命令要在群里用。", "Use this command in a room."),
    entry(
        "tk.checklist.none",
        "{no} 没有清单。添加：!清单 {no} + 内容",
        "{no} has no checklist. Add: !check {no} + text",
    ),
    entry("tk.checklist.line", "{n}. {mark} {text}", "{n}. {mark} {text}"),
    entry("tk.field.title", "标题", "title"),
    entry("tk.field.description", "描述", "description"),
    entry("tk.field.reason", "理由", "reason"),
    entry("tk.field.person", "人员", "person"),
    entry("tk.field.assignees", "负责人", "assignees"),
    entry("tk.field.followers", "关注人", "followers"),
    entry("tk.field.tags", "标签", "tags"),
    entry("tk.field.start", "开始时间", "start"),
    entry("tk.field.priority", "优先级", "priority"),
    entry("tk.field.mode", "完成方式", "mode"),
    entry("tk.field.repeat", "重复", "repetition"),
    entry("tk.field.remind", "提醒", "reminders"),
    entry("tk.field.item", "清单项", "checklist item"),
    entry("tk.field.snooze", "稍后提醒", "snooze"),
    entry("tk.field.postponing", "延期申请", "request for time"),
    entry("tk.field.number", "任务编号", "task number"),
    entry("tk.field.what", "要修改的内容", "what to change"),
    entry("tk.problem.required", "不能为空", "must not be empty"),
    entry("tk.problem.long", "太长", "is too long"),
    entry("tk.problem.many", "太多", "are too many"),
    entry("tk.problem.assignees", "最多 20 人", "are more than 20"),
    entry("tk.problem.nobody", "查无此人", "is nobody here"),
    entry("tk.problem.several", "有重名，请用账号", "fits several people; use the account"),
    entry("tk.problem.choice", "不在可选项中", "is none of the choices"),
    entry("tk.problem.order", "晚于截止时间", "is after the due date"),
    entry("tk.problem.duration", "不是可用的时长", "is no usable duration"),
    entry("tk.problem.no_due", "需要先有截止时间", "needs a due date first"),
    entry("tk.problem.no_item", "没有这一项", "does not exist"),
    entry("tk.problem.answered", "已经处理过", "was answered already"),
    entry(
        "tk.problem.done",
        "改后任务会立即完成，请直接完成它",
        "would make the task done at once; finish it instead",
    ),
    entry("tk.options.card", "!进度 !重开", "!progress !reopen"),
    entry(
        "tk.verify.good",
        "OK · {no} · {records} 条记录 · {signers} 个签名密钥",
        "OK · {no} · {records} records · {signers} signing keys",
    ),
    entry(
        "tk.verify.broken",
        "{no} 的记录链在第 {seq} 条断开：{fault}",
        "The chain of {no} is broken at record {seq}: {fault}",
    ),
    entry(
        "tk.help.task",
        "建任务：!任务 标题 @人 日期 !高 #标签；列表：mine、room、dept、overdue、编号",
        "make a task: !task title @who date !high #tag; lists: mine, room, dept, overdue, number",
    ),
    entry("tk.help.progress", "[编号] 0|25|50|75|100", "[number] 0|25|50|75|100"),
    entry("tk.help.finish", "[编号] 完成任务", "[number] finish it"),
    entry("tk.help.assign", "[编号] @人… 转派", "[number] @who… give it to others"),
    entry("tk.help.postpone", "[编号] 日期 理由", "[number] date reason"),
    entry("tk.help.cancel", "[编号] [理由] 取消任务", "[number] [reason] cancel it"),
    entry("tk.help.reopen", "[编号] 重新打开", "[number] reopen it"),
    entry("tk.help.accept", "[编号] 接受任务", "[number] take it"),
    entry("tk.help.decline", "[编号] 理由 不接受", "[number] reason: do not take it"),
    entry("tk.help.snooze", "[编号] [1h] 稍后提醒", "[number] [1h] remind me later"),
    entry(
        "tk.help.set",
        "[编号] 标题|描述|优先级|标签|开始|截止|方式|上级|重复|提醒 值",
        "[number] title|desc|priority|tags|start|due|mode|parent|repeat|remind value",
    ),
    entry("tk.help.check", "[编号] 第几项 | + 新项 | - 第几项", "[number] item | + text | - item"),
    entry("tk.help.follow", "[编号] 关注任务", "[number] follow it"),
    entry("tk.help.unfollow", "[编号] 不再关注", "[number] do not follow it"),
    entry(
        "tk.help.board",
        "显示并置顶本群看板；!看板 关闭 冻结",
        "show and pin the board of this room; !board close freezes it",
    ),
    entry("tk.help.verify", "编号：核对记录链", "number: check the chain of records"),
];

#[cfg(test)]
mod tests {
    use kit::texts::holes;

    use super::TEXTS;

    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        let mut keys = Vec::new();
        for entry in TEXTS {
            assert_eq!(holes(entry.zh), holes(entry.en), "{}", entry.key);
            assert!(entry.key.starts_with("tk."), "{}", entry.key);
            keys.push(entry.key);
        }
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }
}
