//! The Firebase project that pushes go through, if there is one.

use serde::{Deserialize, Serialize};

use crate::files::variables::Variables;

/// The Firebase settings of the deployed functions and of the tests.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firebase {
    pub(crate) project_id: String,
    pub(crate) client_email: String,
    pub(crate) private_key: String,
    /// Port of a stand-in for Google's servers; `None` for Google itself.
    pub(crate) port: Option<u16>,
    /// The port at which a test tells the stand-in what to answer.
    pub(crate) control_port: Option<u16>,
}

impl Firebase {
    /// The project that the variables name, if they name one.
    pub(crate) fn read(variables: &Variables) -> Option<Self> {
        let [project_id, client_email, private_key] =
            ["FIREBASE_PROJECT_ID", "FIREBASE_CLIENT_EMAIL", "FIREBASE_PRIVATE_KEY"].map(|name| variables.get(name));
        Some(Self {
            project_id: project_id?,
            client_email: client_email.unwrap_or_default(),
            private_key: private_key.unwrap_or_default(),
            port: None,
            control_port: None,
        })
    }

    /// A project that no app has, with its stand-in at these ports: Google's, and the control endpoint.
    pub(crate) fn invented(private_key: String, [port, control_port]: [u16; 2]) -> Self {
        Self {
            project_id: "carillon-local".to_owned(),
            client_email: "carillon@carillon-local.iam.gserviceaccount.com".to_owned(),
            private_key,
            port: Some(port),
            control_port: Some(control_port),
        }
    }

    /// Address of the stand-in; empty for Google itself.
    pub(crate) fn endpoint(&self) -> String {
        self.port.map(|port| format!("http://127.0.0.1:{port}")).unwrap_or_default()
    }
}
