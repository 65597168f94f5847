//! Media: up, down, thumbnails, previews, by the authenticated paths and by the old ones.

use crate::Routes;

pub mod config;
pub mod create;
mod disposition;
pub mod download;
pub mod legacy;
pub mod preview_url;
mod range;
mod serve;
pub mod thumbnail;
pub mod upload;
pub mod upload_async;

pub(crate) use self::{
    disposition::{attachment_or_inline, thumbnail_of},
    serve::unless_stopped,
    thumbnail::wanted,
};

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(config::handler)
        .ruma(create::handler)
        .ruma(download::handler)
        .ruma(download::named)
        .ruma(preview_url::handler)
        .ruma(thumbnail::handler)
        .ruma(upload::handler)
        .ruma_at("/_matrix/media/v1/upload", upload::handler)
        .ruma(upload_async::handler)
        .merge(legacy::routes())
}
