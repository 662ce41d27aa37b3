//! The measured systems: the floor, Carillon and its peers.

/// A system that does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum System {
    /// A bare `lambda_runtime` that returns its event.
    Floor,
    /// The floor with one request to the table, by AWS's SDK, configured as in Carillon.
    FloorWithSdk,
    /// Carillon's function.
    Carillon,
    /// Carillon's function, with its secrets in Secrets Manager instead of its environment.
    CarillonReading,
    /// Carillon's function from another directory, to compare two builds.
    Variant,
    /// The same work in Rust with every crate's default features and cargo's default release profile.
    NaturalRust,
    /// The same work in Node with the official `pusher`, `jsonwebtoken` and the AWS SDK, bundled by esbuild.
    Node,
    /// A server of Pusher's protocol, in place of Carillon's channels.
    Sockudo,
}

impl System {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "bare echo",
            Self::FloorWithSdk => "echo + SDK request",
            Self::Carillon => "**Carillon**",
            Self::CarillonReading => "Carillon, reading its secrets",
            Self::Variant => "variant",
            Self::NaturalRust => "natural Rust",
            Self::Node => "Node",
            Self::Sockudo => "sockudo",
        }
    }

    /// Whether it does all of the work, so that it must make the same requests as Carillon.
    pub(crate) fn does_the_work(self) -> bool {
        !matches!(self, Self::Floor | Self::FloorWithSdk)
    }
}
