//! Media: content stored by digest, uploads, thumbnails and URL previews.
