//! `cargo local`: starts the stack, prints what to try, and keeps the stack running.

use std::process::ExitCode;

use anyhow::{Result, anyhow};

use crate::cli;
use crate::firebase::Firebase;
use crate::functions;
use crate::issuer::{Issuer, Keys};
use crate::journal::{self, PUSHES};
use crate::prerequisites;
use crate::processes::Processes;
use crate::settings::{Pushes, Settings};
use crate::stack::{Place, Plan, claim_ports};
use crate::state::State;
use crate::token;
use crate::tools::{Clients, Tools};
use crate::variables::Variables;
use crate::workspace::Workspace;

pub(crate) async fn run(workspace: &Workspace, processes: &Processes, options: &cli::Run) -> Result<ExitCode> {
    let place = Place::take(workspace.state(), "cargo local")?;
    // First, because what follows takes minutes.
    let listener = claim_ports(&options.ports)?;
    let python_version = prerequisites::check().await?;
    let variables = Variables::read(options.env_file.as_deref()).await?;
    let (pushes, stand_in) = match Firebase::read(&variables) {
        Some(of_app) => (Pushes::Google(of_app), None),
        None => {
            let (firebase, stand_in) = Firebase::played().await?;
            (Pushes::Shown(firebase), Some(stand_in))
        }
    };
    let settings = Settings { origins: options.origins.clone(), issuer: Issuer::read(&variables)?, pushes };
    let file = journal::begin(&place.logs, PUSHES)?;
    let fcm =
        settings.pushes.firebase().cloned().zip(stand_in).map(|(firebase, stand_in)| stand_in.serve(firebase, file));
    let tools = Tools::install(workspace, processes, &python_version, Clients::ToListen).await?;
    functions::build(workspace, processes, &place.logs).await?;
    let plan = Plan { workspace, processes, tools: &tools, place: &place, ports: options.ports, settings };
    let stack = plan.start(listener).await?;
    println!("{}", what_to_try(&stack.state)?);
    tokio::select! {
        error = stack.serve(true) => Err(error),
        error = played(fcm) => Err(error),
    }
}

/// Plays FCM, where that is asked for; returns why it ended.
async fn played(fcm: Option<impl Future<Output = Result<()>>>) -> anyhow::Error {
    match fcm {
        Some(fcm) => fcm.await.err().unwrap_or_else(|| anyhow!("The stand-in for FCM has ended by itself")),
        None => std::future::pending().await,
    }
}

fn what_to_try(state: &State) -> Result<String> {
    let State { url, aws_endpoint, pusher, issuer, .. } = state;
    let to_try = match issuer.keys {
        Keys::Own | Keys::Secret(_) => with_tokens_of_the_demo(state)?,
        Keys::Jwks(_) => with_a_token_of_the_app(state),
    };
    let pushes = if state.shows_pushes { ", `cargo local pushes` what phones would get" } else { "" };
    Ok(format!(
        "
Carillon is up at {url}, and answers pages of http://localhost on every port
  takes {}
  ministack, for AWS     {aws_endpoint}
  sockudo, for Pusher    ws://{}:{}, key {}

{to_try}

In another terminal: `cargo local logs --follow` shows what the functions do, `cargo local status` what is up and owed{pushes},
`cargo local reset` empties everything.

Ctrl-C stops everything.",
        issuer.describe(),
        pusher.host,
        pusher.port,
        pusher.key,
    ))
}

fn with_tokens_of_the_demo(state: &State) -> Result<String> {
    let State { url, demo, .. } = state;
    let (author, reader, book) = (&demo.author_id, &demo.reader_id, &demo.book_title);
    let author_token = token::of_user(state, author)?;
    let reader_token = token::of_user(state, reader)?;
    let hours = token::HOURS;
    let sockets = url.replacen("http", "ws", 1);
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
npx wscat -c \"{sockets}/dashboard?userId={reader}&token={reader_token}\"
> {{\"event\": \"subscribe\", \"data\": {{\"channels\": [\"referrals\", \"events\"]}}}}

7. The same with Socket.IO (npm install socket.io-client).
node -e \"require('socket.io-client').io('{url}/dashboard', {{ query: {{ userId: '{reader}', token: '{reader_token}' }}, transports: ['websocket'] }}).onAny(console.log)\""
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
