//! The words for how the lines to platforms and their conversations stand: their state, what is left of their quotas, and what their
//! credentials are worth.

use kit::texts::{Entry, entry};

/// These texts, beside [`crate::TEXTS`].
pub(crate) const TEXTS: &[Entry] = &[
    entry(
        "bridge.told.absent",
        "{conversation} 已不存在，或机器人已不在其中，消息不再转发。",
        "{conversation} is no more, or our robot is not in it any more; nothing is carried.",
    ),
    entry(
        "bridge.status.up",
        "{platform}：正常，已绑定 {bound}，缺口 {gaps}",
        "{platform}: up, {bound} bound, {gaps} gaps",
    ),
    entry(
        "bridge.status.down",
        "{platform}：中断（{reason}），已绑定 {bound}",
        "{platform}: down ({reason}), {bound} bound",
    ),
    entry("bridge.status.queue", "等待：进 {in} · 出 {out}", "Waiting: in {in} · out {out}"),
    entry("bridge.status.amiss", "{platform}：{what}", "{platform}: {what}"),
    entry(
        "bridge.status.quota",
        "{platform}：{what}剩余 {left}/{whole}",
        "{platform}: {left} of {whole} left of {what}",
    ),
    entry(
        "bridge.login.begun",
        "正在检查，结果会私聊发给你。",
        "Trying; what comes of it is said in our direct chat.",
    ),
    entry(
        "bridge.login.waits",
        "另一项检查正在进行，请稍后再试。",
        "Credentials are being tried already; try again later.",
    ),
    entry("bridge.login.done", "{platform} 的检查结果：\n{steps}", "What {platform} says:\n{steps}"),
    entry(
        "bridge.login.secret",
        "凭证不写在聊天里：请在平台上更换它，写入服务器的配置，再用「!登录 平台」检查。",
        "Secrets do not belong into a chat: make a new one on the platform, put it into the server's configuration, and try it by `!login PLATFORM`.",
    ),
    entry(
        "bridge.status.voice",
        "语音：不转换格式（没有 ffmpeg，或它缺少 AMR、Opus 编码器），平台不能播放的语音以文件发送",
        "Voice: not converted (there is no ffmpeg, or none that writes AMR and Opus), so what a platform does not play goes as a file",
    ),
    entry(
        "bridge.status.pictures",
        "HEIC、AVIF 图片：不转换（没有 ffmpeg，或它缺少 HEVC、AV1 解码器），平台不能显示的以文件发送",
        "Pictures in HEIC and AVIF: not converted (there is no ffmpeg, or none that reads HEVC and AV1), so what a platform does not show goes as a file",
    ),
    entry(
        "bridge.status.held",
        "还不能完成的会话房间：{rooms} 个，会定期重试",
        "Rooms for conversations that cannot be finished yet: {rooms}; they are tried again from time to time",
    ),
    entry(
        "bridge.told.held",
        "{conversation}：房间还不能完成（{reason}），会定期重试。",
        "{conversation}: its room cannot be finished yet ({reason}); it is tried again from time to time.",
    ),
    entry("bridge.status.none", "没有接入任何平台。", "No platform is connected."),
    entry(
        "bridge.told.quota_scarce",
        "{platform}：{what}只剩 {left}（共 {whole}）。用完后平台不再收发消息，升级版本可以增加额度。",
        "{platform}: only {left} of {whole} are left of {what}. When they are used up nothing is carried any more; a larger edition has more.",
    ),
    entry(
        "bridge.told.quota_used_up",
        "{platform}：{what}（{whole}）已用完，下一周期或升级版本后恢复。",
        "{platform}: nothing is left of {what} ({whole}). The next period or a larger edition brings more.",
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_the_same_holes_and_no_key_stands_twice() {
        assert_eq!(kit::texts::faults(super::TEXTS), Vec::<String>::new());
    }
}
