//! Fetching a page and putting its preview together.

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use outbound::{Download, Limits, OutboundError, Request, Url};
use ruma::UserId;
use serde_json::{Map, Value};

use super::{
    charset,
    domains::DomainRules,
    oembed,
    page::{self, Page},
};
use crate::{
    Media, MediaError, PreviewSettings,
    limits::{
        PREVIEW_IMAGE_BYTES_MAX, PREVIEW_JSON_BYTES_MAX, PREVIEW_OEMBED_BYTES_MAX, PREVIEW_PAGE_BYTES_MAX,
        PREVIEW_REDIRECTS_MAX, PREVIEW_TIME_MAX,
    },
    upload::essence,
};

/// What an answer is, by the type that it gives.
enum Kind {
    Page,
    Text,
    Image,
    Other,
}

impl Media {
    /// Fetches a URL and makes the JSON of its preview.
    pub(super) async fn make_preview(
        &self,
        user: &UserId,
        url: &Url,
        settings: &PreviewSettings,
    ) -> Result<String, MediaError> {
        let mut answer = self.fetch(url, "text/html,*/*;q=0.5", PREVIEW_IMAGE_BYTES_MAX, settings).await?;
        let content_type = answer.header(&header::CONTENT_TYPE).map(str::to_owned);
        let mut preview = match kind(content_type.as_deref()) {
            Kind::Page => {
                let html = first_bytes(&mut answer, PREVIEW_PAGE_BYTES_MAX).await?;
                self.of_page(user, &answer.url, html, content_type, settings).await?
            }
            Kind::Text => {
                let bytes = first_bytes(&mut answer, PREVIEW_OEMBED_BYTES_MAX).await?;
                let text = page::tidy(&charset::decode(&bytes, content_type.as_deref()));
                of_text(&answer.url, text)
            }
            Kind::Image => {
                let mut preview = Map::new();
                if let Some(picture) = self.keep_picture(user, answer, settings).await? {
                    picture.describe(&mut preview);
                }
                preview
            }
            Kind::Other => Map::new(),
        };
        let mut json = Value::Object(preview.clone()).to_string();
        if json.len() > PREVIEW_JSON_BYTES_MAX {
            preview.retain(|name, _| matches!(name.as_str(), "og:title" | "og:description" | "og:image"));
            json = Value::Object(preview).to_string();
        }
        Ok(json)
    }

    async fn of_page(
        &self,
        user: &UserId,
        url: &Url,
        html: Bytes,
        content_type: Option<String>,
        settings: &PreviewSettings,
    ) -> Result<Map<String, Value>, MediaError> {
        let read = move || page::read(&charset::decode(&html, content_type.as_deref()));
        let mut page = tokio::task::spawn_blocking(read).await.map_err(|_| MediaError::PreviewFailed)?;
        let says_enough = page.og.contains_key("og:title") && page.og.contains_key("og:image");
        if let Some(oembed) = page.oembed.take().filter(|_| !says_enough)
            && let Ok(oembed) = url.join(&oembed)
            && let Ok(answer) =
                self.fetch(&oembed, "application/json", PREVIEW_OEMBED_BYTES_MAX, settings).await
            && let Ok(answer) = answer.collect().await
        {
            oembed::complete(&mut page, &answer.body);
        }
        let image = ["og:image:secure_url", "og:image:url", "og:image"]
            .iter()
            .find_map(|name| page.og.get(*name).cloned())
            .or_else(|| page.image.take());
        let mut preview = describe(page);
        if let Some(image) = image.and_then(|image| url.join(&image).ok())
            && let Ok(answer) = self.fetch(&image, "image/*", PREVIEW_IMAGE_BYTES_MAX, settings).await
            && let Some(picture) = self.keep_picture(user, answer, settings).await?
        {
            picture.describe(&mut preview);
        }
        Ok(preview)
    }

    /// One request by the rules of previews. Whatever goes wrong is told in one word.
    async fn fetch(
        &self,
        url: &Url,
        accept: &str,
        bytes_max: usize,
        settings: &PreviewSettings,
    ) -> Result<Download, MediaError> {
        let rules = DomainRules::new(settings);
        let request = Request::get(url.as_str())
            .header("accept", accept)
            .header("accept-language", &settings.accept_language)
            .only(move |url| rules.allow(url));
        let limits = Limits { bytes_max, time_max: PREVIEW_TIME_MAX, redirects_max: PREVIEW_REDIRECTS_MAX };
        let answer = self.0.outbound.open(request, limits).await.map_err(|error| failed(url, &error))?;
        if answer.status() == StatusCode::OK { Ok(answer) } else { Err(MediaError::PreviewFailed) }
    }
}

fn failed(url: &Url, error: &OutboundError) -> MediaError {
    tracing::debug!(host = url.host_str(), %error, "a preview could not be fetched");
    MediaError::PreviewFailed
}

fn kind(content_type: Option<&str>) -> Kind {
    match essence(content_type.unwrap_or("text/html")).as_str() {
        "text/html" | "application/xhtml+xml" => Kind::Page,
        "text/plain" => Kind::Text,
        image if image.starts_with("image/") => Kind::Image,
        _ => Kind::Other,
    }
}

/// The beginning of an answer; what comes later is never read.
async fn first_bytes(answer: &mut Download, bytes_max: usize) -> Result<Bytes, MediaError> {
    let mut bytes = BytesMut::new();
    while bytes.len() < bytes_max {
        let chunk = answer.chunk().await.map_err(|error| failed(&answer.url, &error))?;
        let Some(chunk) = chunk else { break };
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(bytes_max);
    Ok(bytes.freeze())
}

/// The answer without image. The page's own words about its image are left out, because the image that
/// clients get is ours.
fn describe(page: Page) -> Map<String, Value> {
    let Page { og, title, description, heading, text, .. } = page;
    let is_about_the_image =
        |name: &str| (name == "og:image" || name.starts_with("og:image:")) && name != "og:image:alt";
    let mut preview: Map<String, Value> = og
        .into_iter()
        .filter(|(name, _)| !is_about_the_image(name))
        .map(|(name, text)| (name, text.into()))
        .collect();
    if let Some(title) = title.or(heading) {
        preview.entry("og:title").or_insert_with(|| title.into());
    }
    if let Some(description) = description.or(Some(text)).filter(|text| !text.is_empty()) {
        preview.entry("og:description").or_insert_with(|| description.into());
    }
    preview
}

fn of_text(url: &Url, text: String) -> Map<String, Value> {
    let mut preview = Map::new();
    if let Some(name) = url.path_segments().and_then(Iterator::last).filter(|name| !name.is_empty()) {
        preview.insert("og:title".to_owned(), name.into());
    }
    if !text.is_empty() {
        preview.insert("og:description".to_owned(), text.into());
    }
    preview
}
