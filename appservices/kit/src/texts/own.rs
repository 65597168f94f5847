//! What the kit itself says: help, languages, messages it cannot read.

use super::Entry;

/// The kit's texts beside the errors.
pub const OWN: &[Entry] = &[
    Entry {
        key: "direct.clear",
        zh: "未端到端加密，服务器端加密保存。",
        en: "Not end-to-end encrypted; encrypted at rest.",
    },
    Entry {
        key: "direct.encrypted",
        zh: "端到端加密：只有你和机器人能读。",
        en: "End-to-end encrypted: only you and the bot can read it.",
    },
    Entry { key: "file.gone", zh: "无法下载", en: "it cannot be downloaded" },
    Entry { key: "file.not_taken", zh: "服务器不接受", en: "the server does not take it" },
    Entry { key: "file.too_large", zh: "文件过大", en: "it is too large" },
    Entry {
        key: "file.unlike",
        zh: "内容与消息中的校验值不符，请重新上传",
        en: "its contents are not what its message says; please upload it again",
    },
    Entry {
        key: "file.unsent",
        zh: "文件 {name} 未能发送：{cause}。",
        en: "The file {name} could not be sent: {cause}.",
    },
    Entry { key: "help.head", zh: "{bot} 的命令：", en: "Commands of {bot}:" },
    Entry { key: "help.help", zh: "显示命令", en: "shows the commands" },
    Entry {
        key: "help.lang",
        zh: "选择语言：zh 或 en；管理员为房间选择：房间 zh、en 或 both",
        en: "chooses the language: zh or en; moderators choose the room's: room zh, en or both",
    },
    Entry { key: "help.more", zh: "还有 {count} 个：!帮助 {page}", en: "{count} more: !help {page}" },
    Entry { key: "lang.set", zh: "好的，我用中文。", en: "From now on I speak English." },
    Entry {
        key: "lang.room_both",
        zh: "好的，本房间的卡片用中文和英文。",
        en: "From now on the cards of this room are in Chinese and English.",
    },
    Entry {
        key: "lang.room_en",
        zh: "好的，本房间的卡片用英文。",
        en: "From now on the cards of this room are in English.",
    },
    Entry {
        key: "lang.room_refused",
        zh: "只有本房间的管理员可以设置房间的语言。",
        en: "Only moderators of this room choose its language.",
    },
    Entry {
        key: "lang.room_zh",
        zh: "好的，本房间的卡片用中文。",
        en: "From now on the cards of this room are in Chinese.",
    },
    Entry {
        key: "lang.unknown",
        zh: "可选语言：zh、en；房间还可选 both：!语言 房间 both。",
        en: "There is zh and en; for a room also both: !lang room both.",
    },
    Entry {
        key: "message.unread",
        zh: "我没有收到这条消息的密钥，读不了它。请重新发送；如果还不行，请退出登录后再登录。",
        en: "I did not get the key of this message and cannot read it. Please send it again; if that does not help, sign out and in again.",
    },
    Entry {
        key: "secret.hidden",
        zh: "有一条保密内容未显示：这个会话未端到端加密。请在会话设置中打开加密，再查看。",
        en: "Something secret is not shown: this chat is not end-to-end encrypted. Turn encryption on in its settings, then look again.",
    },
];
