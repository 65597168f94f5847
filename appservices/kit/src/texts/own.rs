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
    Entry { key: "help.head", zh: "{bot} 的命令：", en: "Commands of {bot}:" },
    Entry { key: "help.help", zh: "显示命令", en: "shows the commands" },
    Entry { key: "help.lang", zh: "选择语言：zh 或 en", en: "chooses the language: zh or en" },
    Entry { key: "help.more", zh: "还有 {count} 个：!帮助 {page}", en: "{count} more: !help {page}" },
    Entry { key: "lang.set", zh: "好的，我用中文。", en: "From now on I speak English." },
    Entry { key: "lang.unknown", zh: "可选语言：zh、en。", en: "There is zh and en." },
    Entry {
        key: "message.unread",
        zh: "我没有收到这条消息的密钥，读不了它。请重新发送；如果还不行，请退出登录后再登录。",
        en: "I did not get the key of this message and cannot read it. Please send it again; if that does not help, sign out and in again.",
    },
];
