//! Files up and down.

use reqwest::Method;

use crate::client::{User, text};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// Files.
const FILES: usize = 40;

/// Bytes of a file: a photograph.
const FILE_BYTES: usize = 1 << 20;

/// Uploads of files that all differ, and their downloads.
pub async fn up_and_down(target: &Target, users: &[User]) -> Result<Vec<Measure>, String> {
    let user = &users[0];
    let mut addresses = Vec::with_capacity(FILES);
    let up = measured(target, "upload of 1 MiB", async {
        let mut waits = Vec::with_capacity(FILES);
        for index in 0..FILES {
            let sent = user.upload("/_matrix/media/v3/upload", file(index));
            let (answer, wait) = timed(sent).await?;
            addresses.push(text(&answer, "content_uri")?);
            waits.push(wait);
        }
        Ok(Done { operations: FILES, waits, closed_loop: true })
    })
    .await?;
    let down = measured(target, "download of 1 MiB", async {
        let mut waits = Vec::with_capacity(FILES);
        for address in &addresses {
            let path = address.strip_prefix("mxc://").ok_or(format!("{address} is no address"))?;
            let path = format!("/_matrix/client/v1/media/download/{path}");
            let (bytes, wait) = timed(user.bytes(Method::GET, &path)).await?;
            if bytes.len() != FILE_BYTES {
                return Err(format!("{path} has {} bytes", bytes.len()));
            }
            waits.push(wait);
        }
        Ok(Done { operations: FILES, waits, closed_loop: true })
    })
    .await?;
    Ok(vec![up, down])
}

/// Bytes that no compression and no store of equal files makes cheap.
fn file(index: usize) -> Vec<u8> {
    let mut state = index as u64 + 1;
    let step = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 24) as u8
    };
    (0..FILE_BYTES).map(|_| step(&mut state)).collect()
}
