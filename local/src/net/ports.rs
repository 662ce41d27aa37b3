//! The ports of a stack: which they are, and which are free.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use clap::Args;

/// The ports on 127.0.0.1 that the stack listens on.
#[derive(Args, Clone, Copy)]
pub(crate) struct Ports {
    /// Port of the front door, the one address that clients use
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Port of ministack, which stands in for AWS
    #[arg(long, default_value_t = 4566)]
    pub(crate) ministack_port: u16,
    /// Port of sockudo, which stands in for Pusher with --pusher sockudo
    #[arg(long, default_value_t = 6001)]
    pub(crate) sockudo_port: u16,
    #[arg(skip)]
    pub(crate) detours: Detours,
}

/// Ports at which the functions find the services, where these are not the services' own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Detours {
    pub(crate) ministack: Option<u16>,
    pub(crate) sockudo: Option<u16>,
}

impl Ports {
    /// Where the functions find AWS.
    pub(crate) fn aws_of_functions(&self) -> u16 {
        self.detours.ministack.unwrap_or(self.ministack_port)
    }

    /// Where the functions find Pusher.
    pub(crate) fn pusher_of_functions(&self) -> u16 {
        self.detours.sockudo.unwrap_or(self.sockudo_port)
    }
}

/// Checks that all ports are free, sockudo's only for a stack with one; holds the front door's port from then on.
pub(crate) fn claim_all(ports: &Ports, has_sockudo: bool) -> Result<TcpListener> {
    let all =
        [("--port", ports.port), ("--ministack-port", ports.ministack_port), ("--sockudo-port", ports.sockudo_port)];
    let all = if has_sockudo { &all[..] } else { &all[..2] };
    for (index, (flag, port)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..index].iter().find(|(_, earlier)| earlier == port) {
            bail!("{other} and {flag} are both {port}; give each a port of its own.");
        }
    }
    let front_door = claim(ports.port, "--port")?;
    for (flag, port) in &all[1..] {
        claim(*port, flag)?;
    }
    Ok(front_door)
}

/// Listens on the port, or says which flag chooses another.
pub(crate) fn claim(port: u16, flag: &str) -> Result<TcpListener> {
    // Some systems allow binding a port of 127.0.0.1 while another program listens on it on all addresses.
    let taken = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) if !taken => Ok(listener),
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
            Err(error).with_context(|| format!("Port {port} cannot be used; choose another with {flag} <port>"))
        }
        _ => bail!(
            "Port {port} is in use by another program; stop that program or choose another port with {flag} <port>."
        ),
    }
}

/// Below the ports from which systems take those of outgoing connections (Linux from 32768, others from 49152), so that a
/// port that is free now is not taken by the next connection of any program.
const FREE: Range<u16> = 20_000..30_000;

/// Three free ports, for a stack beside another one.
pub(crate) fn free() -> Result<Ports> {
    // All three are held until all are known, so that they differ.
    let (port, ministack, sockudo) = (any()?, any()?, any()?);
    Ok(Ports {
        port: port.local_addr()?.port(),
        ministack_port: ministack.local_addr()?.port(),
        sockudo_port: sockudo.local_addr()?.port(),
        detours: Detours::default(),
    })
}

/// A free port.
pub(crate) fn free_one() -> Result<u16> {
    Ok(any()?.local_addr()?.port())
}

/// Listens on a free port, chosen at random, so that two stacks that start at once choose different ones.
fn any() -> Result<TcpListener> {
    let first = usize::from(rand::random_range(FREE));
    let ports = FREE.cycle().skip(first - usize::from(FREE.start)).take(FREE.len());
    let mut free = ports.filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    free.next().with_context(|| format!("No port from {} to {} is free", FREE.start, FREE.end - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_port_is_named_with_its_flag() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let message = claim(port, "--sockudo-port").unwrap_err().to_string();
        assert!(message.contains(&format!("Port {port} is in use")), "{message}");
        assert!(message.contains("--sockudo-port"), "{message}");
        drop(other);
        assert!(claim(port, "--sockudo-port").is_ok());
    }

    #[test]
    fn two_parts_with_one_port_are_named_with_their_flags() {
        let ports = free().unwrap();
        for (ports, flags) in [
            (Ports { ministack_port: ports.port, ..ports }, "--port and --ministack-port are both"),
            (Ports { sockudo_port: ports.port, ..ports }, "--port and --sockudo-port are both"),
            (Ports { sockudo_port: ports.ministack_port, ..ports }, "--ministack-port and --sockudo-port are both"),
        ] {
            let message = claim_all(&ports, true).unwrap_err().to_string();
            assert!(message.starts_with(flags), "{message}");
        }
    }

    #[test]
    fn a_stack_without_sockudo_needs_no_port_for_it() {
        let (ports, other) = (free().unwrap(), any().unwrap());
        let ports = Ports { sockudo_port: other.local_addr().unwrap().port(), ..ports };
        assert!(claim_all(&ports, false).is_ok());
        let message = claim_all(&ports, true).unwrap_err().to_string();
        assert!(message.contains("--sockudo-port"), "{message}");
    }

    #[test]
    fn free_ports_differ() {
        let ports = free().unwrap();
        assert_ne!(ports.port, ports.ministack_port);
        assert_ne!(ports.port, ports.sockudo_port);
        assert_ne!(ports.ministack_port, ports.sockudo_port);
    }
}
