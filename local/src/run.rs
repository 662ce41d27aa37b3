//! `cargo local`: starts the stack, prints what to try, and keeps the stack running.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Ports;
use crate::firebase::Firebase;
use crate::functions;
use crate::prerequisites;
use crate::processes::Processes;
use crate::stack::{Place, Stack, claim_ports};
use crate::state::State;
use crate::token;
use crate::tools::{Clients, Tools};
use crate::workspace::Workspace;

pub(crate) async fn run(workspace: &Workspace, processes: &Processes, ports: &Ports) -> Result<ExitCode> {
    let place = Place::take(workspace.state(), "cargo local")?;
    // First, because what follows takes minutes.
    let listener = claim_ports(ports)?;
    let python_version = prerequisites::check().await?;
    let tools = Tools::install(workspace, processes, &python_version, Clients::ToListen).await?;
    functions::build(workspace, processes, &place.logs).await?;
    let stack = Stack::start(workspace, processes, &tools, &place, ports, listener, Firebase::from_env()).await?;
    println!("{}", what_to_try(&stack.state)?);
    Err(stack.serve(true).await)
}

fn what_to_try(state: &State) -> Result<String> {
    let State { url, aws_endpoint, pusher, demo, .. } = state;
    let (author, reader, book) = (&demo.author_id, &demo.reader_id, &demo.book_title);
    let author_token = token::of_user(state, author)?;
    let reader_token = token::of_user(state, reader)?;
    let hours = token::HOURS;
    Ok(format!(
        "
Carillon is up at {url}
  ministack, for AWS     {aws_endpoint}
  sockudo, for Pusher    ws://{}:{}, key {}

Tokens, good for {hours} hours (`cargo local token <userId>` makes others)
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

Ctrl-C stops everything.",
        pusher.host, pusher.port, pusher.key,
    ))
}
