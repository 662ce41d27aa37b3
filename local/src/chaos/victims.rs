//! The processes that run functions. ministack keeps them as children between invocations.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

/// Fails where the processes cannot be found.
pub(super) fn can_be_found() -> Result<()> {
    if Path::new("/proc/self/environ").exists() {
        return Ok(());
    }
    bail!("`cargo local chaos` needs Linux: it finds the functions' processes in /proc.")
}

/// The ids of all of them.
pub(super) fn of(ministack: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&pid| is_child(pid, ministack) && runs_a_function(pid))
        .collect();
    found.sort_unstable();
    found
}

fn is_child(pid: i32, parent: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    parent_in(&status) == Some(parent)
}

fn parent_in(status: &str) -> Option<i32> {
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn runs_a_function(pid: i32) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(b"AWS_LAMBDA_FUNCTION_NAME="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_in_the_status() {
        assert_eq!(parent_in("Name:\tbootstrap\nPid:\t12\nPPid:\t7\n"), Some(7));
        assert_eq!(parent_in(""), None);
    }
}
