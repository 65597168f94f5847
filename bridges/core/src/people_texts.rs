//! Sentences about colleagues, rooms that are made, permissions and letters, in Chinese and English.

use kit::texts::{Entry, entry};

/// These texts, beside [`crate::TEXTS`].
pub(crate) const TEXTS: &[Entry] = &[
    entry(
        "bridge.help.me",
        "[平台 [off]] 我在该平台说的话在这里以本人身份出现；off 取消",
        "[PLATFORM [off]] what you say there appears here as yours; off ends it",
    ),
    entry(
        "bridge.help.create",
        "平台 会话编号 为会话新建房间并绑定",
        "PLATFORM CONVERSATION makes a room for it and binds it",
    ),
    entry(
        "bridge.help.permit",
        "[bind|speak 等级] 本房间谁可绑定、谁的发言转发到平台（- 取消）",
        "[bind|speak POWER] who may bind here, and whose words go to platforms (- asks for nothing)",
    ),
    entry(
        "bridge.me.stranger",
        "只有本服务器的同事可以这样做。",
        "Only colleagues of this server may do this.",
    ),
    entry(
        "bridge.me.code",
        "请用本人的{platform}账号在与机器人同在的任一会话中发送（15 分钟内有效）：绑定 {code}",
        "Within 15 minutes say in any {platform} conversation with our robot, as yourself: bind {code}",
    ),
    entry(
        "bridge.me.suggested",
        "按人员名册中的邮箱，{platform} 上有一位“{name}”：若是本人，请用该账号说出口令。",
        "By the address in the staff list there is “{name}” on {platform}: if that is you, say the code from there.",
    ),
    entry("bridge.me.sent", "口令已发到与我的私聊。", "A code is in our direct chat."),
    entry(
        "bridge.me.done",
        "{account} 在{platform}是 {person}，其在那里说的话从现在起以本人身份出现。取消：!me {key} off",
        "{account} is {person} on {platform}; what they say there appears as theirs from now on. To end it: !me {key} off",
    ),
    entry(
        "bridge.me.refused",
        "没有完成（{platform}）：请在未加密的房间里用自己的设备重新发送命令。",
        "Not done ({platform}): write the command again, from a device of yours and in a room that is not encrypted.",
    ),
    entry(
        "bridge.me.taken",
        "没有完成：该{platform}账号或你的账号已绑定他人。请联系桥接管理员。",
        "Not done: that {platform} account, or yours, is bound to somebody else. Ask an administrator of the bridges.",
    ),
    entry(
        "bridge.me.ended",
        "{platform}：已取消，两边的账号不再是同一人。",
        "{platform}: ended; the two accounts are not one person any more.",
    ),
    entry(
        "bridge.me.gone",
        "{platform}：你在那里的账号已离开企业，两边的账号不再是同一人。",
        "{platform}: your account there left the company; the two accounts are not one person any more.",
    ),
    entry("bridge.me.unknown", "{platform}：未绑定。", "{platform}: nobody knows who you are there."),
    entry(
        "bridge.me.known",
        "{platform}：已知是你，你在那里说的话以平台账号出现。改为本人：!me {key}",
        "{platform}: known; what you say there appears by the platform's account. As yourself: !me {key}",
    ),
    entry(
        "bridge.me.speaks",
        "{platform}：你在那里说的话以本人身份出现。",
        "{platform}: what you say there appears as yours.",
    ),
    entry(
        "bridge.me.recognised",
        "根据人员名册，你在{platform}也有账号。若要让你在那里说的话在这里以本人身份出现，请回复：!me {key}",
        "By the staff list you are on {platform} too. To have what you say there appear here as yours, answer: !me {key}",
    ),
    entry(
        "bridge.create.ordered",
        "正在为 {conversation} 建房间，稍后会邀请你。",
        "A room for {conversation} is being made; you will be invited.",
    ),
    entry(
        "bridge.create.waits",
        "{conversation} 的房间已在建立中，或排队过长，请稍后再试。",
        "A room for {conversation} is being made already, or too many are; try again later.",
    ),
    entry("bridge.made", "此处对应会话：{conversation}", "This is for the conversation {conversation}"),
    entry(
        "bridge.permit.shown",
        "绑定所需等级：{bind}；发言转发所需等级：{speak}（- 表示不另作要求）",
        "Power to bind: {bind}; power to speak on platforms: {speak} (- asks for nothing of its own)",
    ),
    entry(
        "bridge.permit.above",
        "不能设置为高于自己的等级。",
        "You cannot ask for more power than you have.",
    ),
    entry(
        "bridge.told.silent",
        "{who} 的发言不转发到平台：本房间要求更高的等级。",
        "The words of {who} do not go to platforms: this room asks for more power.",
    ),
    entry("bridge.mail.subject", "[{room}] {who} 有重要消息", "[{room}] {who} has an important message"),
    entry(
        "bridge.mail.text",
        "{who} 在「{room}」：\n\n{text}\n\n{platform}连接中断，所以改发邮件。恢复后该消息会送达{platform}，不再另发邮件。",
        "{who} in “{room}”:\n\n{text}\n\nThe line to {platform} is down, so this comes by e-mail. The message arrives on {platform} when it is up again; there is no second letter.",
    ),
    entry("bridge.mail.mark", "（此前已发邮件）", "(sent by e-mail before)"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        let all = [crate::TEXTS, super::TEXTS].concat();
        assert_eq!(kit::texts::faults(&all), Vec::<String>::new());
    }
}
