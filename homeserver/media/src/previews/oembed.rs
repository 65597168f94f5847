//! What an oEmbed answer adds to a page that says little of itself.

use serde::Deserialize;

use super::page::{Page, tidy};

/// The members that are used; anything else of any type is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    r#type: serde_json::Value,
    title: serde_json::Value,
    provider_name: serde_json::Value,
    thumbnail_url: serde_json::Value,
    url: serde_json::Value,
}

/// Puts in what is missing.
pub(super) fn complete(page: &mut Page, json: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Answer>(json) else { return };
    let text = |value: &serde_json::Value| value.as_str().map(tidy).filter(|text| !text.is_empty());
    let mut fill = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            page.og.entry(name.to_owned()).or_insert(value);
        }
    };
    fill("og:title", text(&answer.title));
    fill("og:site_name", text(&answer.provider_name));
    let is_photo = answer.r#type == "photo";
    fill("og:image", text(&answer.thumbnail_url).or_else(|| text(&answer.url).filter(|_| is_photo)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fills_gaps_and_overrides_nothing() {
        let mut page = Page::default();
        page.og.insert("og:title".to_owned(), "mine".to_owned());
        let json =
            br#"{"type":"photo","title":"theirs","provider_name":"P","url":"http://x/y.png","width":[]}"#;
        complete(&mut page, json);
        assert_eq!(page.og["og:title"], "mine");
        assert_eq!(page.og["og:site_name"], "P");
        assert_eq!(page.og["og:image"], "http://x/y.png");
        for broken in [&b""[..], b"[]", b"null", b"{\"title\":5}"] {
            let before = page.clone();
            complete(&mut page, broken);
            assert_eq!(page, before);
        }
    }
}
