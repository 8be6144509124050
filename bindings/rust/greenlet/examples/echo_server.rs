// SPDX-License-Identifier: MIT
//! An echo server and its clients in blocking style, on tokio: `cargo run --example echo_server`
//!
//! `std::io` knows nothing of futures. Here its readers and writers wait in the middle of their work, and the thread goes on with others.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;

use greenlet::asynk::{run, wait};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{spawn_local, LocalSet};

const CLIENTS: usize = 100;
const LINES: usize = 10;

/// Waits until the stream can do more.
struct Waiting<'s>(&'s TcpStream);

impl Read for Waiting<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            wait(self.0.readable())?;
            match self.0.try_read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

impl Write for Waiting<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        loop {
            wait(self.0.writable())?;
            match self.0.try_write(from) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(stream: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(Waiting(stream)).lines() {
        Waiting(stream).write_all((line? + "\n").as_bytes())?;
    }
    Ok(())
}

fn ask(address: SocketAddr, client: usize) -> io::Result<()> {
    let stream = wait(TcpStream::connect(address))?;
    let mut answers = BufReader::new(Waiting(&stream));
    for line in 0..LINES {
        let (question, mut answer) = (format!("client {client}, line {line}\n"), String::new());
        Waiting(&stream).write_all(question.as_bytes())?;
        answers.read_line(&mut answer)?;
        assert_eq!(answer, question);
    }
    Ok(())
}

async fn serve_all(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(run(move || serve(&stream)));
    }
}

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = spawn_local(serve_all(listener));
        let clients: Vec<_> = (0..CLIENTS).map(|client| spawn_local(run(move || ask(address, client)))).collect();
        for client in clients {
            client.await??;
        }
        server.abort();
        println!("{CLIENTS} clients, {} lines", CLIENTS * LINES);
        Ok(())
    })
}
