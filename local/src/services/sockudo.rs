//! sockudo: a server for Pusher's protocol, configured with Pusher's limits.

use anyhow::Result;
use http::Uri;
use tokio::process::Command;

use crate::files::private_file;
use crate::install::tools::Tools;
use crate::net::probe;
use crate::process::children::{Processes, Service};
use crate::state::directory::StackDirectory;
use crate::state::pusher_app::{APP_ID, HOST, KEY};

/// The values in its configuration.
pub(crate) struct SockudoSettings<'a> {
    pub(crate) port: u16,
    pub(crate) secret: &'a str,
    pub(crate) webhook: String,
    /// Where it tells what clients say to each other.
    pub(crate) console: String,
}

/// A running sockudo, and the command that starts another like it.
pub(crate) struct Sockudo<'a> {
    pub(crate) service: Service<'a>,
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
}

/// Starts it, and waits until the app is loaded.
pub(crate) async fn start<'a>(
    processes: &'a Processes,
    tools: &Tools,
    settings: &SockudoSettings<'_>,
    directory: &StackDirectory,
) -> Result<Sockudo<'a>> {
    let path = directory.path.join("sockudo.toml");
    private_file::write(&path, &configuration(settings))?;
    let arguments = vec!["--config".to_owned(), path.display().to_string()];
    let command = tools.sockudo.display().to_string();
    let launch = Launch { name: "sockudo", command: &command, arguments: &arguments, port: settings.port };
    let service = launch.start(processes, directory).await?;
    Ok(Sockudo { service, command, arguments })
}

/// How a sockudo is started.
pub(crate) struct Launch<'a> {
    /// Names the log.
    pub(crate) name: &'a str,
    pub(crate) command: &'a str,
    pub(crate) arguments: &'a [String],
    pub(crate) port: u16,
}

impl Launch<'_> {
    /// Starts it, and waits until the app is loaded.
    pub(crate) async fn start<'p>(&self, processes: &'p Processes, directory: &StackDirectory) -> Result<Service<'p>> {
        let mut command = Command::new(self.command);
        // Variables such as PORT or REDIS_URL would override the file.
        command
            .args(self.arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(&directory.path);
        let mut service = processes.start_service(self.name, &mut command, &directory.logs)?;
        // It ignores a configuration that it cannot read. Then this app does not exist.
        let up: Uri = format!("http://{HOST}:{}/up/{APP_ID}", self.port).parse()?;
        service.ready(async || probe::succeeds(&up).await).await?;
        Ok(service)
    }
}

fn configuration(settings: &SockudoSettings) -> String {
    include_str!("../../sockudo.toml")
        .replace("<port>", &settings.port.to_string())
        .replace("<id>", APP_ID)
        .replace("<key>", KEY)
        .replace("<secret>", settings.secret)
        .replace("<webhook>", &settings.webhook)
        .replace("<console>", &settings.console)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    #[test]
    fn the_configuration_names_the_app_and_its_webhook() {
        let text = configuration(&SockudoSettings {
            port: 6001,
            secret: "a-secret",
            webhook: "http://127.0.0.1:3000/pusher/webhook".to_owned(),
            console: "http://127.0.0.1:3000/console/webhook".to_owned(),
        });
        let configuration: Table = text.parse().unwrap();
        assert_eq!(configuration["host"].as_str(), Some("127.0.0.1"));
        assert_eq!(configuration["port"].as_integer(), Some(6001));
        let app = &configuration["app_manager"]["array"]["apps"][0];
        assert_eq!(app["key"].as_str(), Some(KEY));
        assert_eq!(app["secret"].as_str(), Some("a-secret"));
        let webhook = &app["policy"]["webhooks"][0];
        assert_eq!(webhook["url"].as_str(), Some("http://127.0.0.1:3000/pusher/webhook"));
        let console = &app["policy"]["webhooks"][1];
        assert_eq!(console["url"].as_str(), Some("http://127.0.0.1:3000/console/webhook"));
        assert!(app["policy"]["limits"].is_table());
    }
}
