//! Section `[url_previews]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "url_previews", validate = validate;
    /// Small pictures of web pages that people link to in unencrypted rooms. The server asks for the pages
    /// itself, by the rules of [outbound], so their owners see that it did.
    pub struct UrlPreviews {
        /// Whether previews are made.
        pub enabled: bool = false,
        /// Domains that are previewed, each with all names below it. Empty allows all.
        pub allowed_domains: Vec<String> = Vec::new(),
        /// Domains that are not previewed, each with all names below it; they win over allowed_domains.
        pub denied_domains: Vec<String> = Vec::new(),
        /// Minutes that a preview is kept.
        pub cache_minutes: u64 = 60,
        /// Days that the image of a preview is kept.
        pub image_days: u64 = 3,
        /// Languages that pages are asked for, as a browser does it.
        pub accept_language: String = "zh-CN,zh;q=0.9,en;q=0.8".to_owned(),
    }
}

fn validate(section: &UrlPreviews, problems: &mut Vec<Problem>) {
    let is_domain = |text: &str| {
        !text.is_empty()
            && !text.contains(['/', ':', ' '])
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let lists = [("allowed_domains", &section.allowed_domains), ("denied_domains", &section.denied_domains)];
    for (key, domains) in lists {
        for wrong in domains.iter().filter(|domain| !is_domain(domain)) {
            let advice = format!("`{wrong}` is no domain; write for example \"example.org\"");
            report(problems, "url_previews", key, advice);
        }
    }
    for (key, value) in [("cache_minutes", section.cache_minutes), ("image_days", section.image_days)] {
        if !(1..=525_600).contains(&value) {
            report(problems, "url_previews", key, "must lie between 1 and 525600");
        }
    }
    if !section.accept_language.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        report(problems, "url_previews", "accept_language", "may hold plain characters only");
    }
}
