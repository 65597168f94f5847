//! Every sentence of the bridges, in Chinese and English.

use kit::texts::{Entry, entry};

/// The texts of the bridges, beside those of the kit.
pub const TEXTS: &[Entry] = &[
    entry("bridge.help.list", "[平台] 列出会话", "[platform] lists conversations"),
    entry(
        "bridge.help.bind",
        "平台 [会话编号] 把会话绑定到本房间",
        "PLATFORM [CONVERSATION] binds a conversation to this room",
    ),
    entry("bridge.help.unbind", "平台 会话编号 解除绑定", "PLATFORM CONVERSATION takes the binding away"),
    entry("bridge.help.status", "各平台连接状态", "how the lines to the platforms are"),
    entry(
        "bridge.help.login",
        "平台 检查凭证与权限（管理员）",
        "PLATFORM tries the credentials and rights there (administrators)",
    ),
    entry(
        "bridge.help.backfill",
        "平台 会话编号 小时数 补齐消息",
        "PLATFORM CONVERSATION HOURS brings older messages",
    ),
    entry(
        "bridge.help.person",
        "平台 人员编号 @账号 认定为同一人（账号为 - 则取消）",
        "PLATFORM PERSON @ACCOUNT makes them one person (- takes that away)",
    ),
    entry(
        "bridge.platform_unknown",
        "不认识的平台「{text}」。已接入：{known}",
        "There is no platform “{text}”. Connected: {known}",
    ),
    entry("bridge.use", "用法：{use}", "Use: {use}"),
    entry(
        "bridge.denied",
        "没有权限：需要本房间的管理权限。",
        "Not permitted: you need the power to set this room's state.",
    ),
    entry(
        "bridge.denied_administrator",
        "没有权限：需要桥接管理员。",
        "Not permitted: only administrators of the bridges may.",
    ),
    entry("bridge.failed", "没有完成：{reason}", "Not done: {reason}"),
    entry("bridge.list.line", "{conversation} · {id} → {room}", "{conversation} · {id} → {room}"),
    entry(
        "bridge.list.none",
        "没有会话。请先把应用的机器人加入群。",
        "No conversations. Add the app's robot to a group first.",
    ),
    entry("bridge.list.unbound", "未绑定", "not bound"),
    entry("bridge.list.more", "其余 {count} 个未显示", "{count} more are not shown"),
    entry(
        "bridge.code",
        "请在 {platform} 的群里发送（15 分钟内有效）：绑定 {code}",
        "Within 15 minutes say in the {platform} group: bind {code}",
    ),
    entry(
        "bridge.backfill.begun",
        "正在读取历史消息，完成后回复此处。",
        "Reading what was said before; the answer comes here when it is done.",
    ),
    entry(
        "bridge.backfill.waits",
        "该会话正在补齐，或等待补齐的会话过多，请稍后再试。",
        "What was said there is being read already, or too many wait; try again later.",
    ),
    entry("bridge.backfilled", "补齐 {count} 条。", "{count} brought."),
    entry("bridge.person.bound", "{person} 是 {account}。", "{person} is {account}."),
    entry("bridge.person.unbound", "{person} 不再绑定账号。", "{person} is bound to no account any more."),
    entry(
        "bridge.told.bound",
        "{conversation} 已由 {who} 绑定到本房间，消息双向转发。",
        "{conversation} is bound to this room by {who}; messages go both ways.",
    ),
    entry(
        "bridge.told.unbound",
        "{conversation} 已由 {who} 解除绑定。",
        "{who} took away the binding of {conversation}.",
    ),
    entry(
        "bridge.told.down",
        "{platform} 连接中断，恢复后会自动补齐。",
        "The line to {platform} is down; what is missed comes when it is up again.",
    ),
    entry(
        "bridge.told.down_unheard",
        "{platform} 连接中断。本房间的消息恢复后送达；平台不提供历史消息，对方此间的消息可能缺失。",
        "The line to {platform} is down. What is said here goes there when it is up again; the platform gives apps no history, so what is said there meanwhile may be missing.",
    ),
    entry(
        "bridge.told.unreached",
        "{platform} 暂时无法接收消息，恢复后自动补发。",
        "{platform} takes no messages at present; what is said here goes there when it does again.",
    ),
    entry(
        "bridge.told.up",
        "{platform} 连接已恢复（中断约 {minutes} 分钟）。",
        "The line to {platform} is up again (it was down for about {minutes} minutes).",
    ),
    entry(
        "bridge.told.gap",
        "{conversation}：断线期间的消息可能不全。",
        "{conversation}: messages from the time of the outage may be missing.",
    ),
    entry(
        "bridge.told.undelivered",
        "未送达 {conversation}：{reason}。",
        "Not delivered to {conversation}: {reason}.",
    ),
    entry(
        "bridge.told.silenced",
        "尚未送达 {conversation}：{reason}；之后会自动送达。",
        "Not yet delivered to {conversation}: {reason}; what waits goes there then.",
    ),
    entry(
        "bridge.told.withheld",
        "{conversation} 有消息无法显示：平台每月推送给应用的额度已用完，只通知有人发言而不给内容。额度恢复前请到平台上查看。",
        "What is said in {conversation} cannot be shown: what the platform tells apps in a month is used up, and it keeps the words to itself. Until there is more of it they stand there alone.",
    ),
    entry("bridge.link.till", "（{days} 天内可打开）", " (opens for {days} days)"),
    entry(
        "bridge.told.no_address",
        "{conversation} 看不到文件“{name}”：该平台不接受这样的文件，而服务器没有设置可供下载的公开地址。请管理员设置 server.public_base_url 或 bridges.public_url。",
        "{conversation} does not see the file “{name}”: the platform takes no such file, and the server has no public address for a link to it. An administrator sets server.public_base_url or bridges.public_url.",
    ),
    entry("bridge.link.unknown", "没有这个文件。", "There is no such file."),
    entry(
        "bridge.link.over",
        "链接已过期：有效期为 {days} 天。请向发送者索取文件。",
        "This link is over: it was good for {days} days. Ask whoever sent the file for it.",
    ),
    entry(
        "bridge.link.gone",
        "文件已被删除，或带有它的消息已被撤回。",
        "The file was taken away, or the message with it was taken back.",
    ),
    entry(
        "bridge.link.busy",
        "暂时无法取得文件，请半分钟后重试。",
        "The file cannot be had at present; try again in half a minute.",
    ),
    entry(
        "bridge.told.more",
        "{conversation} 中断太久，等待的消息已满，之后的部分消息无法补发，请查看本房间。",
        "{conversation} was away for so long that not all of what was said could wait for it, and the rest cannot be read any more: what is missing there stands in its room.",
    ),
    entry(
        "bridge.told.limits",
        "{platform} 不转发的内容：\n{lines}",
        "What is not carried with {platform}:\n{lines}",
    ),
    entry("bridge.limit.in", "· {ability}（进入房间）：{why}", "· {ability} (into the room): {why}"),
    entry("bridge.limit.out", "· {ability}（发往平台）：{why}", "· {ability} (to the platform): {why}"),
    entry(
        "bridge.limit.in_part",
        "· {ability}（进入房间，仅部分）：{why}",
        "· {ability} (into the room), in part: {why}",
    ),
    entry(
        "bridge.limit.out_part",
        "· {ability}（发往平台，仅部分）：{why}",
        "· {ability} (to the platform), in part: {why}",
    ),
    entry("bridge.limit.both", "· {ability}：{why}", "· {ability}: {why}"),
    entry(
        "bridge.told.lost_in",
        "{conversation} 有一条消息无法显示（{trace}）。",
        "A message of {conversation} cannot be shown ({trace}).",
    ),
    entry(
        "bridge.told.senseless",
        "平台对此消息的应答无法识别，已放弃重试：{conversation} 可能没有收到。",
        "What the platform answers to this makes no sense, and it is not tried any more: {conversation} may not have it.",
    ),
    entry(
        "bridge.told.forbidden",
        "{conversation} 的消息进不了本房间：本房间不允许其成员发言。调整权限后，新消息会正常显示。",
        "What is said in {conversation} does not come into this room: the room lets its people say nothing. New messages come once that is changed.",
    ),
    entry(
        "bridge.told.parted",
        "{conversation}：机器人已被 {who} 移出房间 {room}，绑定已解除。",
        "{conversation}: {who} removed the bot from the room {room}; it is bound no more.",
    ),
    entry(
        "bridge.told.parted_there",
        "本会话与 Matrix 房间的互通已停止：机器人已被移出该房间。",
        "Nothing goes between this conversation and its Matrix room any more: the bridge was removed from the room.",
    ),
    entry(
        "bridge.told.moved",
        "{conversation} 已随房间升级绑定到本房间。",
        "{conversation} is bound to this room now, which took the place of the former one.",
    ),
    entry(
        "bridge.told.recalled",
        "{conversation} 中的一条消息被撤回。",
        "A message was taken back in {conversation}.",
    ),
    entry(
        "bridge.told.renamed",
        "{conversation} 改名为「{name}」。",
        "{conversation} is called “{name}” now.",
    ),
    entry(
        "bridge.told.described",
        "{conversation} 的群描述改为：{words}",
        "What {conversation} is for is described by other words now: {words}",
    ),
    entry(
        "bridge.told.undescribed",
        "{conversation} 的群描述已清空。",
        "No words describe any more what {conversation} is for.",
    ),
    entry(
        "bridge.told.dissolved",
        "{conversation} 已解散，绑定已解除。",
        "{conversation} was dissolved; it is bound no more.",
    ),
    entry("bridge.told.added", "机器人已加入 {conversation}。", "Our robot is in {conversation}."),
    entry(
        "bridge.told.removed",
        "机器人已被移出 {conversation}，消息不再转发。",
        "Our robot was removed from {conversation}; nothing is carried any more.",
    ),
    entry("bridge.poll.begun", "投票：{question}\n{answers}", "Poll: {question}\n{answers}"),
    entry("bridge.poll.voted", "投票给：{answers}", "votes for: {answers}"),
    entry("bridge.poll.unvoted", "撤回了投票", "takes the vote back"),
    entry("bridge.poll.ended", "投票结束：{question}\n{answers}", "The poll is over: {question}\n{answers}"),
    entry(
        "bridge.told.encrypted",
        "本房间已启用加密，{conversation} 的绑定已解除。",
        "This room is encrypted now; {conversation} is bound no more.",
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(super::TEXTS), Vec::<String>::new());
    }
}
