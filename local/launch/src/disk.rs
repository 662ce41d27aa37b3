//! Room on the disk.

use std::path::Path;
use std::process::Command;

/// The size of a first start: 2.0 GB of builds and 0.2 GB of tools.
pub(crate) const NEEDED_GIGABYTES: u64 = 2;

const KILOBYTES: u64 = 1 << 20;

/// The room that is left for this directory, as `df` tells it; `None` where there is no such command.
pub(crate) fn free_gigabytes(directory: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(directory).output().ok()?;
    free(&String::from_utf8(output.stdout).ok()?)
}

/// Parses the fourth column of `df -P`, in kilobytes.
fn free(table: &str) -> Option<u64> {
    let available = table.lines().nth(1)?.split_whitespace().nth(3)?;
    Some(available.parse::<u64>().ok()? / KILOBYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_column_is_what_is_left() {
        let table =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263112772 41943040 53477376 44% /\n";
        assert_eq!(free(table), Some(51));
        assert_eq!(free("df: nothing\n"), None);
    }
}
