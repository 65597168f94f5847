//! Section `[registration]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "registration", validate = validate;
    /// Who may make an account. Closed unless one of these opens it; `lianqiao user create` always works.
    pub struct Registration {
        /// Whether anybody may register without any proof. Only for trials and closed networks.
        pub open: bool = false,
        /// Whoever knows this token may register with it (m.login.registration_token).
        pub token: Option<String> = None => "\"a-long-secret\"",
        /// Secret for programs that register accounts, POST /_synapse/admin/v1/register.
        pub shared_secret: Option<String> = None => "\"another-long-secret\"",
        /// Whether guests may look into rooms that allow them.
        pub guests: bool = false,
    }
}

fn validate(section: &Registration, problems: &mut Vec<Problem>) {
    for (key, secret) in [("token", &section.token), ("shared_secret", &section.shared_secret)] {
        if secret.as_ref().is_some_and(String::is_empty) {
            report(problems, "registration", key, "is empty; remove the line or write a long random text");
        }
    }
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    let is_token = |token: &String| token.len() <= 64 && token.bytes().all(is_token_byte);
    if section.token.as_ref().is_some_and(|token| !is_token(token)) {
        report(problems, "registration", "token", "may hold up to 64 of the characters A-Z a-z 0-9 . _ ~ -");
    }
}
