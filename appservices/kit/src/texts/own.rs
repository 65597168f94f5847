//! What the kit itself says: help, languages, messages it cannot read.

use super::{Entry, entry};

/// The kit's texts beside the errors.
pub const OWN: &[Entry] = &[
    entry("direct.clear", "未端到端加密，服务器端加密保存。", "Not end-to-end encrypted; encrypted at rest."),
    entry(
        "direct.encrypted",
        "端到端加密：只有你和机器人能读。",
        "End-to-end encrypted: only you and the bot can read it.",
    ),
    entry("file.gone", "无法下载", "it cannot be downloaded"),
    entry("file.not_taken", "服务器不接受", "the server does not take it"),
    entry("file.too_large", "文件过大", "it is too large"),
    entry(
        "file.unlike",
        "内容与消息中的校验值不符，请重新上传",
        "its contents are not what its message says; please upload it again",
    ),
    entry("file.unsent", "文件 {name} 未能发送：{cause}。", "The file {name} could not be sent: {cause}."),
    entry("help.head", "{bot} 的命令：", "Commands of {bot}:"),
    entry("help.help", "显示命令", "shows the commands"),
    entry(
        "help.lang",
        "选择语言：zh 或 en；管理员为房间选择：房间 zh、en 或 both",
        "chooses the language: zh or en; moderators choose the room's: room zh, en or both",
    ),
    entry("help.more", "还有 {count} 个：!帮助 {page}", "{count} more: !help {page}"),
    entry("lang.set", "好的，我用中文。", "From now on I speak English."),
    entry(
        "lang.room_both",
        "好的，本房间的卡片用中文和英文。",
        "From now on the cards of this room are in Chinese and English.",
    ),
    entry("lang.room_en", "好的，本房间的卡片用英文。", "From now on the cards of this room are in English."),
    entry(
        "lang.room_refused",
        "只有本房间的管理员可以设置房间的语言。",
        "Only moderators of this room choose its language.",
    ),
    entry("lang.room_zh", "好的，本房间的卡片用中文。", "From now on the cards of this room are in Chinese."),
    entry(
        "lang.unknown",
        "可选语言：zh、en；房间还可选 both：!语言 房间 both。",
        "There is zh and en; for a room also both: !lang room both.",
    ),
    entry(
        "message.unread",
        "我没有收到这条消息的密钥，读不了它。请重新发送；如果还不行，请退出登录后再登录。",
        "I did not get the key of this message and cannot read it. Please send it again; if that does not help, sign out and in again.",
    ),
    entry(
        "secret.hidden",
        "有一条保密内容未显示：这个会话未端到端加密。请在会话设置中打开加密，再查看。",
        "Something secret is not shown: this chat is not end-to-end encrypted. Turn encryption on in its settings, then look again.",
    ),
    entry(
        "secret.not_removed",
        "你的消息里可能有密码或私人地址，我无权删除，请自己删除。",
        "Your message may have held a password or a private address. I may not remove it; please do so yourself.",
    ),
    entry(
        "secret.removed",
        "你的消息里可能有密码或私人地址，已删除。",
        "Your message may have held a password or a private address; it was removed.",
    ),
];
