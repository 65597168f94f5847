//! Every sentence of meetings, in Chinese and English.

use kit::texts::{Entry, entry};

/// The texts of meetings, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry("mt.finding", "找时间", "Finding a time"),
    entry("mt.scheduled", "已预定", "Scheduled"),
    entry("mt.live", "进行中", "Live"),
    entry("mt.ended", "已结束", "Ended"),
    entry("mt.minuted", "已有纪要", "Minuted"),
    entry("mt.cancelled", "已取消", "Cancelled"),
    entry("mt.mon", "周一", "Mon"),
    entry("mt.tue", "周二", "Tue"),
    entry("mt.wed", "周三", "Wed"),
    entry("mt.thu", "周四", "Thu"),
    entry("mt.fri", "周五", "Fri"),
    entry("mt.sat", "周六", "Sat"),
    entry("mt.sun", "周日", "Sun"),
    entry("mt.all_day", "全天", "all day"),
    entry("mt.untitled", "会议", "Meeting"),
    entry("mt.both_zones", "{there} ({zone}) = {here} ({own})", "{there} ({zone}) = {here} ({own})"),
    entry("mt.slots", "{count} 个候选时间", "{count} times to choose from"),
    entry(
        "mt.moved_by_clock",
        "当天夏令时拨快，原定时间不存在，顺延到 {time}",
        "Clocks go forward that day; the time does not exist and moved to {time}",
    ),
    entry("mt.repeats", "重复：{rule}", "Repeats: {rule}"),
    entry("mt.daily", "每天", "daily"),
    entry("mt.weekly", "每周", "weekly"),
    entry("mt.biweekly", "每两周", "every two weeks"),
    entry("mt.weekdays", "每工作日", "on weekdays"),
    entry("mt.monthly", "每月", "monthly"),
    entry("mt.yearly", "每年", "yearly"),
    entry("mt.every_days", "每 {count} 天", "every {count} days"),
    entry("mt.every_weeks", "每 {count} 周", "every {count} weeks"),
    entry("mt.every_months", "每 {count} 个月", "every {count} months"),
    entry("mt.every_years", "每 {count} 年", "every {count} years"),
    entry("mt.on_weekdays", "每{days}", "every {days}"),
    entry("mt.on_days", "{every}的{days}", "{every} on {days}"),
    entry("mt.list_comma", "、", ", "),
    entry("mt.list_and", "、", " and "),
    entry("mt.working_day", "工作日", "weekday"),
    entry("mt.month_day", "{day}日", "day {day}"),
    entry("mt.month_last_day", "最后一天", "the last day"),
    entry("mt.month_day_back", "倒数第 {day} 天", "day {day} from the end"),
    entry("mt.nth_first", "第一个{day}", "the first {day}"),
    entry("mt.nth_second", "第二个{day}", "the second {day}"),
    entry("mt.nth_third", "第三个{day}", "the third {day}"),
    entry("mt.nth_fourth", "第四个{day}", "the fourth {day}"),
    entry("mt.nth_fifth", "第五个{day}", "the fifth {day}"),
    entry("mt.nth_last", "最后一个{day}", "the last {day}"),
    entry("mt.nth_last_but_one", "倒数第二个{day}", "the last {day} but one"),
    entry("mt.rule_count", "{rule} × {count}", "{rule} × {count}"),
    entry("mt.rule_until", "{rule}，至 {day}", "{rule} until {day}"),
    entry("mt.rule_other", "按日历里的规则（见 .ics）", "by a rule of its calendar (see the .ics)"),
    entry("mt.place", "地点：{place}", "Place: {place}"),
    entry("mt.link", "链接：{url}", "Link: {url}"),
    entry("mt.people", "参会：{people}", "People: {people}"),
    entry(
        "mt.people_counted",
        "参会：✅{yes} ❔{perhaps} ❌{no} ⏳{waiting}（名单见附件）",
        "People: ✅{yes} ❔{perhaps} ❌{no} ⏳{waiting} (listed in the file)",
    ),
    entry("mt.optional", "(可选)", "(optional)"),
    entry(
        "mt.counters",
        "有 {count} 个改期建议待组织者处理",
        "{count} other time(s) proposed to the organiser",
    ),
    entry(
        "mt.orphaned",
        "组织者已离职且无人接手，{day} 取消",
        "The organiser has left and nobody takes over: cancelled on {day}",
    ),
    entry(
        "mt.actions",
        "✅参加 ❔待定 ❌不参加 🔁另提时间",
        "✅ accept ❔ tentative ❌ decline 🔁 propose another time",
    ),
    entry("mt.actions_live", "会议已开始，到场请点 🙋", "It has begun; tap 🙋 when you are there"),
    entry("mt.caldav_none", "没有日历密码。", "There are no passwords for calendar programs."),
    entry("mt.caldav_dropped", "「{name}」的日历密码已撤销。", "The password of “{name}” is taken back."),
    entry("mt.press.accept", "参加", "Accept"),
    entry("mt.press.tentative", "待定", "Perhaps"),
    entry("mt.press.decline", "不参加", "Decline"),
    entry("mt.not_asked", "[不再邀请] {meeting}", "[No longer invited] {meeting}"),
    entry(
        "mt.poll",
        "{no} {title}：哪些时间可以？（可多选，24 小时后结束）",
        "{no} {title}: which times suit you? (choose all, open for 24 hours)",
    ),
    entry("mt.poll_over", "{no} 的投票已结束。", "The poll for {no} is over."),
    entry("mt.choose", "{no} 投票结果，请 {who} 选定：", "Votes for {no}; {who}, please pick:"),
    entry("mt.choice", "{sign} {when} · {votes} 票 {names}", "{sign} {when} · {votes} vote(s) {names}"),
    entry("mt.find_none", "这段时间里没有大家都空闲的时间。", "There is no time at which everybody is free."),
    entry(
        "mt.remind",
        "{minutes} 分钟后开始：{no} {title} {when}",
        "Begins in {minutes} min: {no} {title} {when}",
    ),
    entry("mt.remind_late", "（迟到的提醒）{no} {title} {when}", "(Late reminder) {no} {title} {when}"),
    entry(
        "mt.minutes",
        "会议纪要 {no} {title} {day}\n请在本话题里记录：「结论: …」「待办: 事 @人 日期」。最后一条之后 15 分钟汇总。",
        "Minutes {no} {title} {day}\nPlease write here in the thread: “Decision: …”, “TODO: what @who when”. Summed up 15 minutes after the last line.",
    ),
    entry("mt.minutes_none", "{no} 还没有纪要。", "There are no minutes of {no} yet."),
    entry("mt.summary", "纪要汇总 {no} {title}", "Summary of {no} {title}"),
    entry("mt.conclusion", "结论：{text}（{by}）", "Decision: {text} ({by})"),
    entry("mt.todo", "待办：{text}（{by}）", "To do: {text} ({by})"),
    entry("mt.todo_unclear", "待办「{todo}」未建任务：{reason}", "No task for “{todo}”: {reason}"),
    entry("mt.agenda_empty", "没有安排。", "Nothing is planned."),
    entry("mt.more", "还有 {count} 个", "{count} more"),
    entry("mt.free_head", "{day} 忙闲", "Busy times on {day}"),
    entry("mt.free_unknown", "{who}：未知", "{who}: unknown"),
    entry("mt.free_all_day", "{who}：全天空闲{busy}", "{who}: free all day{busy}"),
    entry("mt.free_busy", "{who}：忙 {busy}", "{who}: busy {busy}"),
    entry("mt.busy_until", "至 {time}", "until {time}"),
    entry("mt.busy_from", "{time} 起", "from {time}"),
    entry("mt.busy_tentative", "（待定）", " (tentative)"),
    entry("mt.busy_away", "（外出）", " (away)"),
    entry(
        "mt.ics",
        "你的只读日历地址（只给自己用，撤销：!会议 日历 撤销）：{url}",
        "Your private read-only calendar address (end it with !meet ics revoke): {url}",
    ),
    entry("mt.ics_revoked", "日历地址已撤销。", "The address is revoked."),
    entry("mt.ics_none", "没有日历地址。", "There is no address."),
    entry(
        "mt.ics_off",
        "管理员没有开放日历地址。",
        "The administrator has not opened calendars to the outside.",
    ),
    entry(
        "mt.caldav",
        "日历软件设置：服务器 {url}，用户名 {user}，密码 {password}（只显示这一次）",
        "For your calendar program: server {url}, user {user}, password {password} (shown this once)",
    ),
    entry(
        "mt.source.asked",
        "正在读取 {host} 的日历，结果随后告诉你。",
        "Reading the calendar at {host}; what comes of it follows.",
    ),
    entry(
        "mt.source.direct",
        "其他日历只能在与我的私聊里管理，未作任何改动。",
        "Calendars elsewhere are a matter for our direct chat; nothing was changed.",
    ),
    entry(
        "mt.source.read",
        "{host} 的日历已添加：{day} 之前有 {count} 段忙碌时间，找时间时计入。",
        "The calendar at {host} is added: {count} busy time(s) until {day}. They count when a time is looked for.",
    ),
    entry(
        "mt.source.refused",
        "{host} 的日历未添加：{fault}。",
        "The calendar at {host} is not added: {fault}.",
    ),
    entry("mt.source.refused_nowhere", "日历未添加：{fault}。", "The calendar is not added: {fault}."),
    entry("mt.source.none", "没有其他日历。", "There are no calendars elsewhere."),
    entry("mt.source.line", "{number}. {host}（{kind}）", "{number}. {host} ({kind})"),
    entry("mt.source.feed", "订阅地址", "feed"),
    entry("mt.source.caldav", "CalDAV，用户 {user}", "CalDAV as {user}"),
    entry("mt.source.dropped", "{host} 的日历已移除。", "The calendar at {host} is dropped."),
    entry("mt.fault.address", "地址不正确", "the address is none that can be asked"),
    entry(
        "mt.fault.plain",
        "有密码时地址必须以 https:// 开头",
        "with a password the address has to begin with https://",
    ),
    entry("mt.fault.blocked", "不允许访问这个地址", "this address may not be asked"),
    entry("mt.fault.unreachable", "服务器无法访问", "its server cannot be reached"),
    entry("mt.fault.login", "用户名或密码不被接受", "the user or the password is not accepted there"),
    entry("mt.fault.not_a_calendar", "那里没有能读的日历", "there is no calendar that can be read"),
    entry("mt.fault.too_large", "日历过大", "it is too large"),
    entry(
        "mt.room.topic",
        "会议 {no} 的房间。未端到端加密，服务器上加密存储。",
        "The room of the meeting {no}. Not encrypted end to end; encrypted where it is stored.",
    ),
    entry(
        "mt.verify.good",
        "OK · {no} · {records} 条记录 · {signers} 个签名密钥",
        "OK · {no} · {records} records · {signers} signing keys",
    ),
    entry(
        "mt.verify.broken",
        "{no} 的记录链在第 {seq} 条断开：{fault}",
        "The chain of {no} is broken at record {seq}: {fault}",
    ),
    entry("mt.share", "{who}：{tier}", "{who}: {tier}"),
    entry(
        "mt.share_default",
        "你的日程，除下列外：同事看到忙闲，其他服务器的人什么也看不到。",
        "Your time, but for these: colleagues see when you are busy, people of other servers nothing.",
    ),
    entry("mt.share_everybody", "其他所有人", "everybody else"),
    entry("mt.tier.titles", "看到忙闲和标题", "see when you are busy, and the titles"),
    entry("mt.tier.busy", "看到忙闲", "see when you are busy"),
    entry("mt.tier.nothing", "什么也看不到", "see nothing"),
    entry("mt.tier.default", "按默认", "as everybody"),
    entry(
        "mt.told.no_link",
        "{no}：给 {who} 的邀请邮件没有会议群的链接：机器人须能在群里邀请他人，服务器须能发邮件。",
        "{no}: the invitation to {who} has no link into the room. The bot has to be able to invite there, and the server to send mail.",
    ),
    entry(
        "mt.told.redacted",
        "已撤回原消息 {event}（{no} 第 {seq} 条记录的依据），记录不变。",
        "The message {event}, on which record {seq} of {no} rests, was redacted; the record stays.",
    ),
    entry("mt.told.private", "请看与我的私聊。", "Please see our direct chat."),
    entry("mt.told.dropped", "好的，已放弃。", "All right, dropped."),
    entry("mt.told.picked", "{no} {title} 定在 {when}。", "{no} {title} takes place {when}."),
    entry(
        "mt.told.asked_again",
        "再次邀请你参加 {no} {title}，请在上面的卡片答复。",
        "You are asked to {no} {title} again; please answer on its card.",
    ),
    entry(
        "mt.told.moved",
        "{no} {title} 改到 {when}，请重新答复。",
        "{no} {title} moved to {when}; please answer anew.",
    ),
    entry("mt.told.cancelled", "{no} {title} 已取消。", "{no} {title} is cancelled."),
    entry(
        "mt.told.cancelled_one",
        "{no} {title} 本次（{when}）取消。",
        "{no} {title}: this one ({when}) is cancelled.",
    ),
    entry(
        "mt.told.cancelled_following",
        "{no} {title} 从 {when} 起取消。",
        "{no} {title} is cancelled from {when} on.",
    ),
    entry("mt.told.removed", "你不用再参加 {no} {title}。", "You are no longer asked to {no} {title}."),
    entry(
        "mt.told.knocked",
        "你不在 {no} 的名单上，已询问组织者。",
        "You are not on the list of {no}; the organiser is asked.",
    ),
    entry("mt.told.turned_away", "组织者没有把你加入 {no}。", "The organiser did not add you to {no}."),
    entry(
        "mt.told.counter_declined",
        "{no}：组织者不采用 {when}。",
        "{no}: the organiser does not take {when}.",
    ),
    entry("mt.told.proposed", "{no}：已把你的建议转给组织者。", "{no}: your proposal is with the organiser."),
    entry(
        "mt.told.missing",
        "{no} {title} 已接受但未到场：{who}",
        "{no} {title}: accepted and not seen: {who}",
    ),
    entry("mt.told.split", "{no} 到此为止，之后是 {new}。", "{no} ends here and goes on as {new}."),
    entry(
        "mt.told.orphaned",
        "{no} {title} 的组织者已离职，无人接手，{day} 取消。",
        "The organiser of {no} {title} has left and nobody takes over; it is cancelled on {day}.",
    ),
    entry(
        "mt.told.yours",
        "{no} {title} 的组织者已离职，由你接手。",
        "The organiser of {no} {title} has left; it is yours now.",
    ),
    entry("mt.told.handed_over", "{no} {title} 由 {who} 接手。", "{who} takes over {no} {title}."),
    entry(
        "mt.ask.stranger",
        "{who} 不在 {no} {title} 的名单上，想参加。✅ 加入 ❌ 不加",
        "{who} is not on the list of {no} {title} and wants to come. ✅ add ❌ do not",
    ),
    entry(
        "mt.ask.counter",
        "{who} 建议 {no} {title} 改到 {when}。✅ 采用 ❌ 不采用",
        "{who} proposes {when} for {no} {title}. ✅ take it ❌ do not",
    ),
    entry("mt.ask.title", "会议叫什么？（回复「取消」结束）", "What is it called? (“cancel” ends this)"),
    entry(
        "mt.ask.people",
        "请谁参加？例如：@lisi @wangwu，没有请回「无」",
        "Who is asked? For example: @lisi @wangwu, or “none”",
    ),
    entry("mt.ask.when", "什么时候？例如：明天 10:00 30m", "When? For example: tomorrow 10:00 30m"),
    entry(
        "mt.ask.scope",
        "指哪几次？\n1. 本次\n2. 以后\n3. 全部",
        "Which ones?\n1. this\n2. following\n3. all",
    ),
    entry("mt.ask.other_time", "改到什么时候？例如：明天 14:00", "To when? For example: tomorrow 14:00"),
    entry("mt.form.title", "标题", "title"),
    entry("mt.form.people", "参会人", "people"),
    entry("mt.form.resource", "会议室", "resource"),
    entry("mt.form.time", "时间", "time"),
    entry("mt.form.state", "会议", "meeting"),
    entry("mt.form.number", "编号", "number"),
    entry("mt.form.counters", "改期建议", "proposals"),
    entry("mt.form.size", "内容", "content"),
    entry("mt.form.source", "日历源", "calendar"),
    entry(
        "mt.form.source_words",
        "要写地址，或地址、用户名和密码",
        "takes an address, or an address, a user and a password",
    ),
    entry("mt.form.passwords", "日历密码", "passwords"),
    entry("mt.form.required", "必须填写", "is required"),
    entry("mt.form.long", "过长", "is too long"),
    entry("mt.form.many", "过多", "is too many"),
    entry("mt.form.backwards", "结束早于开始", "ends before it begins"),
    entry("mt.form.past", "已经过去", "has passed"),
    entry("mt.form.over", "已结束或已取消", "is over or cancelled"),
    entry("mt.form.finding", "还没有选定时间", "has no time yet"),
    entry("mt.form.tier", "可见范围", "level"),
    entry("mt.form.one", "要写一个人或一个服务器", "has to be one person or one server"),
    entry("mt.form.nobody", "找不到此人", "names nobody"),
    entry("mt.form.several", "有多个同名的人", "names several people"),
    entry("mt.form.unknown", "不存在", "is unknown"),
    entry("mt.form.not_asked", "没有被邀请", "is not asked"),
    entry(
        "mt.help",
        "预订会议：标题 @人 明天 10:00 30m；更多：!会议 帮助",
        "books a meeting: title @who tomorrow 10:00 30m; more: !meet help",
    ),
    entry(
        "mt.help_all",
        "!会议 标题 @人 明天 10:00 30m [#会议室] [每周]\n!会议 找时间 @人 60m 本周 [下午] – 投票选时间\n\
         !会议 现在 标题 @人\n!会议 改期 编号 时间 · !会议 取消 编号 [本次|以后|全部]\n!会议 添加|移除 编号 @人\n\
         !会议 今天 · !会议 本周 · !会议 空闲 @人 [日期]\n!会议 纪要|查看|校验 编号\n\
         !会议 日历 [编号|撤销] · !会议 日历账号 [名称|列表|移除 序号] · !会议 共享 [@人|服务器 标题|忙闲|不给|默认]\n\
         !会议 日历源 [添加 地址 [用户名 密码]|移除 序号] – 其他日历，仅私聊",
        "!meet TITLE @who tomorrow 10:00 30m [#room] [weekly]\n!meet find @who 60m this week [afternoon] – a poll of times\n\
         !meet now TITLE @who\n!meet move NO TIME · !meet cancel NO [this|following|all]\n!meet add|remove NO @who\n\
         !meet today · !meet week · !meet free @who [day]\n!meet minutes|show|verify NO\n\
         !meet ics [NO|revoke] · !meet caldav [NAME|list|drop N] · !meet share [@who|server titles|busy|none|default]\n\
         !meet source [add URL [user password]|drop N] – calendars elsewhere, direct chat alone",
    ),
];

#[cfg(test)]
mod tests {
    use super::TEXTS;

    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(TEXTS), Vec::<String>::new());
        for entry in TEXTS {
            assert!(entry.key.starts_with("mt."), "{}", entry.key);
        }
    }

    #[test]
    fn help_is_ten_lines_at_most() {
        let help = TEXTS.iter().find(|text| text.key == "mt.help_all").unwrap();
        assert!(help.zh.lines().count() <= 10 && help.en.lines().count() <= 10);
    }
}
