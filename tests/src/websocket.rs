//! A WebSocket as a stranger may use it: text messages out, whatever comes back in.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use serde_json::{Value, json};

use crate::http::connect;

/// Largest message that is read, in bytes.
const MESSAGE_SIZE_MAX: u64 = 128 * 1024 * 1024;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// An open connection.
pub struct WebSocket {
    stream: TcpStream,
    calls: u64,
    /// Notifications that came while an answer was awaited, in order.
    told: Vec<Value>,
}

impl WebSocket {
    /// Connects and upgrades.
    ///
    /// # Errors
    /// If the node does not upgrade.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let mut stream = connect(address)?;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        if !answer.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
        }
        Ok(Self { stream, calls: 0, told: Vec::new() })
    }

    /// The connection below.
    #[must_use]
    pub const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a call and does not wait: its id.
    ///
    /// # Errors
    /// If the connection is gone, or takes nothing.
    pub fn send(&mut self, method: &str, params: &[Value]) -> io::Result<u64> {
        self.calls += 1;
        let call = json!({"jsonrpc": "2.0", "id": self.calls, "method": method, "params": params});
        self.send_frame(TEXT, call.to_string().as_bytes())?;
        Ok(self.calls)
    }

    /// Sends a text message as it is.
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    pub fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.send_frame(TEXT, text.as_bytes())
    }

    /// Calls a method: its answer, whole. Notifications that come first are kept.
    ///
    /// # Errors
    /// If the connection is gone.
    pub fn call(&mut self, method: &str, params: &[Value]) -> io::Result<Value> {
        let id = self.send(method, params)?;
        loop {
            let message = self.receive()?;
            if message["id"] == id {
                return Ok(message);
            }
            self.told.push(message);
        }
    }

    /// Subscribes; the answer must be a subscription.
    ///
    /// # Panics
    /// If it is not.
    pub fn subscribe(&mut self, method: &str, params: &[Value]) {
        let answer = self.call(method, params).expect("an answer");
        assert!(answer.get("result").is_some(), "{method}: {answer}");
    }

    /// The next item of a subscription.
    ///
    /// # Errors
    /// If the connection is gone.
    pub fn item(&mut self) -> io::Result<Value> {
        let mut message = if self.told.is_empty() { self.receive()? } else { self.told.remove(0) };
        Ok(message["params"]["result"].take())
    }

    /// The next message.
    ///
    /// # Errors
    /// If the connection is gone, or closed in order ([`ErrorKind::ConnectionAborted`]).
    pub fn receive(&mut self) -> io::Result<Value> {
        loop {
            let (kind, payload) = self.receive_frame()?;
            match kind {
                TEXT => {
                    return serde_json::from_slice(&payload)
                        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()));
                }
                PING => self.send_frame(PONG, &payload)?,
                PONG => {}
                CLOSE => return Err(ErrorKind::ConnectionAborted.into()),
                other => {
                    return Err(io::Error::new(ErrorKind::InvalidData, format!("a frame of kind {other}")));
                }
            }
        }
    }

    /// Sends one whole frame, masked by zero, as clients must mask.
    fn send_frame(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        const MASKED: u8 = 0x80;
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ 0..=125 => frame.push(MASKED | u8::try_from(length).unwrap_or(0)),
            length @ 126..=65_535 => {
                frame.push(MASKED | 126);
                frame.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
            }
            length => {
                frame.push(MASKED | 127);
                frame.extend_from_slice(&u64::try_from(length).unwrap_or(0).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame)
    }

    /// One frame: kind and payload. The node sends messages whole and unmasked.
    fn receive_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head)?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut wide = [0; 2];
                self.stream.read_exact(&mut wide)?;
                u64::from(u16::from_be_bytes(wide))
            }
            127 => {
                let mut wide = [0; 8];
                self.stream.read_exact(&mut wide)?;
                u64::from_be_bytes(wide)
            }
            short => u64::from(short),
        };
        if length > MESSAGE_SIZE_MAX {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes")));
        }
        let mut payload = vec![0; usize::try_from(length).unwrap_or(0)];
        self.stream.read_exact(&mut payload)?;
        Ok((head[0] & 0x0f, payload))
    }
}
