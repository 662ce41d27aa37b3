//! An unpacked release: the packaged template and each function's zip, as `.ci/release` makes them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The folder of a release that this machine can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    folder: PathBuf,
}

impl Release {
    /// Checks that the folder is a release, and one for this machine's processor. The deployment checks the sums of its files.
    ///
    /// # Errors
    /// In one sentence, which folder to name.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let template = folder.join("template.yaml");
        let text = fs::read_to_string(&template).with_context(|| {
            format!(
                "{} cannot be read: name the unpacked folder of a release, such as carillon-1.2.3-x86_64",
                template.display()
            )
        })?;
        let ours = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        match architecture_of(&text) {
            Some(theirs) if theirs == ours => Ok(Self { folder: fs::canonicalize(folder)? }),
            Some(theirs) => {
                bail!("{} is for {theirs}, and this machine is {ours}: take the release for {ours}", folder.display())
            }
            None => bail!(
                "{} is a template whose functions are still to be built: name the unpacked folder of a release, or leave out --release-dir",
                template.display()
            ),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The template of this release, which may be another than that of the clone.
    pub(crate) fn template(&self) -> PathBuf {
        self.folder.join("template.yaml")
    }
}

/// The only architecture that a packaged template allows.
fn architecture_of(template: &str) -> Option<&str> {
    let (_, parameter) = template.split_once("\n  Architecture:\n")?;
    let (_, allowed) = parameter.split_once("    AllowedValues: [")?;
    let (only, _) = allowed.split_once(']')?;
    (!only.contains(',')).then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETER: &str = "Parameters:\n  Architecture:\n    Type: String\n    Default: x86_64\n    AllowedValues: ";

    #[test]
    fn a_release_is_for_one_architecture() {
        assert_eq!(architecture_of(&format!("{PARAMETER}[arm64]\n")), Some("arm64"));
        assert_eq!(architecture_of(&format!("{PARAMETER}[arm64, x86_64]\n")), None, "the template of a clone");
        assert_eq!(architecture_of("Resources:\n"), None);
    }

    #[test]
    fn a_folder_without_a_release_is_refused_with_what_to_name() {
        let refused = |folder: &Path| format!("{:#}", Release::open(folder).unwrap_err());
        assert!(refused(Path::new("/nowhere")).contains("name the unpacked folder of a release"));
        let clone = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(refused(clone).contains("leave out --release-dir"));
    }
}
