//! The first start without a configuration: writes one that documents itself.

use std::{fs, io, path::Path};

use config::Config;

/// Name of a server whose operator gave none: good for trying out on one machine.
pub(crate) const TRIAL_SERVER_NAME: &str = "localhost";

/// Writes a commented configuration to `path`, which must not exist yet.
pub(crate) fn write_config(path: &Path, server_name: &str, data_directory: &str) -> io::Result<String> {
    let mut config = Config::default();
    config.server.name = server_name.to_owned();
    config.server.data_directory = data_directory.to_owned();
    let text = config::example(&config);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_file_is_valid_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/lianqiao.toml");
        let text = write_config(&path, "example.org", "./here").unwrap();
        assert_eq!(config::load(&text, &[]).unwrap().server.name, "example.org");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(write_config(&path, "other.org", "./there").is_err());
    }
}
