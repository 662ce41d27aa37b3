//! Files that only their owner may read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file atomically: a reader sees the old content or the new one.
pub(crate) fn write(path: &Path, content: &str) -> Result<()> {
    let draft = path.with_extension("draft");
    let write = || {
        let _ = fs::remove_file(&draft);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?.write_all(content.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_may_read_it() {
        let path = std::env::temp_dir().join(format!("carillon-{}", std::process::id()));
        write(&path, "first").unwrap();
        write(&path, "second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
    }
}
