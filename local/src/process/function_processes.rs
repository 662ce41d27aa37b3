//! The processes that run functions, which can be killed. ministack keeps them as children between invocations.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

/// Fails where the processes cannot be found.
pub(crate) fn ensure_visible() -> Result<()> {
    if Path::new("/proc/self/environ").exists() {
        return Ok(());
    }
    bail!("This needs Linux: the functions' processes are found in /proc")
}

/// A running process of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionProcess {
    pub(crate) pid: i32,
    /// The deployed function's name.
    pub(crate) function: String,
}

/// All of them.
pub(crate) fn of(ministack: i32) -> Vec<FunctionProcess> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut found: Vec<_> = pids
        .filter(|&pid| is_child(pid, ministack))
        .filter_map(|pid| Some(FunctionProcess { pid, function: function_of(pid)? }))
        .collect();
    found.sort_unstable_by_key(|process| process.pid);
    found
}

fn is_child(pid: i32, parent: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    parent_in(&status) == Some(parent)
}

fn parent_in(status: &str) -> Option<i32> {
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn function_of(pid: i32) -> Option<String> {
    function_in(&fs::read(format!("/proc/{pid}/environ")).unwrap_or_default())
}

fn function_in(environment: &[u8]) -> Option<String> {
    let mut variables = environment.split(|&byte| byte == 0);
    let name = variables.find_map(|variable| variable.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME="))?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_in_the_status() {
        assert_eq!(parent_in("Name:\tbootstrap\nPid:\t12\nPPid:\t7\n"), Some(7));
        assert_eq!(parent_in(""), None);
    }

    #[test]
    fn the_functions_name_is_in_the_environment() {
        assert_eq!(function_in(b"A=1\0AWS_LAMBDA_FUNCTION_NAME=kudos\0B=2\0").as_deref(), Some("kudos"));
        assert_eq!(function_in(b"A=1\0NOT_AWS_LAMBDA_FUNCTION_NAME=kudos"), None);
    }
}
