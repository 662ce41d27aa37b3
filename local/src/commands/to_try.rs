//! The addresses of the running stack, and commands to try on it, ready to paste.

use std::process::ExitCode;

use anyhow::Result;

use crate::files::workspace::Workspace;
use crate::state::issuer::Keys;
use crate::state::settings::PusherServer;
use crate::state::token;
use crate::state::{Pusher, State};

/// The end of what `cargo local` prints: short enough to be seen whole.
pub(crate) fn first_lines(url: &str) -> String {
    format!(
        "
Carillon is up, and answers pages of http://localhost on every port
  the page, with tokens and examples   {url}
  the console, for what happens        {url}/console

In another terminal in this folder, `cargo local try` prints what to paste, with tokens. Ctrl-C stops everything."
    )
}

/// `cargo local try`.
pub(crate) fn print(workspace: &Workspace) -> Result<ExitCode> {
    println!("{}", text(workspace, &State::of_running(&workspace.running())?)?);
    Ok(ExitCode::SUCCESS)
}

fn text(workspace: &Workspace, state: &State) -> Result<String> {
    let State { url, aws_endpoint, pusher, issuer, .. } = state;
    let to_try = match issuer.keys {
        Keys::Own | Keys::Secret(_) => with_tokens_of_the_demo(workspace, state)?,
        Keys::Jwks(_) => with_a_token_of_the_app(state),
    };
    let pushes = if state.shows_pushes {
        ", `cargo local pushes` what phones would get, `cargo local mails` the e-mails"
    } else {
        ", `cargo local mails` the e-mails"
    };
    let channels = match pusher.server {
        PusherServer::Sockudo => {
            format!("sockudo, for Pusher    ws://{}:{}, key {}", pusher.host, pusher.port, pusher.key)
        }
        PusherServer::Gateway | PusherServer::Hosted => format!("pusher-js connects by  {}", of_pusher_js(state)),
    };
    Ok(format!(
        "Carillon is up at {url}, and answers pages of http://localhost on every port
  see what happens at    {url}/console
  takes {}
  ministack, for AWS     {aws_endpoint}
  {channels}

{to_try}

In another terminal: `cargo local logs --follow` shows what the functions do, `cargo local status` what is up and owed{pushes},
`cargo local reset` empties everything.",
        issuer.describe(),
    ))
}

/// The client of a page. It wants a cluster, and uses it to find Pusher's own servers alone.
fn of_pusher_js(state: &State) -> String {
    let Pusher { server, key, cluster, host, port, tls, .. } = &state.pusher;
    let of_pusher = *server == PusherServer::Hosted && host.ends_with(".pusher.com");
    let options = match (of_pusher, *server, *tls) {
        (true, ..) => String::new(),
        (_, PusherServer::Hosted, true) => format!(", wsHost: \"{host}\", wssPort: {port}, forceTLS: true"),
        (_, PusherServer::Hosted, false) => format!(", wsHost: \"{host}\", wsPort: {port}, forceTLS: false"),
        _ => format!(", wsHost: \"localhost\", wsPort: {port}, forceTLS: false, enabledTransports: [\"ws\"]"),
    };
    format!("new Pusher(\"{key}\", {{ cluster: \"{cluster}\"{options} }})")
}

fn with_tokens_of_the_demo(workspace: &Workspace, state: &State) -> Result<String> {
    let State { url, demo, .. } = state;
    let (author, reader, book) = (&demo.author_id, &demo.reader_id, &demo.book_title);
    let author_token = token::of_user(state, author)?;
    let reader_token = token::of_user(state, reader)?;
    let hours = token::HOURS;
    let sockets = url.replacen("http", "ws", 1);
    // The ones that are installed with the stack: a name without a path may be a stranger's package.
    let clients = workspace.listen().join("node_modules").display().to_string();
    Ok(format!(
        "Tokens, good for {hours} hours (`cargo local token <userId>` makes others)
  {author}, author of \"{book}\"
  {author_token}
  {reader}, a reader
  {reader_token}

Try it: 1. Authorize {reader}'s own channel.
curl {url}/pusher/auth -H 'authorization: Bearer {reader_token}' -d socket_id=1234.5678 -d channel_name=private-user-{reader}

2. Listen as {reader}, in another terminal.
cargo local listen {reader}

3. Send {reader} kudos from {author}, and see it arrive there.
curl {url}/kudos -H 'authorization: Bearer {author_token}' -H 'content-type: application/json' -d '{{\"receiverId\":\"{reader}\",\"sessionId\":\"session-1\",\"bookTitle\":\"{book}\"}}'

4. Be a hotel's guest in one window, and the staff in another.
{url}/examples/guest-chat
{url}/examples/guest-chat/staff

5. Be a lease's client in one window, and the notary in another; close one, and see the e-mail.
{url}/examples/lease-chat
{url}/examples/lease-chat?as=notary

6. Open a WebSocket as {reader}: subscribe to channels, or write to {author} at {sockets}/ws.
node \"{clients}/wscat/bin/wscat\" -c \"{sockets}/dashboard?userId={reader}&token={reader_token}\"
> {{\"event\": \"subscribe\", \"data\": {{\"channels\": [\"referrals\", \"events\"]}}}}

7. The same with Socket.IO.
node -e \"require('{clients}/socket.io-client').io('{url}/dashboard', {{ query: {{ userId: '{reader}', token: '{reader_token}' }}, transports: ['websocket'] }}).onAny(console.log)\""
    ))
}

fn with_a_token_of_the_app(state: &State) -> String {
    let State { url, .. } = state;
    format!(
        "Try it with a token of your app's; TOKEN stands for it, and USER for the id in it.
curl {url}/pusher/auth -H 'authorization: Bearer TOKEN' -d socket_id=1234.5678 -d channel_name=private-user-USER
CARILLON_TOKEN=TOKEN cargo local listen USER"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_ends_with_a_few_lines_the_addresses_and_where_the_examples_are() {
        let lines = first_lines("http://localhost:3100");
        assert!(lines.lines().count() < 8, "{lines}");
        for named in ["http://localhost:3100\n", "http://localhost:3100/console\n", "`cargo local try`"] {
            assert!(lines.contains(named), "{named} is not in\n{lines}");
        }
        assert!(lines.lines().all(|line| line.len() <= 120), "{lines}");
    }
}
