//! A minimal HTTP/1.1 server: blocking, with one thread per connection, so that it adds as little time as possible
//! between a request and its response.

use std::io::{self, Read, Write};

/// Most bytes of the head of a request.
const MAX_HEAD: usize = 64 * 1024;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The last part of `X-Amz-Target`, such as `PutItem`.
    pub(crate) operation: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The server's end of a connection.
pub(crate) struct Connection<S> {
    stream: S,
    /// Bytes that were read beyond the last request.
    buffer: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// The next request; `None` when the peer has closed the connection.
    pub(crate) fn read(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some(request) = self.parse()? {
                return Ok(Some(request));
            }
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
                Err(error) if is_hang_up(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn parse(&mut self) -> io::Result<Option<Request>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let length = match head.parse(&self.buffer).map_err(|error| invalid(error.to_string()))? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial if self.buffer.len() > MAX_HEAD => return Err(invalid("a head over 64 KB")),
            httparse::Status::Partial => return Ok(None),
        };
        let mut body_length = 0;
        let mut operation = None;
        for header in head.headers.iter() {
            let value = || std::str::from_utf8(header.value).map_err(|_| invalid("a header that is not UTF-8"));
            match header.name.to_ascii_lowercase().as_str() {
                "content-length" => body_length = value()?.trim().parse().map_err(|_| invalid("content-length"))?,
                "transfer-encoding" => return Err(invalid("a request without a content-length")),
                "x-amz-target" => operation = value()?.rsplit('.').next().map(str::to_owned),
                _ => {}
            }
        }
        let end = length + body_length;
        if self.buffer.len() < end {
            return Ok(None);
        }
        let (method, path) = (head.method.unwrap_or_default().to_owned(), head.path.unwrap_or_default().to_owned());
        let body = self.buffer[length..end].to_vec();
        self.buffer.drain(..end);
        Ok(Some(Request { method, path, operation, body }))
    }

    /// Sends a response in one write.
    pub(crate) fn write(&mut self, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
        let mut response = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
        response.extend_from_slice(body);
        self.stream.write_all(&response)?;
        self.stream.flush()
    }
}

/// Whether the peer's process has ended, or the peer has closed the connection without a TLS close message.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe)
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A stream that returns its content piece by piece.
    struct Pieces(VecDeque<Vec<u8>>, Vec<u8>);

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.0.pop_front() else { return Ok(0) };
            into[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn requests_are_read_however_they_are_split() {
        let two = b"POST /a HTTP/1.1\r\nX-Amz-Target: D.PutItem\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n";
        for size in [1, 7, two.len()] {
            let pieces = two.chunks(size).map(<[u8]>::to_vec).collect();
            let mut connection = Connection::new(Pieces(pieces, Vec::new()));
            let first = connection.read().unwrap().unwrap();
            assert_eq!((first.path.as_str(), first.operation.as_deref()), ("/a", Some("PutItem")));
            assert_eq!(first.method, "POST");
            assert_eq!(first.body, b"abc");
            let second = connection.read().unwrap().unwrap();
            assert_eq!((second.path.as_str(), second.body.len()), ("/b", 0));
            assert!(connection.read().unwrap().is_none());
        }
    }

    #[test]
    fn a_response_has_a_content_length() {
        let mut connection = Connection::new(Pieces(VecDeque::new(), Vec::new()));
        connection.write("200 OK", "a: b\r\n", b"{}").unwrap();
        assert_eq!(connection.stream.1, b"HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 2\r\n\r\n{}");
    }
}
