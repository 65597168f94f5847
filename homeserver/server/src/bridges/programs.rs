//! Programs of the machine that bridges may use.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The program of a setting: a path as it is, a name by `PATH`. None where there is none, or the setting is empty.
pub(super) fn found(setting: &str) -> Option<PathBuf> {
    let is_path = Path::new(setting).components().count() > 1;
    let found = match is_path {
        true => Some(PathBuf::from(setting)).filter(|path| path.is_file()),
        false if setting.is_empty() => return None,
        false => within(setting, env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    };
    if found.is_none() {
        tracing::info!(
            program = setting,
            "no such program; spoken words are not converted between platforms and clients"
        );
    }
    found
}

/// The first file of this name in the folders.
fn within(name: &str, folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_path_and_by_name_and_nothing_is_no_program() {
        let folders = || ["relative", "/nowhere", "/bin"].map(PathBuf::from).into_iter();
        assert_eq!(within("sh", folders()), Some(PathBuf::from("/bin/sh")));
        assert_eq!(within("no-such-program", folders()), None);
        assert_eq!(found("/bin/sh"), Some(PathBuf::from("/bin/sh")));
        assert_eq!((found("/bin/no-such-program"), found("")), (None, None));
    }
}
