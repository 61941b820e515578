//! A node that lies: it hands every request on to an honest one, and changes what that answers.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::Value;

use crate::http;

/// A liar in front of a node, one request at a time; gone when dropped.
pub struct Liar {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// Listens, and answers as the node at `honest` does, but for what `lie` makes of a method's result.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn before(honest: SocketAddr, lie: impl Fn(&str, &mut Value) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                // A client that hung up learns nothing.
                let _hung_up = hand_on(stream, honest, &lie);
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // It looks at the mark when somebody connects.
        let _wake = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn hand_on(mut stream: TcpStream, honest: SocketAddr, lie: &dyn Fn(&str, &mut Value)) -> io::Result<()> {
    let body = body_of(&mut stream)?;
    let request: Value = serde_json::from_slice(&body)?;
    let method = request["method"].as_str().unwrap_or_default();
    let mut answer: Value = serde_json::from_slice(&http::request(honest, "POST", "/", &body)?.body)?;
    if let Some(result) = answer.get_mut("result") {
        lie(method, result);
    }
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat())
}

/// The body of a request that says how long it is.
fn body_of(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no request with a body");
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err(wrong());
        }
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).ok_or_else(wrong)?;
        if let Some(body) = bytes.get(end + 4..end + 4 + length) {
            return Ok(body.to_vec());
        }
    }
}
