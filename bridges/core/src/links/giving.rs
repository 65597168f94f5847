//! The making of links: the address of a file, the same for every try to send its message.

use percent_encoding::utf8_percent_encode;
use ruma::MxcUri;
use store::{Batch, StoreError};

use super::{
    ENCODED,
    seal::{Sealed, ends_at},
};
use crate::{
    Bridges,
    limits::LINKS_ALIKE_MAX,
    tables::{LINKS, LinkRow},
};

/// Where links to files begin, below the public address.
const PATH: &str = "/_lianqiao/bridge/file";

impl Bridges {
    /// An address at which the file of a message can be had until [`LINK_DAYS`] days after it was received, at `received_ms` in
    /// milliseconds since the Unix epoch, while the message stands; whole days for which it waited do not count. So every try within
    /// a day has the same address, and one row. None where nobody said at which address people reach us, or where it is no file's.
    ///
    /// [`LINK_DAYS`]: crate::limits::LINK_DAYS
    ///
    /// # Errors
    /// When the store refuses to keep for which message it stands: without that it could not be cut.
    pub(crate) async fn link_to(
        &self,
        mxc: &str,
        name: &str,
        message: &LinkRow,
        received_ms: u64,
    ) -> Result<Option<String>, StoreError> {
        let base = self.0.settings.public_url.as_deref();
        let (Some(base), Ok((server, id))) = (base, <&MxcUri>::from(mxc).parts()) else { return Ok(None) };
        let ends_ms = ends_at(received_ms, self.0.clock.now_ms());
        let first = Sealed { until_ms: ends_ms, server: server.as_str(), id, name };
        let Some((until_ms, seal)) = self.kept_for(first, message).await? else { return Ok(None) };
        let until_ms = until_ms.to_string();
        let parts = [until_ms.as_str(), &seal, server.as_str(), id, name];
        let base = base.trim_end_matches('/');
        Ok(Some(parts.iter().fold(format!("{base}{PATH}"), |mut address, part| {
            address.push('/');
            address.extend(utf8_percent_encode(part, ENCODED));
            address
        })))
    }

    /// The end and the seal of a message's link, which is kept for it from now on. Where another message holds the same file and came
    /// in the same moment, its link ends a millisecond later: none is cut with another message than its own.
    async fn kept_for(
        &self,
        mut sealed: Sealed<'_>,
        message: &LinkRow,
    ) -> Result<Option<(u64, String)>, StoreError> {
        for _ in 0..LINKS_ALIKE_MAX {
            let Some(seal) = self.0.link_key.seal(&sealed) else { return Ok(None) };
            let of = (sealed.until_ms, &*seal);
            match self.0.store.get(&LINKS, &of).await? {
                Some(kept) if kept != *message => sealed.until_ms = sealed.until_ms.saturating_add(1),
                Some(_) => return Ok(Some((sealed.until_ms, seal))),
                None => {
                    let mut batch = Batch::new();
                    batch.expect_absent(&LINKS, &of).put(&LINKS, &of, message);
                    self.0.store.commit(batch).await?;
                    return Ok(Some((sealed.until_ms, seal)));
                }
            }
        }
        Ok(None)
    }
}
