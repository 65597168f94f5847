//! Letters about accounts and their addresses. Their language is not known yet, so they speak both.

use super::{Letter, escaped, html, subject};

/// Lets the owner of an address prove that it is theirs.
#[must_use]
pub fn prove_address(server: &str, link: &str) -> Letter {
    let chinese = format!("请打开下面的链接，确认此邮箱属于您在 {server} 的账号：");
    let english = format!("Open this link to confirm that this address belongs to your account on {server}:");
    with_link(&format!("确认邮箱 Confirm your address ({server})"), &chinese, &english, link)
}

/// Lets the owner of an address set a new password.
#[must_use]
pub fn reset_password(server: &str, link: &str) -> Letter {
    let chinese = format!("有人请求重设您在 {server} 的密码。请打开下面的链接确认：");
    let english = format!("Somebody asked to reset your password on {server}. Open this link to confirm:");
    with_link(&format!("重设密码 Reset your password ({server})"), &chinese, &english, link)
}

/// Lets somebody in for the first time, whose account the organisation made.
#[must_use]
pub fn first_login(server: &str, user: &str, hours: u64, link: &str) -> Letter {
    let chinese = format!(
        "您在 {server} 的账号 {user} 已建好。请打开下面的链接设置密码，链接 {hours} 小时内有效，只能使用一次："
    );
    let english = format!(
        "Your account {user} on {server} is ready. Open this link to set a password; it works once, within {hours} hours:"
    );
    with_link(&format!("首次登录 Your first login ({server})"), &chinese, &english, link)
}

/// Lets the owner of an address, and nobody else, use a link to which they were asked as a guest.
#[must_use]
pub fn visit_code(server: &str, code: &str, minutes: u64) -> Letter {
    const NOBODY: &str = "若非您本人操作，请忽略此邮件；请勿把验证码告诉任何人。 If it was not you, ignore this letter. Tell the \
                          code to nobody.";
    let chinese = format!("您在 {server} 的访客验证码，{minutes} 分钟内有效，请填入打开链接的页面：");
    let english = format!(
        "Your code as a guest on {server}; enter it on the page of your link within {minutes} minutes:"
    );
    Letter {
        subject: subject(&format!("访客验证码 Your code as a guest ({server})")),
        text: format!("{chinese}\n{english}\n\n{code}\n\n{NOBODY}\n"),
        html: html(&[
            format!("{}<br>{}", escaped(&chinese), escaped(&english)),
            format!("<b>{}</b>", escaped(code)),
            NOBODY.to_owned(),
        ]),
        unsubscribe_link: None,
    }
}

/// Tells the owner of an address, and nobody else, that it has an account already.
#[must_use]
pub fn address_in_use(server: &str) -> Letter {
    let chinese =
        format!("有人想用此邮箱在 {server} 登记，但它已属于一个账号。若是您本人，请直接登录或重设密码。");
    let english = format!(
        "Somebody wanted to use this address on {server}, but it belongs to an account already. \
         If it was you, log in or reset your password."
    );
    let paragraphs = [chinese, english];
    Letter {
        subject: subject(&format!("邮箱已登记 Your address is in use ({server})")),
        text: paragraphs.join("\n\n"),
        html: html(&paragraphs.map(|paragraph| escaped(&paragraph))),
        unsubscribe_link: None,
    }
}

fn with_link(title: &str, chinese: &str, english: &str, link: &str) -> Letter {
    const IGNORE: &str = "若非您本人操作，请忽略此邮件。 If it was not you, ignore this letter.";
    let shown = escaped(link);
    Letter {
        subject: subject(title),
        text: format!("{chinese}\n{english}\n\n{link}\n\n{IGNORE}\n"),
        html: html(&[
            format!("{}<br>{}", escaped(chinese), escaped(english)),
            format!("<a href=\"{shown}\">{shown}</a>"),
            IGNORE.to_owned(),
        ]),
        unsubscribe_link: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_and_the_link_are_in_both_forms() {
        for letter in [
            prove_address("a.example", "https://x/?a=1&b=2"),
            reset_password("a.example", "https://x/?a=1&b=2"),
            first_login("a.example", "@li:a.example", 72, "https://x/?a=1&b=2"),
        ] {
            assert!(letter.text.contains("https://x/?a=1&b=2"));
            assert!(letter.html.contains("href=\"https://x/?a=1&amp;b=2\""));
            for text in [&letter.text, &letter.html] {
                assert!(text.contains("链接") && text.contains("Open this link"), "{text}");
            }
        }
        assert!(!address_in_use("<b>").html.contains("<b>"));
        let letter = visit_code("a.example", "0123 4567", 10);
        for text in [&letter.text, &letter.html] {
            assert!(
                text.contains("0123 4567") && text.contains("10 分钟") && text.contains("10 minutes"),
                "{text}"
            );
        }
        assert!(!letter.subject.contains("0123"), "a subject is shown on locked screens");
    }
}
