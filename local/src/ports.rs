//! Checks and finds free ports.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use anyhow::{Context, Result, bail};

use crate::cli::{Detours, Ports};

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

/// Three free ports, for a stack beside another one.
pub(crate) fn free() -> Result<Ports> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All three are held until all are known, so that they differ.
    let (port, ministack, sockudo) = (bind()?, bind()?, bind()?);
    Ok(Ports {
        port: port.local_addr()?.port(),
        ministack_port: ministack.local_addr()?.port(),
        sockudo_port: sockudo.local_addr()?.port(),
        detours: Detours::default(),
    })
}

/// A free port.
pub(crate) fn free_one() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
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
    fn free_ports_differ() {
        let ports = free().unwrap();
        assert_ne!(ports.port, ports.ministack_port);
        assert_ne!(ports.port, ports.sockudo_port);
        assert_ne!(ports.ministack_port, ports.sockudo_port);
    }
}
