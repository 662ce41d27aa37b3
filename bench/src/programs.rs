//! The files of the built programs.

use std::path::PathBuf;

use crate::system::System;
use crate::work::Work;

/// The directories of the built programs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Carillon's functions and the floor.
    pub(crate) carillon: PathBuf,
    /// Another build of Carillon's functions.
    pub(crate) variant: Option<PathBuf>,
    /// The Rust peer.
    pub(crate) natural: PathBuf,
    /// Node's runtime loop, and the bundles that it runs.
    pub(crate) node: PathBuf,
    pub(crate) sockudo: PathBuf,
}

impl Programs {
    /// The file that is started, or for Node the bundle. The table has its size.
    pub(crate) fn file(&self, system: System, work: &Work) -> PathBuf {
        match system {
            System::Floor => self.carillon.join("bench-echo"),
            System::FloorWithSdk => self.carillon.join("bench-echo-sdk"),
            System::Carillon | System::CarillonReading => self.carillon.join(work.function),
            System::Variant => self.variant.as_ref().unwrap_or(&self.carillon).join(work.function),
            System::NaturalRust => self.natural.join(work.function),
            System::Node => self.node.join(format!("{}.mjs", work.function)),
            System::Sockudo => self.sockudo.clone(),
        }
    }

    /// The command that starts a system.
    pub(crate) fn command_line(&self, system: System, work: &Work) -> Vec<PathBuf> {
        let file = self.file(system, work);
        match system {
            System::Node => vec!["node".into(), self.node.join("runtime.mjs"), file],
            _ => vec![file],
        }
    }
}
